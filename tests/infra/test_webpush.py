"""Messages are sealed as RFC 8291's example shows, and signed as RFC 8292 asks."""

from __future__ import annotations

import base64
import json

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tests.support.push_service import Browser
from weft.infra.webpush import MOST_BYTES, RECORD, Draw, Receiver, Signer, draw, in_base64, seal, seal_as_draft


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def private_key(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(decoded(text), "big"), ec.SECP256R1())


def test_the_example_of_rfc_8291_comes_out_byte_for_byte() -> None:
    receiver = Receiver(
        decoded("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
        decoded("BTBZMqHH6r4Tts7J_aSIgg"),
    )
    drawn = Draw(private_key("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), decoded("DGv6ra1nlYgDCS1FRnbzlw"))
    message = seal(b"When I grow up, I want to be a watermelon", receiver, drawn)
    assert in_base64(message.body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
        "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
        "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    assert message.headers["content-encoding"] == "aes128gcm"


def test_what_is_sealed_can_be_opened_in_both_forms_and_is_sealed_anew_each_time() -> None:
    browser = Browser()
    receiver = Receiver(browser.point, browser.auth)
    text = "Ann replied: xin chào, 안녕".encode()
    first, second = seal(text, receiver, draw()), seal(text, receiver, draw())
    assert browser.open(first.body, first.headers) == browser.open(second.body, second.headers) == text
    assert first.body != second.body
    old = seal_as_draft(text, receiver, draw())
    assert browser.open(old.body, old.headers) == text


def test_the_longest_message_fits_one_record() -> None:
    browser = Browser()
    message = seal(b"x" * MOST_BYTES, Receiver(browser.point, browser.auth), draw())
    assert len(message.body) == RECORD


def claims_of(token: str, key: ec.EllipticCurvePublicKey) -> dict[str, object]:
    signed, _, signature = token.rpartition(".")
    raw = decoded(signature)
    pair = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key.verify(pair, signed.encode(), ec.ECDSA(SHA256()))
    head, claims = (json.loads(decoded(part)) for part in signed.split("."))
    assert head == {"typ": "JWT", "alg": "ES256"}
    return dict(claims)


def test_a_signature_names_the_push_service_and_ends_within_the_day() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    signer = Signer(private, "https://weft.example")
    header = signer.headers("https://push.example:8443/send/abc", 1_000_000)["authorization"]
    token = header.removeprefix("vapid t=").partition(",")[0]
    claims = claims_of(token, private.public_key())
    assert claims == {"aud": "https://push.example:8443", "exp": 1_000_000 + 12 * 3600, "sub": "https://weft.example"}
    assert header.endswith(f"k={signer.headers('https://other.example/', 0)['authorization'].rpartition('k=')[2]}")


def test_a_signature_is_kept_until_shortly_before_its_end() -> None:
    signer = Signer(ec.generate_private_key(ec.SECP256R1()), "https://weft.example")
    first = signer.headers("https://push.example/a", 1000)
    assert signer.headers("https://push.example/b", 1000 + 10 * 3600) == first
    assert signer.headers("https://push.example/b", 1000 + 11 * 3600 + 1) != first
    assert signer.headers("https://elsewhere.example/b", 1000) != first
