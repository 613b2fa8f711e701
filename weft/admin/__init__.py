"""The staff's edge: where the words of moderation and of the assistant are put together, and shown to the staff."""
