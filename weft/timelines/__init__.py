"""What people read: home, public, tag and list timelines, filters, live streams. Derived; nothing is stored per reader."""
