"""The two ends that a push travels between outside of Weft: a push service on loopback, and a browser that opens
messages as RFC 8291 and the drafts before it say.
"""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _hmac(key: bytes, data: bytes) -> bytes:
    made = HMAC(key, SHA256())
    made.update(data)
    return made.finalize()


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869 for one block, spelled out: not the library call that the sender uses."""
    return _hmac(_hmac(salt, secret), info + b"\x01")[:length]


class Browser:
    """One subscription's private end."""

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        self.auth = os.urandom(16)
        self.point = self._private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def subscription(self, endpoint: str, **more: Any) -> dict[str, Any]:
        """As a browser's ``PushSubscription.toJSON()`` gives it."""
        return {"endpoint": endpoint, "keys": {"p256dh": encoded(self.point), "auth": encoded(self.auth)}, **more}

    def open(self, body: bytes, headers: Mapping[str, str]) -> bytes:
        return self._open_draft(body, headers) if headers["content-encoding"] == "aesgcm" else self._open(body)

    def _shared(self, point: bytes) -> bytes:
        return self._private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point))

    def _open(self, body: bytes) -> bytes:
        salt, length = body[:16], body[20]
        point, sealed = body[21 : 21 + length], body[21 + length :]
        secret = _hkdf(self.auth, self._shared(point), b"WebPush: info\0" + self.point + point, 32)
        key = _hkdf(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
        nonce = _hkdf(salt, secret, b"Content-Encoding: nonce\0", 12)
        return AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\0").removesuffix(b"\x02")

    def _open_draft(self, body: bytes, headers: Mapping[str, str]) -> bytes:
        salt = decoded(headers["encryption"].removeprefix("salt="))
        point = decoded(headers["crypto-key"].partition("dh=")[2].partition(";")[0])
        secret = _hkdf(self.auth, self._shared(point), b"Content-Encoding: auth\0", 32)
        context = b"P-256\0\0\x41" + self.point + b"\0\x41" + point
        key = _hkdf(salt, secret, b"Content-Encoding: aesgcm\0" + context, 16)
        nonce = _hkdf(salt, secret, b"Content-Encoding: nonce\0" + context, 12)
        opened = AESGCM(key).decrypt(nonce, body, None)
        return opened[2 + int.from_bytes(opened[:2], "big") :]


@dataclass
class Pushed:
    """One message as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    def opened(self, browser: Browser) -> dict[str, Any]:
        return dict(json.loads(browser.open(self.body, self.headers)))


@dataclass
class PushService:
    """What was pushed, and what is answered: by path, else 201."""

    peer: str
    messages: list[Pushed] = field(default_factory=list)
    answers: dict[str, list[int]] = field(default_factory=dict)
    """Statuses for the next messages to a path; the last one stays."""
    arrived: threading.Condition = field(default_factory=threading.Condition)

    @property
    def url(self) -> str:
        return f"http://{self.peer}"

    def wait(self, path: str, number: int = 1, seconds: float = 20) -> list[Pushed]:
        """The messages to a path, once there are so many."""

        def enough() -> bool:
            return len(self.to(path)) >= number

        with self.arrived:
            assert self.arrived.wait_for(enough, seconds), f"{len(self.to(path))} of {number} messages came to {path}"
        return self.to(path)

    def to(self, path: str) -> list[Pushed]:
        return [message for message in self.messages if message.path == path]

    def take(self, message: Pushed) -> int:
        with self.arrived:
            self.messages.append(message)
            self.arrived.notify_all()
            answers = self.answers.get(message.path, [201])
            return answers.pop(0) if len(answers) > 1 else answers[0]


@contextmanager
def push_service() -> Iterator[PushService]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(service.take(Pushed(self.path, headers, body)))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service = PushService(f"127.0.0.1:{listening.server_port}")
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
