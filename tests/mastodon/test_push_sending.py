"""Pushes are really sent: to a push service on loopback, whose messages the subscribed browser can open."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.postgres import Servers
from tests.support.push_service import Browser, Pushed, PushService, push_service
from tests.support.server import LiveServer, running_server

PATH = "/api/v1/push/subscription"
ALERTS = ("mention", "favourite", "reblog", "follow", "status", "poll", "update", "quote", "follow_request")


@pytest.fixture(scope="module")
def service() -> Iterator[PushService]:
    with push_service() as running:
        yield running


@pytest.fixture(scope="module")
def server(servers: Servers, request: pytest.FixtureRequest, service: PushService) -> Iterator[LiveServer]:
    kind = str(request.config.getoption("--postgres"))
    with (
        servers.database(kind, migrated=True) as url,
        running_server(url, {"WEFT_FETCH_ALLOW": service.peer}) as live,
    ):
        yield live


class Subscriber:
    """Somebody whose browser asked to be pushed to."""

    def __init__(self, server: LiveServer, service: PushService, **options: Any) -> None:
        self.person = server.person()
        self.browser = Browser()
        self.path = f"/send/{self.person.name}"
        self._service = service
        standard, policy = options.pop("standard", True), options.pop("policy", "all")
        given = self.browser.subscription(service.url + self.path, standard=standard)
        alerts = options.pop("alerts", ALERTS)
        self.person.post(PATH, subscription=given, data={"alerts": dict.fromkeys(alerts, True), "policy": policy})

    def messages(self, number: int = 1) -> list[dict[str, Any]]:
        return [message.opened(self.browser) for message in self.arrived(number)]

    def arrived(self, number: int = 1) -> list[Pushed]:
        return self._service.wait(self.path, number)


@pytest.fixture
def subscriber(server: LiveServer, service: PushService) -> Callable[..., Subscriber]:
    def subscribe(**options: Any) -> Subscriber:
        return Subscriber(server, service, **options)

    return subscribe


def nothing_came(server: LiveServer, service: PushService, one: Subscriber) -> bool:
    """After everything that was asked for has been done: a later push to somebody else overtakes nothing."""
    later = Subscriber(server, service)
    server.person().say(f"@{later.person.name} after that")
    later.arrived()
    server.settle()
    time.sleep(0.3)
    return not service.to(one.path)


def test_a_mention_arrives_sealed_signed_and_in_mastodons_words(
    server: LiveServer, subscriber: Callable[..., Subscriber]
) -> None:
    ann, bob = subscriber(), server.person()
    post = bob.say(f"@{ann.person.name} xin chào, 안녕하세요")
    (message,) = ann.arrived()
    opened = message.opened(ann.browser)
    (told,) = ann.person.get("/api/v1/notifications")
    assert opened["notification_id"] == int(told["id"]) and opened["notification_type"] == "mention"
    assert opened["access_token"] == "" and opened["preferred_locale"] == "en"
    assert opened["title"] == f"{bob.name} mentioned you" and opened["body"].endswith("xin chào, 안녕하세요")
    assert opened["icon"].startswith("http")
    assert opened["weft"] == {
        "notification_id": told["id"],
        "account_id": ann.person.id,
        "path": f"/@{bob.name}/{post['id']}",
    }
    headers = message.headers
    assert headers["content-encoding"] == "aes128gcm" and headers["authorization"].startswith("vapid t=")
    assert headers["urgency"] == "high" and int(headers["ttl"]) > 3600 and len(headers["topic"]) <= 32
    assert b"xin" not in message.body


def test_an_app_that_asks_for_the_drafts_form_gets_it(
    server: LiveServer, subscriber: Callable[..., Subscriber]
) -> None:
    ann = subscriber(standard=False)
    server.person().say(f"@{ann.person.name} hello")
    (message,) = ann.arrived()
    assert message.headers["content-encoding"] == "aesgcm"
    assert message.headers["authorization"].startswith("WebPush ")
    assert "p256ecdsa=" in message.headers["crypto-key"]
    assert message.opened(ann.browser)["notification_type"] == "mention"


def test_only_the_kinds_that_were_asked_for_are_pushed(
    server: LiveServer, service: PushService, subscriber: Callable[..., Subscriber]
) -> None:
    ann, bob = subscriber(alerts=("favourite",)), server.person()
    post = ann.person.say("hello")
    bob.post(f"/api/v1/accounts/{ann.person.id}/follow")
    bob.say(f"@{ann.person.name} hello")
    server.settle()
    bob.post(f"/api/v1/statuses/{post['id']}/favourite")
    (opened,) = ann.messages()
    assert opened["notification_type"] == "favourite" and opened["title"] == f"{bob.name} liked your post"
    assert opened["body"] == "hello" and opened["weft"]["path"] == f"/@{ann.person.name}/{post['id']}"


@pytest.mark.parametrize("policy", ["followed", "follower"])
def test_only_people_whom_the_policy_names_are_heard(
    server: LiveServer, service: PushService, subscriber: Callable[..., Subscriber], policy: str
) -> None:
    ann, stranger, friend = subscriber(policy=policy, alerts=("mention",)), server.person(), server.person()
    source, target = (ann.person, friend) if policy == "followed" else (friend, ann.person)
    source.post(f"/api/v1/accounts/{target.id}/follow")
    server.settle()
    stranger.say(f"@{ann.person.name} from a stranger")
    server.settle()
    friend.say(f"@{ann.person.name} from a friend")
    bodies = [message["body"] for message in ann.messages()]
    assert any(body.endswith("from a friend") for body in bodies)
    assert not any(body.endswith("from a stranger") for body in bodies)


def test_nobody_is_pushed_to_by_the_policy_of_nobody(
    server: LiveServer, service: PushService, subscriber: Callable[..., Subscriber]
) -> None:
    ann = subscriber(policy="none")
    server.person().say(f"@{ann.person.name} hello")
    assert nothing_came(server, service, ann)


def test_a_warning_is_pushed_and_what_stands_behind_it_is_not(
    server: LiveServer, subscriber: Callable[..., Subscriber]
) -> None:
    ann = subscriber()
    server.person().say(f"@{ann.person.name} the ending is", spoiler_text="About the film")
    (opened,) = ann.messages()
    assert opened["body"] == "About the film"


def test_a_message_is_told_as_one_in_the_language_of_its_receiver(
    server: LiveServer, subscriber: Callable[..., Subscriber]
) -> None:
    ann, bob = subscriber(), server.person()
    ann.person.post(f"/api/v1/accounts/{bob.id}/follow")
    ann.person.http.patch("/api/v1/accounts/update_credentials", json={"source": {"language": "ko"}})
    bob.say(f"@{ann.person.name} " + "오늘 " * 150, visibility="direct")
    (opened,) = ann.messages()
    assert opened["title"].startswith(bob.name) and len(opened["body"]) <= 140


@pytest.mark.parametrize("status", [404, 410])
def test_a_subscription_that_is_gone_is_forgotten(
    server: LiveServer, service: PushService, subscriber: Callable[..., Subscriber], status: int
) -> None:
    ann = subscriber()
    service.answers[ann.path] = [status]
    server.person().say(f"@{ann.person.name} hello")
    ann.arrived()
    assert eventually(lambda: ann.person.http.get(PATH).status_code == 404)


def test_a_service_that_is_busy_is_asked_again(
    server: LiveServer, service: PushService, subscriber: Callable[..., Subscriber]
) -> None:
    ann = subscriber()
    service.answers[ann.path] = [503, 201]
    server.person().say(f"@{ann.person.name} hello")
    first, second = service.wait(ann.path, 2, seconds=40)
    assert first.opened(ann.browser) == second.opened(ann.browser)
    assert ann.person.http.get(PATH).status_code == 200


def eventually(is_so: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(0.05)
    return False
