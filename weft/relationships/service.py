"""The door of the relationships: what other slices and the edges may call."""

from weft.relationships.queries import followers_among, load_bounds, load_facts, load_following

__all__ = ["followers_among", "load_bounds", "load_facts", "load_following"]
