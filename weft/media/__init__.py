"""Pictures, video and sound that people attach: stored as our own re-encoding, with their alt text."""
