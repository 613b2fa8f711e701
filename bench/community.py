"""The community that is measured: seeded once into a cached folder, prepared (tokens, an account that everybody
follows), and copied for each run, so that every run begins with the same rows.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

import weft
from weft.accounts import service as accounts
from weft.infra.db import Db
from weft.kernel.ids import AccountId, bucket_of
from weft.operations.reach import run_on
from weft.settings import Settings, load_settings

TOKENS = 2500
SCOPES = "read write follow push"
COMMAND = [sys.executable, "-c", "from weft.cli import main; main()"]


class Size(msgspec.Struct, frozen=True):
    """What is seeded; the bars are for the defaults."""

    accounts: int = 10_000
    posts: int = 1_000_000
    follows_mean: float = 95

    @classmethod
    def chosen(cls) -> Size:
        """``WEFT_BENCH_SIZE=accounts,posts,follows`` makes a quick run."""
        text = os.environ.get("WEFT_BENCH_SIZE", "")
        if not text:
            return cls()
        people, posts, follows = text.split(",")
        return cls(int(people), int(posts), float(follows))


DEMO = Size(200, 5_000, 20)
"""What start and memory are measured with."""


class People(msgspec.Struct, frozen=True, kw_only=True):
    """Accounts of the community that the scenarios act for. ``tokens`` and ``ids`` belong together."""

    viewer: int
    """Follows as close to 100 accounts as anybody."""
    viewer_token: str
    viewer_follows: int
    celebrity_token: str
    """Of an account that everybody follows."""
    ids: list[int]
    tokens: list[str]


class Community(msgspec.Struct, frozen=True):
    folder: Path
    people: People


def environment(data: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WEFT_") or name == "WEFT_APP"}
    here = str(Path(weft.__file__).parent.parent)
    return kept | {"WEFT_DATA": str(data), "WEFT_LIMITS": "off", "WEFT_SIGNUP": "open", "PYTHONPATH": here}


def settings_of(data: Path) -> Settings:
    return load_settings({}, {"WEFT_DATA": str(data), "WEFT_SIGNUP": "open", "WEFT_LIMITS": "off"})[0]


@contextlib.contextmanager
def community(size: Size) -> Iterator[Community]:
    """A fresh copy of the seeded community, deleted at the end."""
    original = _cached(size)
    with _open_folder() as folder:
        copy = folder / "data"
        _copy(original, copy)
        yield Community(copy, msgspec.json.decode((copy / "people.json").read_bytes(), type=People))


@contextlib.contextmanager
def empty_folder() -> Iterator[Path]:
    with _open_folder() as folder:
        yield folder / "data"


@contextlib.contextmanager
def _open_folder() -> Iterator[Path]:
    # Root's PostgreSQL runs as somebody else, who must be able to pass through.
    with tempfile.TemporaryDirectory(prefix="weft-bench-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


def _copy(original: Path, copy: Path) -> None:
    subprocess.run(["cp", "-a", "--reflink=auto", str(original), str(copy)], check=True)
    os.sync()  # writing the copy out must not be measured


def _cached(size: Size) -> Path:
    """The seeded and prepared folder; made when the arguments, the schema or the seeding code are new."""
    home = Path(tempfile.gettempdir()) / "weft-bench-cache"
    home.mkdir(exist_ok=True)
    home.chmod(0o711)
    found = home / _fingerprint(size)
    if (found / "people.json").exists():
        return found
    for stale in (found, found.with_suffix(".new")):
        shutil.rmtree(stale, ignore_errors=True)
    building = found.with_suffix(".new")
    _say(f"seeding {size.accounts} accounts and {size.posts} posts (kept for the next run)")
    arguments = ["--accounts", size.accounts, "--posts", size.posts, "--follows-mean", size.follows_mean, "--wait"]
    subprocess.run(
        [*COMMAND, "seed", *map(str, arguments)], env=environment(building), check=True, stdout=subprocess.DEVNULL
    )
    people = run_on(settings_of(building), prepare)
    (building / "people.json").write_bytes(msgspec.json.encode(people))
    building.rename(found)
    return found


def _fingerprint(size: Size) -> str:
    digest = hashlib.sha256(msgspec.json.encode(size))
    root = Path(weft.__file__).parent
    for path in sorted([*root.glob("infra/db/migrations/*.sql"), *root.glob("operations/seed*/*.py"), Path(__file__)]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


# ------------------------------------------------------------------------------------------------ preparing

SAMPLE = """
SELECT a.id FROM accounts a -- all buckets: the benchmark's own preparation
 WHERE a.host = '' AND a.state = 'active' ORDER BY a.id LIMIT $1
