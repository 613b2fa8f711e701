"""What people read: timelines, filters, live streams. All of it is derived; nothing is stored per reader."""
