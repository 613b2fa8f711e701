"""What other slices and the edges may do with posts."""

from weft.posts.create import Created, Prepared, audience_of, create_post, prepare
from weft.posts.queries import load_counts, load_marks, load_polls, load_posts, load_thread, load_versions, load_votes
from weft.posts.reactions import like_post, repost, set_bookmark, set_pin, set_thread_mute, unlike_post, unrepost

__all__ = [
    "Created",
    "Prepared",
    "audience_of",
    "create_post",
    "like_post",
    "load_counts",
    "load_marks",
    "load_polls",
    "load_posts",
    "load_thread",
    "load_versions",
    "load_votes",
    "prepare",
    "repost",
    "set_bookmark",
    "set_pin",
    "set_thread_mute",
    "unlike_post",
    "unrepost",
]
