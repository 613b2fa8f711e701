"""Web push messages as they travel: sealed for one subscription, signed for one push service.

RFC 8291 (keys) over RFC 8188 (``aes128gcm``), with the signature of RFC 8292; and the drafts before them (``aesgcm``),
which most apps still ask for. Nothing here knows what is pushed, and nothing here sends.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

RECORD = 4096
"""What every push service takes (RFC 8030, section 7.2); a message is one record."""
MOST_BYTES = RECORD - 103
"""The longest message in the standard form: the record without its header, its mark and its seal."""
SIGNED_S = 12 * 3600
RENEWED_S = 3600
MOST_ORIGINS = 1000


class Message(msgspec.Struct, frozen=True):
    """The body of a request to a push service, and the headers that say how it is sealed."""

    body: bytes
    headers: Mapping[str, str]


class Receiver(msgspec.Struct, frozen=True):
    """Whose browser it is sealed for: its public point and its secret, as the subscription has them."""

    key: bytes
    auth: bytes


class Draw(msgspec.Struct, frozen=True):
    """What is drawn anew for each message."""

    private: ec.EllipticCurvePrivateKey
    salt: bytes


def draw() -> Draw:
    return Draw(ec.generate_private_key(ec.SECP256R1()), os.urandom(16))


def seal(payload: bytes, receiver: Receiver, drawn: Draw) -> Message:
    """The standard form: everything the browser needs is in the body."""
    shared, own = _agree(receiver, drawn)
    secret = _derive(shared, receiver.auth, b"WebPush: info\0" + receiver.key + own, 32)
    key = _derive(secret, drawn.salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(secret, drawn.salt, b"Content-Encoding: nonce\0", 12)
    sealed = AESGCM(key).encrypt(nonce, payload + b"\x02", None)
    header = drawn.salt + RECORD.to_bytes(4, "big") + bytes([len(own)]) + own
    return Message(header + sealed, {"content-encoding": "aes128gcm"})


def seal_as_draft(payload: bytes, receiver: Receiver, drawn: Draw) -> Message:
    """The form of draft-ietf-webpush-encryption-04: salt and key travel in headers."""
    shared, own = _agree(receiver, drawn)
    secret = _derive(shared, receiver.auth, b"Content-Encoding: auth\0", 32)
    context = b"P-256\0" + _sized(receiver.key) + _sized(own)
    key = _derive(secret, drawn.salt, b"Content-Encoding: aesgcm\0" + context, 16)
    nonce = _derive(secret, drawn.salt, b"Content-Encoding: nonce\0" + context, 12)
    sealed = AESGCM(key).encrypt(nonce, b"\0\0" + payload, None)
    headers = {
        "content-encoding": "aesgcm",
        "encryption": f"salt={in_base64(drawn.salt)}",
        "crypto-key": f"dh={in_base64(own)}",
    }
    return Message(sealed, headers)


def _agree(receiver: Receiver, drawn: Draw) -> tuple[bytes, bytes]:
    """The secret that both ends can work out, and our public point."""
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), receiver.key)
    return drawn.private.exchange(ec.ECDH(), theirs), point_of(drawn.private)


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)


def _sized(point: bytes) -> bytes:
    return len(point).to_bytes(2, "big") + point


class Signer:
    """Says to push services who sends (RFC 8292). A signature serves one of them for hours, so it is kept."""

    def __init__(self, private: ec.EllipticCurvePrivateKey, contact: str) -> None:
        self._private = private
        self._contact = contact
        self._public = in_base64(point_of(private))
        self._kept: dict[str, tuple[str, int]] = {}

    def headers(self, endpoint: str, now_s: int) -> dict[str, str]:
        """What goes with a message in the standard form."""
        return {"authorization": f"vapid t={self._token(endpoint, now_s)}, k={self._public}"}

    def headers_as_draft(self, endpoint: str, now_s: int, message: Message) -> dict[str, str]:
        """What goes with a message in the drafts' form, its own keys among it."""
        keys = f"{message.headers['crypto-key']};p256ecdsa={self._public}"
        return {"authorization": f"WebPush {self._token(endpoint, now_s)}", "crypto-key": keys}

    def _token(self, endpoint: str, now_s: int) -> str:
        parts = urlsplit(endpoint)
        origin = f"{parts.scheme}://{parts.netloc}"
        token, until = self._kept.get(origin, ("", 0))
        if until < now_s + RENEWED_S or until > now_s + SIGNED_S:
            if len(self._kept) >= MOST_ORIGINS:
                self._kept.clear()
            until = now_s + SIGNED_S
            token = self._sign({"aud": origin, "exp": until, "sub": self._contact})
            self._kept[origin] = token, until
        return token

    def _sign(self, claims: Mapping[str, object]) -> str:
        head = in_base64(_encode({"typ": "JWT", "alg": "ES256"}))
        signed = f"{head}.{in_base64(_encode(claims))}"
        r, s = decode_dss_signature(self._private.sign(signed.encode(), ec.ECDSA(SHA256())))
        return f"{signed}.{in_base64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def point_of(private: ec.EllipticCurvePrivateKey) -> bytes:
    """The public half, uncompressed."""
    return private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


_encode = msgspec.json.Encoder().encode


def in_base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
