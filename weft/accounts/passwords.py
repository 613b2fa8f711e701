"""Passwords: which ones may be chosen, and hashing them with argon2id in a small pool of threads.
A hash costs 20 ms of a core on purpose, so more work than the pool and its queue hold is refused at once.
"""

import asyncio
import gzip
import threading
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from importlib.resources import files
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from weft.kernel.errors import Invalid, Unavailable

MIN_CHARACTERS = 8
MAX_BYTES = 1024

MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1
THREADS = 2
QUEUE = 32

Result = TypeVar("Result")


class Breached:
    """The passwords that guessers try first, read when first asked for."""

    def __init__(self) -> None:
        self._text = ""

    def __contains__(self, password: str) -> bool:
        # One string of lines takes a tenth of the memory of a set, and a search in it a few microseconds.
        if not self._text:
            packed = files("weft.accounts").joinpath("breached.txt.gz").read_bytes()
            self._text = gzip.decompress(packed).decode()
        return "\n" not in password and f"\n{password.casefold()}\n" in self._text


class Passwords:
    """Hashes and verifies passwords as typed, except that equal-looking Unicode spellings are equal (NFC)."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="passwords")
        self._places = threading.BoundedSemaphore(THREADS + QUEUE)
        self._breached = Breached()
        self._nobodys_hash = impossible_hash()

    def check_password(self, password: str) -> None:
        """Refuse a password that may not be chosen."""
        if len(password) > MAX_BYTES or len(as_bytes(password)) > MAX_BYTES:
            raise Invalid("password.too_long", field="password", limit=MAX_BYTES)
        normal = unicodedata.normalize("NFC", password)
        if len(normal) < MIN_CHARACTERS:
            raise Invalid("password.too_short", field="password", limit=MIN_CHARACTERS)
        if normal in self._breached:
            raise Invalid("password.breached", field="password")

    async def hash(self, password: str) -> str:
        return await self._run(partial(self._hasher.hash, as_bytes(password)))

    async def verify(self, hash: str | None, password: str) -> bool:
        """Whether the password is the hash's. Without a hash: False, in the same time, so absence does not show."""
        typed = as_bytes(password[:MAX_BYTES])
        right = await self._run(partial(self._is_right, hash or self._nobodys_hash, typed))
        return right and hash is not None and len(password) <= MAX_BYTES

    def needs_rehash(self, hash: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(hash)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _is_right(self, hash: str, typed: bytes) -> bool:
        try:
            return self._hasher.verify(hash, typed)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], Result]) -> Result:
        if not self._places.acquire(blocking=False):
            raise Unavailable("overloaded")
        try:
            future: Future[Result] = self._pool.submit(work)
        except RuntimeError:
            self._places.release()
            raise
        # Freed when the thread is done, not when the caller goes away: a hash under way cannot be stopped.
        future.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(future)


def as_bytes(password: str) -> bytes:
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def impossible_hash() -> str:
    """A hash with today's parameters that no password is known for."""
    salt, digest = (b64encode(bytes(size)).rstrip(b"=").decode() for size in (16, 32))
    return f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${digest}"
