"""Push subscriptions as clients see them, against a real server."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.server import LiveServer, Person

PATH = "/api/v1/push/subscription"


@pytest.fixture
def ann(server: LiveServer) -> Person:
    return server.person()


def in_base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def new_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return in_base64(key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def subscription(**changes: str) -> dict[str, Any]:
    values = {"endpoint": "https://push.example/x", "p256dh": new_key(), "auth": in_base64(b"0123456789abcdef")}
    values |= changes
    keys = {"p256dh": values["p256dh"], "auth": values["auth"]}
    return {"endpoint": values["endpoint"], "keys": keys}


def test_a_subscription_from_its_making_to_its_end(server: LiveServer, ann: Person) -> None:
    assert ann.http.get(PATH).status_code == 404
    assert ann.http.put(PATH, json={"data": {"policy": "all"}}).status_code == 404
    made = ann.post(PATH, subscription=subscription(), data={"alerts": {"mention": True, "admin.sign_up": "1"}})
    assert made["alerts"]["mention"] is True and made["alerts"]["admin.sign_up"] is True
    assert made["alerts"]["reblog"] is False and made["policy"] == "all" and made["standard"] is False
    key = server.visitor.get("/api/v2/instance").json()["configuration"]["vapid"]["public_key"]
    assert made["server_key"] == key and len(base64.urlsafe_b64decode(key + "=")) == 65
    assert ann.get(PATH) == made
    changed = ann.http.put(PATH, json={"data": {"alerts": {"poll": True}, "policy": "followed"}}).json()
    assert changed["alerts"]["poll"] is True and changed["alerts"]["mention"] is False
    assert changed["policy"] == "followed" and changed["id"] == made["id"]
    assert ann.delete(PATH) == {} and ann.delete(PATH) == {}
    assert ann.http.get(PATH).status_code == 404


def test_a_form_works_and_a_new_subscription_takes_the_place_of_the_old(ann: Person) -> None:
    given = subscription()
    form = {
        "subscription[endpoint]": given["endpoint"],
        "subscription[keys][p256dh]": given["keys"]["p256dh"],
        "subscription[keys][auth]": given["keys"]["auth"],
        "subscription[standard]": "true",
        "data[alerts][follow]": "true",
        "data[policy]": "none",
    }
    first = ann.http.post(PATH, data=form).json()
    assert first["standard"] is True and first["alerts"]["follow"] is True and first["policy"] == "none"
    second = ann.post(PATH, subscription=subscription(endpoint="https://push.example/y"))
    assert second["id"] != first["id"] and ann.get(PATH)["endpoint"] == "https://push.example/y"


def test_each_token_has_its_own(server: LiveServer, ann: Person) -> None:
    ann.post(PATH, subscription=subscription())
    other = server.client(server.token(ann.id, "push"))
    assert other.get(PATH).status_code == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"endpoint": ""},
        {"endpoint": "http://push.example/x"},
        {"endpoint": "https://[x"},
        {"endpoint": "javascript:alert(1)"},
        {"endpoint": "https://push.example/" + "x" * 3000},
        {"p256dh": "AAAA"},
        {"p256dh": in_base64(b"\x04" + b"\1" * 64)},
        {"p256dh": "ü"},
        {"auth": "AAAA"},
        {"auth": in_base64(b"0123456789abcdef") + " "},
    ],
)
def test_what_cannot_be_pushed_to_is_refused(ann: Person, changes: dict[str, str]) -> None:
    assert ann.http.post(PATH, json={"subscription": subscription(**changes)}).status_code == 422
    assert ann.http.get(PATH).status_code == 404
