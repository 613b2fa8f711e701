"""Follows, blocks, mutes, and the one rule that says who may see what."""
