"""Chats: one person's conversations with the assistant, as rows that are theirs alone.

They are no posts. They are never federated, no route shows them to anybody else, and they go after ``ai_keep_days``
without a word, or at once when their owner says so. The staff sees only the answers that their owner reports.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from weft.assistant.lines import Line, decode, encode
from weft.infra.db import Db, Row, Tx
from weft.kernel.errors import Invalid, NotFound
from weft.kernel.ids import MAX_ID, AccountId, bucket_of
from weft.kernel.paging import Page
from weft.kernel.text.clean import clean_line, clean_text, is_blank

MOST_TEXT: Final = 2000
MOST_TITLE: Final = 80
MOST_CHATS: Final = 200
MOST_TURNS: Final = 400
DAY_MS: Final = 86_400_000

TurnRole = Literal["person", "assistant"]
TurnState = Literal["done", "stopped", "failed"]


class Chat(msgspec.Struct, frozen=True, kw_only=True):
    account_id: AccountId
    id: int
    title: str
    changed_ms: int


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was said. Of the assistant: lines and the model that made any of them."""

    id: int
    chat_id: int
    role: TurnRole
    text: str = ""
    lines: tuple[Line, ...] = ()
    state: TurnState = "done"
    model: str = ""
    about_post: int = 0
    judged: bool | None = None


def check_words(text: str) -> str:
    """What a person says, as it is kept.

    Raises:
        Invalid: nothing, or more than is read.
    """
    text = clean_text(text).strip()
    if is_blank(text):
        raise Invalid("assistant.empty", field="text")
    if len(text) > MOST_TEXT:
        raise Invalid("assistant.too_long", field="text", limit=MOST_TEXT)
    return text


CREATE = """
INSERT INTO assistant_chats (bucket, account_id, id, title, changed_ms)
SELECT $1, $2, $3, $4, $5
 WHERE (SELECT count(*) FROM assistant_chats WHERE bucket = $1 AND account_id = $2) < $6
"""

CHATS = """
SELECT id, title, changed_ms FROM assistant_chats
 WHERE bucket = $1 AND account_id = $2 AND id < $3 AND id > $4 ORDER BY id DESC LIMIT $5
"""

CHATS_UPWARDS = """
SELECT id, title, changed_ms FROM assistant_chats
 WHERE bucket = $1 AND account_id = $2 AND id < $3 AND id > $4 ORDER BY id LIMIT $5
"""

CHAT = """
SELECT id, title, changed_ms FROM assistant_chats WHERE bucket = $1 AND account_id = $2 AND id = $3
"""

RENAME = """
UPDATE assistant_chats SET title = $4, changed_ms = $5 WHERE bucket = $1 AND account_id = $2 AND id = $3
"""

# Two statements each: the first waits for whoever writes a turn down at this moment, the second sees that turn.
DELETE_CHATS = """
DELETE FROM assistant_chats WHERE bucket = $1 AND account_id = $2 AND ($3::bigint IS NULL OR id = $3) RETURNING id
"""

DELETE_TURNS = """
DELETE FROM assistant_turns WHERE bucket = $1 AND account_id = $2 AND chat_id = ANY($3::bigint[])
"""

DELETE_OLD = """
WITH old AS (
    DELETE FROM assistant_chats WHERE changed_ms < $1 RETURNING bucket, account_id, id  -- all buckets: a sweep
)
DELETE FROM assistant_turns t USING old
 WHERE t.bucket = old.bucket AND t.account_id = old.account_id AND t.chat_id = old.id
"""


DELETE_CHATS_OF_DELETED = """
DELETE FROM assistant_chats c  -- all buckets: of events
 USING unnest($1::smallint[], $2::bigint[]) AS given (bucket, id)
  JOIN accounts a ON a.bucket = given.bucket AND a.id = given.id AND a.state = 'deleted'
 WHERE c.bucket = a.bucket AND c.account_id = a.id
"""

DELETE_TURNS_OF_DELETED = """
DELETE FROM assistant_turns t  -- all buckets: of events
 USING unnest($1::smallint[], $2::bigint[]) AS given (bucket, id)
  JOIN accounts a ON a.bucket = given.bucket AND a.id = given.id AND a.state = 'deleted'
 WHERE t.bucket = a.bucket AND t.account_id = a.id
"""


