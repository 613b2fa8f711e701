"""Finding accounts, tags and posts. The index is derived: it may be thrown away and built again."""