"""
NEAREST = """
SELECT account_id, count(*) FROM following -- all buckets
 GROUP BY account_id ORDER BY abs(count(*) - 100), account_id LIMIT 1
"""
CELEBRITY = """
SELECT account_id FROM followers GROUP BY account_id ORDER BY count(*) DESC, account_id LIMIT 1 -- all buckets
"""
EVERYBODY = """
SELECT a.id FROM accounts a -- all buckets
 WHERE a.host = '' AND a.id <> $1
   AND NOT EXISTS (SELECT 1 FROM following f WHERE f.bucket = a.bucket AND f.account_id = a.id AND f.target_id = $1)
"""
FOLLOW = """
WITH edge AS (
    SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS edge (bucket, follower, id) -- all buckets
), theirs AS (
    INSERT INTO following (bucket, account_id, target_id, id) SELECT bucket, follower, $5::bigint, id FROM edge
), counted AS (
    UPDATE account_counts c SET following = following + 1 FROM edge
     WHERE c.bucket = edge.bucket AND c.account_id = edge.follower AND c.slot = 0
)
INSERT INTO followers (bucket, account_id, follower_id, id) SELECT $4::smallint, $5::bigint, follower, id FROM edge
"""
COUNT_FOLLOWERS = """
UPDATE account_counts SET followers = (SELECT count(*) FROM followers WHERE bucket = $1 AND account_id = $2)
 WHERE bucket = $1 AND account_id = $2 AND slot = 0
"""
USERS = """
INSERT INTO users (bucket, account_id, email, by_command, confirmed_ms, created_ms) -- all buckets
SELECT bucket, id, '', true, 0, 0 FROM unnest($1::smallint[], $2::bigint[]) AS who (bucket, id)
ON CONFLICT (bucket, account_id) DO UPDATE SET state = 'active', by_command = true
"""


async def prepare(db: Db) -> People:
    """Let everybody follow one account, and give out tokens."""
    async with db.job() as tx:
        celebrity = AccountId(await tx.value(CELEBRITY))
        others = await tx.values(EVERYBODY, celebrity)
        buckets, ids = [bucket_of(id_) for id_ in others], [db.ids.new(bucket_of(id_)) for id_ in others]
        await tx.execute(FOLLOW, buckets, others, ids, bucket_of(celebrity), celebrity)
        await tx.execute(COUNT_FOLLOWERS, bucket_of(celebrity), celebrity)
    async with db.read() as reader:
        viewer, follows = await reader.row(NEAREST) or (celebrity, 0)
        sample = await reader.values(SAMPLE, TOKENS)
    wanted = list(dict.fromkeys([viewer, celebrity, *sample]))
    async with db.job() as tx:
        await tx.execute(USERS, [bucket_of(id_) for id_ in wanted], wanted)
    tokens = await _give_tokens(db, wanted)
    return People(
        viewer=viewer, viewer_token=tokens[0], viewer_follows=follows, celebrity_token=tokens[1], ids=wanted[2:],
        tokens=tokens[2:],
    )  # fmt: skip


async def _give_tokens(db: Db, ids: list[int]) -> list[str]:
    app, _ = await accounts.create_app(
        db, accounts.NewApp(name="weft bench", redirect_uris=(accounts.OUT_OF_BAND,), scopes=SCOPES)
    )
    scopes = accounts.read_scopes(SCOPES)
    assert scopes is not None
    limit = asyncio.Semaphore(4)

    async def give(id_: int) -> str:
        async with limit:
            return (await accounts.issue_token(db, app, AccountId(id_), scopes)).text

    return list(await asyncio.gather(*(give(id_) for id_ in ids)))
