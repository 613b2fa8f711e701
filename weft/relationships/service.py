"""The door of the relationships: what others may call. Each function lives in the module of its idea."""

from weft.relationships.blocks import (
    block,
    block_host,
    count_host_ties,
    lift_ended_mutes,
    mute,
    unblock,
    unblock_host,
    unmute,
)
from weft.relationships.follows import accept_request, follow, reject_request, remove_follower, unfollow
from weft.relationships.marks import endorse, set_comment, unendorse
from weft.relationships.pages import (
    Entry,
    blocks_page,
    endorsed_page,
    followers_page,
    following_page,
    host_blocks_page,
    mutes_page,
    requests_page,
)
from weft.relationships.queries import (
    count_follow_requests,
    followers_among,
    friends_of_friends,
    load_bounds,
    load_facts,
    load_familiar,
    load_following,
    load_relationships,
)

__all__ = [
    "Entry",
    "accept_request",
    "block",
    "block_host",
    "blocks_page",
    "count_follow_requests",
    "count_host_ties",
    "endorse",
    "endorsed_page",
    "follow",
    "followers_among",
    "followers_page",
    "following_page",
    "friends_of_friends",
    "host_blocks_page",
    "lift_ended_mutes",
    "load_bounds",
    "load_facts",
    "load_familiar",
    "load_following",
    "load_relationships",
    "mute",
    "mutes_page",
    "reject_request",
    "remove_follower",
    "requests_page",
    "set_comment",
    "unblock",
    "unblock_host",
    "unendorse",
    "unfollow",
    "unmute",
]
