"""Reports to the staff, the queue they are worked off from, and the record of what the staff decided."""
