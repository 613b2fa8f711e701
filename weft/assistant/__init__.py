"""The assistant: finds, quotes and sums up what the community wrote, and generates only what the model was shown to
be able to. It reads nothing that its readers may not see, and posts nothing by itself."""
