"""What a notification is, what a person wants to hear of, and the pure rule that decides: ``judge``."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from weft.kernel.ids import AccountId, PostId
from weft.relationships.model import Audience, Facts, Visibility, can_see

Kind = Literal[
    "mention", "post", "repost", "follow", "follow_request", "like", "poll", "edit", "quote", "quoted_edit", "sign_up",
    "report",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
GROUPABLE: tuple[Kind, ...] = ("like", "follow", "repost", "sign_up")
"""Kinds that come in numbers and are shown together."""
FILTERABLE = frozenset({"mention", "repost", "follow", "follow_request", "like", "quote"})
"""Kinds that anyone can cause. The others come from people the account chose to hear of."""

GROUP_MS = 12 * 3_600_000
NEW_ACCOUNT_MS = 30 * 86_400_000
NEW_FOLLOWER_MS = 3 * 86_400_000

Verdict = Literal["accept", "filter", "drop"]
STAFF = ("owner", "admin", "moderator")


class Policy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What happens to notifications from people of a kind."""

    not_following: Verdict = "accept"
    not_followers: Verdict = "accept"
    new_accounts: Verdict = "accept"
    private_mentions: Verdict = "filter"
    """Direct posts of strangers that answer nothing of one's own."""
    limited_accounts: Verdict = "filter"


class Cause(msgspec.Struct, frozen=True):
    """Something that a person may want to hear of, and from whom."""

    account_id: int
    """Who would be told."""
    kind: Kind
    from_id: int
    post_id: int = 0
    """0 for kinds without a post."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about a cause that decides what becomes of it."""

    policy: Policy
    sender_state: str
    sender_created_ms: int
    sender_role: str
    follows: bool = False
    """The one who would be told follows the sender."""
    followed_ms: int = 0
    """Since when the sender follows back; 0 for not at all."""
    blocking: bool = False
    blocked_by: bool = False
    muted: bool = False
    thread_muted: bool = False
    permitted: bool = False
    """What this sender wrote was accepted once, whatever the policy says."""
    post: Audience | None = None
    reply_to_account: int = 0


class Notification(msgspec.Struct, frozen=True, gc=False):
    """One row of ``notifications``."""

    id: int
    kind: Kind
    from_id: AccountId
    post_id: PostId | None = None
    group_key: str = ""
    """Empty for what is never shown together."""
    filtered: bool = False

    @property
    def created_ms(self) -> int:
        return self.id >> 16


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Notifications that are shown together, as one page has them."""

    key: str
    """Empty for a single one."""
    kind: Kind
    post_id: PostId | None
    count: int
    newest_id: int
    page_min_id: int
    page_max_id: int
    senders: tuple[AccountId, ...]
    """The newest few, newest first."""


class Request(msgspec.Struct, frozen=True):
    """Somebody whose notifications are kept back until they are accepted or dismissed."""

    id: int
    """The oldest notification kept back; any other of theirs names the request too."""
    newest_id: int
    count: int
    from_id: AccountId
    last_post_id: PostId | None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which notifications a reader asks for."""

    kinds: tuple[Kind, ...] | None = None
    """None for all."""
    from_id: int | None = None
    filtered: bool = False
    """Those kept back are among them."""
    hidden: tuple[int, ...] = ()
    """Accounts of whom the reader hears nothing."""


EVERYTHING = Wanted()


def judge(cause: Cause, standing: Standing, now_ms: int) -> Verdict:
    """What becomes of a cause: told, kept back, or nothing."""
    if not is_heard(cause, standing):
        return "drop"
    if cause.kind not in FILTERABLE or standing.permitted or standing.sender_role in STAFF:
        return "accept"
    verdicts = [verdict for applies, verdict in _rules(cause, standing, now_ms) if applies]
    if "drop" in verdicts:
        return "drop"
    return "filter" if "filter" in verdicts else "accept"


def is_heard(cause: Cause, standing: Standing) -> bool:
    """Whether the one to be told may know, and did not ask to hear nothing of the sender or the thread."""
    own = cause.account_id == cause.from_id
    if own and cause.kind != "poll":
        return False
    if standing.muted or standing.thread_muted:
        return False
    facts = Facts(
        AccountId(cause.account_id),
        following={cause.from_id} if standing.follows else frozenset(),
        blocking={cause.from_id} if standing.blocking else frozenset(),
        blocked_by={cause.from_id} if standing.blocked_by else frozenset(),
    )
    sender_gone = standing.sender_state in ("suspended", "deleted")
    sender = Audience(AccountId(cause.from_id), Visibility.PUBLIC, gone=sender_gone)
    if not can_see(sender, facts):
        return False
    if not cause.post_id:
        return True
    return standing.post is not None and can_see(standing.post, facts)


def _rules(cause: Cause, standing: Standing, now_ms: int) -> list[tuple[bool, Verdict]]:
    policy, stranger = standing.policy, not standing.follows
    # Somebody who began to follow only to be heard is no follower yet.
    known = standing.followed_ms and standing.followed_ms <= now_ms - NEW_FOLLOWER_MS
    return [
        (stranger, policy.not_following),
        (not known, policy.not_followers),
        (standing.sender_created_ms > now_ms - NEW_ACCOUNT_MS, policy.new_accounts),
        (stranger and _is_unasked(cause, standing), policy.private_mentions),
        (stranger and standing.sender_state == "limited", policy.limited_accounts),
    ]


def _is_unasked(cause: Cause, standing: Standing) -> bool:
    """A direct post that answers nothing of the one it goes to."""
    post = standing.post
    direct = post is not None and Visibility(post.visibility) is Visibility.DIRECT
    return cause.kind == "mention" and direct and standing.reply_to_account != cause.account_id


def group_key(cause: Cause, now_ms: int) -> str:
    """What is shown together: the same kind, about the same post, within the same half day."""
    if cause.kind not in GROUPABLE:
        return ""
    window = now_ms // GROUP_MS
    return f"{cause.kind}-{cause.post_id}-{window}" if cause.post_id else f"{cause.kind}-{window}"


def read_group_key(key: str) -> tuple[Kind, int] | None:
    """Kind and post (0 for none) of a group's key; None where it is no such key."""
    kind, _, rest = key.partition("-")
    post, _, window = rest.rpartition("-")
    if kind not in GROUPABLE or not window.isdecimal() or len(rest) > 40 or (post and not post.isdecimal()):
        return None
    found: Kind = next(each for each in GROUPABLE if each == kind)
    return found, min(int(post or 0), (1 << 63) - 1)
