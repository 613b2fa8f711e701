"""A file encrypted in chunks with AES-256-GCM: written and read as a stream, whatever its size.

``WEFTBAK1 | salt (16) | chunk | chunk | ... | last chunk``. Each chunk of 1 MiB, and the last of at most that, is
followed by its tag. The nonce holds the chunk's number and whether it is the last, so that chunks can be neither
moved nor dropped, nor the end cut off. The key comes from the key file and the salt by scrypt.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import BinaryIO, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from weft.operations.reach import CommandFailed

MAGIC = b"WEFTBAK1"
SALT = 16
CHUNK = 1 << 20
TAG = 16
LEAST_KEY, MOST_KEY = 16, 1 << 20
DAMAGED = "The backup cannot be read: the key file is not the one it was made with, or the file is damaged."
CUT_SHORT = "The backup cannot be read: it ends too early, or holds what no backup holds."


class Sink(Protocol):
    def write(self, data: bytes) -> object: ...
    def finish(self) -> None: ...


class PlainSink:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, data: bytes) -> None:
        self._file.write(data)

    def finish(self) -> None:
        pass


class SealedSink:
    """Encrypts what is written; `finish` writes the last chunk, without which nobody can read the file."""

    def __init__(self, file: BinaryIO, key_file: Path) -> None:
        self._file = file
        self._header = MAGIC + secrets.token_bytes(SALT)
        self._cipher = _cipher(key_file, self._header)
        self._pending = bytearray()
        self._number = 0
        file.write(self._header)

    def write(self, data: bytes) -> None:
        self._pending += data
        while len(self._pending) > CHUNK:
            self._seal(bytes(self._pending[:CHUNK]), last=False)
            del self._pending[:CHUNK]

    def finish(self) -> None:
        self._seal(bytes(self._pending), last=True)

    def _seal(self, chunk: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, last=last), chunk, self._header))
        self._number += 1


class Source:
    """Bytes of a backup, encrypted or not, never more than asked for."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, most: int) -> bytes:
        """Some bytes, at least one; none at the end."""
        return self._file.read(most)

    def exactly(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            part = self.read(size - len(parts))
            if not part:
                raise CommandFailed(CUT_SHORT)
            parts += part
        return bytes(parts)


class SealedSource(Source):
    """Decrypts. A chunk is handed on only after its tag was found right."""

    def __init__(self, file: BinaryIO, key_file: Path) -> None:
        super().__init__(file)
        self._header = file.read(len(MAGIC) + SALT)
        if len(self._header) != len(MAGIC) + SALT:
            raise CommandFailed(CUT_SHORT)
        self._cipher = _cipher(key_file, self._header)
        self._number = 0
        self._ahead = file.read(CHUNK + TAG)
        self._open = memoryview(b"")
        self._ended = False

    def read(self, most: int) -> bytes:
        if not self._open and not self._ended:
            self._next_chunk()
        taken, self._open = self._open[:most], self._open[most:]
        return bytes(taken)

    def _next_chunk(self) -> None:
        sealed, self._ahead = self._ahead, self._file.read(CHUNK + TAG)
        self._ended = not self._ahead
        if len(sealed) < TAG:
            raise CommandFailed(DAMAGED)
        try:
            nonce = _nonce(self._number, last=self._ended)
            self._open = memoryview(self._cipher.decrypt(nonce, sealed, self._header))
        except InvalidTag:
            raise CommandFailed(DAMAGED) from None
        self._number += 1


def is_sealed(file: BinaryIO) -> bool:
    """Whether the file begins like an encrypted backup; its position stays."""
    start = file.tell()
    magic = file.read(len(MAGIC))
    file.seek(start)
    return magic == MAGIC


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _cipher(key_file: Path, header: bytes) -> AESGCM:

    salt = header[len(MAGIC) :]
    return AESGCM(Scrypt(salt=salt, length=32, n=1 << 15, r=8, p=1).derive(_read_key(key_file)))


def _read_key(path: Path) -> bytes:
    """The secret in a key file, of which a final line end is no part."""
    try:
        size = os.stat(path).st_size
        secret = path.read_bytes().rstrip(b"\r\n") if size <= MOST_KEY else b""
    except OSError as error:
        raise CommandFailed(f"The key file {path} cannot be read: {error.strerror}.") from None
    if len(secret) < LEAST_KEY:
        raise CommandFailed(f"The key file {path} must hold a secret of at least {LEAST_KEY} bytes, and at most 1 MiB.")
    return secret