class Chats:
    """One's own conversations, every one looked up together with its owner."""

    def __init__(self, db: Db) -> None:
        self._db = db

    async def create(self, account_id: AccountId, title: str = "") -> Chat:
        """A new conversation.

        Raises:
            Invalid: there are too many.
        """
        bucket, now_ms = bucket_of(account_id), self._db.clock.now_ms()
        chat = Chat(
            account_id=account_id,
            id=self._db.ids.new(bucket),
            title=clean_line(title, MOST_TITLE),
            changed_ms=now_ms,
        )
        async with self._db.once(bucket) as tx:
            made = await tx.execute(CREATE, bucket, account_id, chat.id, chat.title, now_ms, MOST_CHATS)
        if not made:
            raise Invalid("assistant.too_many_chats", limit=MOST_CHATS)
        return chat

    async def page(self, account_id: AccountId, page: Page) -> list[Chat]:
        """The newest first."""
        sql = CHATS_UPWARDS if page.upwards else CHATS
        async with self._db.read() as reader:
            rows = await reader.rows(sql, bucket_of(account_id), account_id, page.before, page.after, page.limit)
        chats = [Chat(account_id=account_id, id=row[0], title=row[1], changed_ms=row[2]) for row in rows]
        return chats[::-1] if page.upwards else chats

    async def require(self, account_id: AccountId, chat_id: int) -> Chat:
        """
        Raises:
            NotFound: there is none, or it is somebody else's.
        """
        async with self._db.read() as reader:
            row = await reader.row(CHAT, bucket_of(account_id), account_id, chat_id)
        if row is None:
            raise NotFound("record.absent")
        return Chat(account_id=account_id, id=row[0], title=row[1], changed_ms=row[2])

    async def rename(self, account_id: AccountId, chat_id: int, title: str) -> Chat:
        bucket = bucket_of(account_id)
        title = clean_line(title, MOST_TITLE)
        async with self._db.once(bucket) as tx:
            renamed = await tx.execute(RENAME, bucket, account_id, chat_id, title, tx.now_ms)
        if not renamed:
            raise NotFound("record.absent")
        return await self.require(account_id, chat_id)

    async def delete(self, account_id: AccountId, chat_id: int) -> None:
        """Forget a conversation and everything in it, for good."""
        if not await self._delete(account_id, chat_id):
            raise NotFound("record.absent")

    async def forget(self, account_id: AccountId) -> None:
        """Forget every conversation."""
        await self._delete(account_id, None)

    async def _delete(self, account_id: AccountId, chat_id: int | None) -> list[int]:
        bucket = bucket_of(account_id)
        async with self._db.tx(bucket) as tx:
            gone: list[int] = await tx.values(DELETE_CHATS, bucket, account_id, chat_id)
            await tx.execute(DELETE_TURNS, bucket, account_id, gone)
        return gone


ADD_TURN = """
WITH touched AS (
    UPDATE assistant_chats SET changed_ms = $11, title = CASE WHEN title = '' THEN $12 ELSE title END
     WHERE bucket = $1 AND account_id = $2 AND id = $3
    RETURNING id
)
INSERT INTO assistant_turns (bucket, account_id, chat_id, id, role, text, lines, state, model, about_post)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 FROM touched
"""

FINISH = """
UPDATE assistant_turns SET lines = $5, state = $6, model = $7
 WHERE bucket = $1 AND account_id = $2 AND chat_id = $3 AND id = $4 AND state = 'begun'
"""

TURNS = """
SELECT id, chat_id, role, text, lines, state, model, about_post, judged FROM assistant_turns
 WHERE bucket = $1 AND account_id = $2 AND chat_id = $3 AND state <> 'begun' ORDER BY id DESC LIMIT $4
"""

ASKED = """
SELECT id, chat_id, role, text, lines, state, model, about_post, judged FROM assistant_turns
 WHERE bucket = $1 AND account_id = $2 AND chat_id = $3 AND id <= $4 AND role = 'person' ORDER BY id DESC LIMIT 1
"""

TURN = """
SELECT id, chat_id, role, text, lines, state, model, about_post, judged FROM assistant_turns
 WHERE bucket = $1 AND account_id = $2 AND chat_id = $3 AND id = $4
"""

JUDGE = """
UPDATE assistant_turns SET judged = $5
 WHERE bucket = $1 AND account_id = $2 AND chat_id = $3 AND id = $4 AND role = 'assistant' AND state <> 'begun'
"""

# A chat that was named by the words that go has no title, until something else is said in it.
DELETE_SPAN = """
WITH untitled AS (
    UPDATE assistant_chats SET title = ''
     WHERE bucket = $1 AND account_id = $2 AND id = $3 AND title <> '' AND title = $6
)
DELETE FROM assistant_turns WHERE bucket = $1 AND account_id = $2 AND chat_id = $3 AND id BETWEEN $4 AND $5
"""


