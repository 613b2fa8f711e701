"""Notes: one line of at most 60 characters that an account shows for a day. See ``docs/notes.md``."""
