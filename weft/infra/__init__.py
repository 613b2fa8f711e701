"""I/O without product words: the database, the outbox, signals, blobs, requests in and out, logs and numbers."""
