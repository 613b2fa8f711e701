"""The hub: open models that the operator publishes, and that people anywhere ask for and download."""
