"""The counts behind `admit`: a table of fixed time windows in a small mapped file that all workers of a machine share.
It takes no locks: two processes that count at the same instant may lose a count, and a full table forgets its least
used keys. It knows nothing of rules or people, only of keys, ends of windows and counts.

Why mapped memory: a check with it takes 0.6 us on the path of every request; one through a database or a socket between
the workers takes 50 us and more. The oracle in the tests is a dictionary.
"""

import mmap
import os
import struct
from hashlib import blake2b
from pathlib import Path
from secrets import token_bytes

CELLS = 65_536
PROBES = 8
KNOWN_KEYS = 100_000

# The version is part of the magic: a file of another layout is replaced, since losing counts harms nobody.
MAGIC = b"WEFTWIN1"
SALT_BYTES = 16
HEADER_BYTES = 24
CELL_WORDS = 3
FILE_BYTES = HEADER_BYTES + CELLS * CELL_WORDS * 8

# A cell is three words: key hash, end of its window in ms, count.
END, COUNT = 1, 2


class Windows:
    """`words[cell_of(...)+COUNT]` is the count of one key in its current window.

    The hot path in `admit` reads `words` directly: a method call per count would double its cost.
    """

    def __init__(self, path: Path | None) -> None:
        self._map = mmap.mmap(-1, FILE_BYTES) if path is None else open_map(path)
        if path is None:
            self._map[:HEADER_BYTES] = new_header()
        # The salt keeps outsiders from choosing keys that share a cell.
        self._salt = bytes(self._map[len(MAGIC) : HEADER_BYTES])
        self.words: memoryview = memoryview(self._map)[HEADER_BYTES:].cast("Q")
        self.hashes: dict[tuple[str, str | int], int] = {}
        self.places: dict[int, int] = {}

    def cell_of(self, name: str, key: str | int, end_ms: int, now_ms: int) -> int:
        """The place of the key's cell, taken for it (count 0) if it had none."""
        digest = self._hash(name, key)
        cell = self._find(digest, now_ms)
        words = self.words
        if words[cell] != digest or words[cell + END] != end_ms:
            # The end goes last: until it is there, others see an ended window and no foreign count.
            words[cell + END] = 0
            words[cell + COUNT] = 0
            words[cell] = digest
            words[cell + END] = end_ms
        self.places[digest] = cell
        return cell

    def close(self) -> None:
        self.words.release()
        self._map.close()

    def _hash(self, name: str, key: str | int) -> int:
        known = self.hashes.get((name, key))
        if known is not None:
            return known
        if len(self.hashes) >= KNOWN_KEYS:
            self.hashes.clear()
            self.places.clear()
        text = f"{name}\0{type(key).__name__}\0{key}".encode("utf-8", "surrogatepass")
        digest = int.from_bytes(blake2b(text, digest_size=8, key=self._salt).digest(), "little") or 1
        self.hashes[name, key] = digest
        return digest

    def _find(self, digest: int, now_ms: int) -> int:
        """The key's own cell, else the first one whose window ended, else the one with the smallest count."""
        words = self.words
        cells = [(digest + step) % CELLS * CELL_WORDS for step in range(PROBES)]
        for cell in cells:
            if words[cell] == digest:
                return cell
        for cell in cells:
            if words[cell + END] <= now_ms:
                return cell
        return min(cells, key=lambda cell: words[cell + COUNT])


def open_map(path: Path) -> mmap.mmap:
    """Map the shared file; a missing or foreign one is put in place whole, so that no process sees half of it."""
    if not is_table(path):
        place_table(path)
    with path.open("r+b") as file:
        return mmap.mmap(file.fileno(), FILE_BYTES)


def is_table(path: Path) -> bool:
    if not path.exists() or path.stat().st_size != FILE_BYTES:
        return False
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def place_table(path: Path) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}.{token_bytes(4).hex()}")
    with draft.open("xb") as file:
        os.fchmod(file.fileno(), 0o600)
        # Written in full: a hole that a full disk cannot fill would kill the process that writes through the map.
        file.write(new_header().ljust(FILE_BYTES, b"\0"))
    try:
        if path.exists() and not is_table(path):
            path.unlink(missing_ok=True)
        # A link fails where a rename would replace: the first of several starting processes wins, all map its file.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def new_header() -> bytes:
    return struct.pack(f"<{len(MAGIC)}s{SALT_BYTES}s", MAGIC, token_bytes(SALT_BYTES))