class Turns:
    """What was said in a chat.

    An answer has its row from its beginning, which nobody is shown. So one that is deleted, or whose question is said
    otherwise, before it is whole, stays gone.
    """

    def __init__(self, db: Db) -> None:
        self._db = db

    def new_id(self, account_id: AccountId) -> int:
        return self._db.ids.new(bucket_of(account_id))

    async def add(self, account_id: AccountId, turn: Turn) -> None:
        """Write a turn down, where the chat was not forgotten meanwhile; the first words of a chat are its title."""
        await self._add(account_id, turn, turn.state)

    async def begin(self, account_id: AccountId, turn: Turn) -> None:
        """Keep the place of an answer that is being made."""
        await self._add(account_id, turn, "begun")

    async def _add(self, account_id: AccountId, turn: Turn, state: str) -> None:
        bucket = bucket_of(account_id)
        given = turn.role, turn.text, encode(list(turn.lines)).decode(), state, turn.model, turn.about_post
        async with self._db.once(bucket) as tx:
            title = clean_line(turn.text, MOST_TITLE)
            await tx.execute(ADD_TURN, bucket, account_id, turn.chat_id, turn.id, *given, tx.now_ms, title)

    async def finish(self, account_id: AccountId, turn: Turn) -> None:
        """Write down an answer that began, where its place was not deleted meanwhile."""
        bucket = bucket_of(account_id)
        given = encode(list(turn.lines)).decode(), turn.state, turn.model
        async with self._db.once(bucket) as tx:
            await tx.execute(FINISH, bucket, account_id, turn.chat_id, turn.id, *given)

    async def all(self, account_id: AccountId, chat_id: int) -> list[Turn]:
        """The newest of them, oldest first."""
        async with self._db.read() as reader:
            rows = await reader.rows(TURNS, bucket_of(account_id), account_id, chat_id, MOST_TURNS)
        return [turn_of_row(row) for row in reversed(rows)]

    async def require(self, account_id: AccountId, chat_id: int, turn_id: int) -> Turn:
        """
        Raises:
            NotFound: there is none, or it is somebody else's.
        """
        async with self._db.read() as reader:
            row = await reader.row(TURN, bucket_of(account_id), account_id, chat_id, turn_id)
        if row is None:
            raise NotFound("record.absent")
        return turn_of_row(row)

    async def asked(self, account_id: AccountId, turn: Turn) -> Turn:
        """What the person said that this turn answers; of a person's turn itself.

        Raises:
            NotFound: it was deleted.
        """
        async with self._db.read() as reader:
            row = await reader.row(ASKED, bucket_of(account_id), account_id, turn.chat_id, turn.id)
        if row is None:
            raise NotFound("record.absent")
        return turn_of_row(row)

    async def judge(self, account_id: AccountId, turn: Turn, *, right: bool) -> None:
        """
        Raises:
            NotFound: it is no answer.
        """
        bucket = bucket_of(account_id)
        async with self._db.once(bucket) as tx:
            if not await tx.execute(JUDGE, bucket, account_id, turn.chat_id, turn.id, right):
                raise NotFound("record.absent")

    async def delete(self, account_id: AccountId, turn: Turn) -> None:
        """
        Raises:
            NotFound: it is gone already.
        """
        if not await self._delete(account_id, turn, turn.id, turn.id):
            raise NotFound("record.absent")

    async def cut(self, account_id: AccountId, turn: Turn) -> None:
        """Delete this turn and everything after it: it is said again, otherwise."""
        await self._delete(account_id, turn, turn.id, MAX_ID)

    async def cut_after(self, account_id: AccountId, turn: Turn) -> None:
        """Delete everything after this turn: it is answered again."""
        await self._delete(account_id, msgspec.structs.replace(turn, text=""), turn.id + 1, MAX_ID)

    async def _delete(self, account_id: AccountId, turn: Turn, first: int, last: int) -> int:
        bucket, words = bucket_of(account_id), clean_line(turn.text, MOST_TITLE)
        async with self._db.once(bucket) as tx:
            return await tx.execute(DELETE_SPAN, bucket, account_id, turn.chat_id, first, last, words)


def turn_of_row(row: Row) -> Turn:
    return Turn(
        id=row[0],
        chat_id=row[1],
        role=row[2],
        text=row[3],
        lines=tuple(decode(row[4])),
        state="stopped" if row[5] == "begun" else row[5],
        model=row[6],
        about_post=row[7],
        judged=row[8],
    )


def cited_in(turns: Sequence[Turn]) -> list[int]:
    """Every post that any of the turns shows."""
    return list(dict.fromkeys(each.post_id for turn in turns for line in turn.lines for each in line.cites))


async def sweep_chats(db: Db, keep_days: int) -> None:
    """Forget chats in which nothing was said for so many days."""
    async with db.job() as tx:
        await tx.execute(DELETE_OLD, tx.now_ms - keep_days * DAY_MS)


async def forget_deleted(tx: Tx, account_ids: Sequence[int]) -> None:
    """Forget the chats of those of the accounts that are deleted."""
    given = [bucket_of(id_) for id_ in account_ids], list(account_ids)
    await tx.execute(DELETE_CHATS_OF_DELETED, *given)
    await tx.execute(DELETE_TURNS_OF_DELETED, *given)
