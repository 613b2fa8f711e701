from __future__ import annotations

import msgspec
import pytest

from weft.notifications.model import Cause, Kind, Policy, Standing, group_key, judge, read_group_key
from weft.relationships.model import Audience, Visibility

NOW = 1_767_225_600_000
DAY = 86_400_000
ANN, BOB = 1, 2
FILTERS_ALL = Policy(
    not_following="filter",
    not_followers="filter",
    new_accounts="filter",
    private_mentions="filter",
    limited_accounts="filter",
)


def standing(**changes: object) -> Standing:
    post = Audience(BOB, Visibility.PUBLIC)  # type: ignore[arg-type]
    old = Standing(
        policy=Policy(), sender_state="active", sender_created_ms=NOW - 100 * DAY, sender_role="member", post=post
    )
    return msgspec.structs.replace(old, **changes)


def mention(**changes: object) -> str:
    return judge(Cause(ANN, "mention", BOB, 10), standing(**changes), NOW)


def test_everybody_is_heard_at_first() -> None:
    assert mention() == "accept"


@pytest.mark.parametrize(
    "changes",
    [
        {"policy": Policy(not_following="filter")},
        {"policy": Policy(not_followers="filter")},
        {"policy": Policy(not_followers="filter"), "followed_ms": NOW - 2 * DAY},
        {"policy": Policy(new_accounts="filter"), "sender_created_ms": NOW - 29 * DAY},
        {"sender_state": "limited"},
        {"post": Audience(BOB, Visibility.DIRECT, (ANN,))},  # type: ignore[arg-type]
    ],
)
def test_the_policy_keeps_back(changes: dict[str, object]) -> None:
    assert mention(**changes) == "filter"
    assert mention(**changes, permitted=True) == "accept"
    assert mention(**changes, sender_role="moderator") == "accept"
    assert mention(**changes, muted=True) == "drop"


@pytest.mark.parametrize(
    "changes",
    [
        {"policy": Policy(not_following="filter"), "follows": True},
        {"policy": Policy(not_followers="filter"), "followed_ms": NOW - 4 * DAY},
        {"policy": Policy(new_accounts="filter"), "sender_created_ms": NOW - 31 * DAY},
        {"sender_state": "limited", "follows": True},
        {"post": Audience(BOB, Visibility.DIRECT, (ANN,)), "follows": True},  # type: ignore[arg-type]
        {"post": Audience(BOB, Visibility.DIRECT, (ANN,)), "reply_to_account": ANN},  # type: ignore[arg-type]
    ],
)
def test_the_policy_lets_through(changes: dict[str, object]) -> None:
    assert mention(**changes) == "accept"


def test_dropping_wins_over_keeping_back() -> None:
    assert mention(policy=Policy(not_following="filter", not_followers="drop")) == "drop"


@pytest.mark.parametrize(
    "changes",
    [
        {"blocking": True},
        {"blocked_by": True},
        {"muted": True},
        {"thread_muted": True},
        {"sender_state": "suspended"},
        {"sender_state": "deleted"},
        {"post": None},
        {"post": Audience(BOB, Visibility.PUBLIC, gone=True)},  # type: ignore[arg-type]
        {"post": Audience(BOB, Visibility.DIRECT, (3,))},  # type: ignore[arg-type]
        {"post": Audience(BOB, Visibility.FOLLOWERS)},  # type: ignore[arg-type]
    ],
)
def test_what_may_not_or_shall_not_be_heard_is_dropped(changes: dict[str, object]) -> None:
    assert mention(**changes) == "drop"
    assert mention(**changes, permitted=True) == "drop"


def test_only_the_end_of_ones_own_poll_comes_from_oneself() -> None:
    own = standing(post=Audience(ANN, Visibility.PUBLIC))  # type: ignore[arg-type]
    kinds: list[Kind] = ["poll", "like", "mention", "edit"]
    assert [judge(Cause(ANN, kind, ANN, 10), own, NOW) for kind in kinds] == ["accept", "drop", "drop", "drop"]


@pytest.mark.parametrize("kind", ["post", "poll", "edit", "quoted_edit", "sign_up"])
def test_what_one_asked_to_hear_is_never_kept_back(kind: Kind) -> None:
    post_id = 0 if kind == "sign_up" else 10
    assert judge(Cause(ANN, kind, BOB, post_id), standing(policy=FILTERS_ALL), NOW) == "accept"


def test_group_keys_are_read_back_and_nonsense_is_none() -> None:
    assert read_group_key(group_key(Cause(ANN, "like", BOB, 10), NOW)) == ("like", 10)
    assert read_group_key(group_key(Cause(ANN, "follow", BOB), NOW)) == ("follow", 0)
    assert group_key(Cause(ANN, "mention", BOB, 10), NOW) == ""
    for text in ("", "like", "like-", "like-1-", "like-a-1", "mention-1-1", "like-" + "9" * 50, "x-1-1", "ungrouped-1"):
        assert read_group_key(text) is None
