"""What a report is and what one may hold, and an entry of the record of decisions: values and pure rules."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal

import msgspec

from weft.kernel.errors import Invalid
from weft.kernel.ids import AccountId, PostId

Category = Literal["spam", "legal", "violation", "other"]
State = Literal["open", "resolved"]
Outcome = Literal["", "upheld", "unfounded"]
"""Whether a report was right; empty where whoever resolved it did not say, and while it is open."""

MAX_COMMENT = 1000
MAX_POSTS = 40
"""Posts of one report; more are named by reporting again."""
MAX_PASSAGES = 10
MAX_NOTE = 1000


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """A question and the answer of the assistant to it, out of a chat that is otherwise its owner's alone."""

    turn_id: str
    asked: str
    answered: str
    """What the assistant said itself; the quotes of others' posts in between are counted only."""
    quotes: int
    model: str


class Complaint(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody reports. The posts are the account's own and such as the reporter may see."""

    account_id: AccountId
    category: Category = "other"
    comment: str = ""
    post_ids: tuple[PostId, ...] = ()
    rule_ids: tuple[str, ...] = ()
    forward: bool = False
    passage: Passage | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Field for field the row of ``reports``."""

    id: int
    reporter_id: AccountId
    account_id: AccountId
    category: Category
    comment: str
    post_ids: tuple[PostId, ...]
    rule_ids: tuple[str, ...]
    forwarded: bool
    state: State
    note: str
    resolved_ms: int | None
    outcome: Outcome
    chat: tuple[Passage, ...] = ()
    """While it is open."""

    @property
    def created_ms(self) -> int:
        return self.id >> 16


def check_complaint(complaint: Complaint, reporter_id: AccountId, known_rules: Sequence[str]) -> None:
    """Refuse what no report may be made of.

    Raises:
        Invalid: one's own account, a rule that is none, too long a comment, too many posts.
    """
    if complaint.account_id == reporter_id:
        raise Invalid("report.own", field="account_id")
    if len(complaint.comment) > MAX_COMMENT:
        raise Invalid("report.comment_too_long", field="comment", limit=MAX_COMMENT)
    if len(complaint.post_ids) > MAX_POSTS:
        raise Invalid("report.too_many_posts", field="status_ids", limit=MAX_POSTS)
    if not set(complaint.rule_ids) <= set(known_rules):
        raise Invalid("report.rule_unknown", field="rule_ids")


def check_note(note: str) -> None:
    """Refuse a reason that is none, or a whole book."""
    if not note.strip():
        raise Invalid("report.note_blank", field="note")
    if len(note) > MAX_NOTE:
        raise Invalid("report.note_too_long", field="note", limit=MAX_NOTE)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One decision in the record."""

    number: int
    at_ms: int
    actor_id: int
    action: str
    subject: str
    reason: str
    previous: bytes
    """The hash of the entry before it; of the first one nothing."""


_encode = msgspec.json.Encoder().encode


def hash_of(entry: Entry) -> bytes:
    """What names this entry and, through the one before it, all that came earlier."""
    parts = entry.number, entry.at_ms, entry.actor_id, entry.action, entry.subject, entry.reason, entry.previous.hex()
    return hashlib.sha256(_encode(parts)).digest()
