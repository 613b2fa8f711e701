"""Turning uploads into files that may be served: decoding and encoding in processes that can touch nothing else.

`pool.MediaPool` is the way in, `results` holds what comes out. Nothing in here knows accounts, posts or tables.
"""
