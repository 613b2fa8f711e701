"""Mail against a real SMTP server on loopback, and to the log without one."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

import weft.infra.mail
from tests.infra.certificates import certificate
from tests.infra.post_office import post_office
from weft.infra.mail import Mail, Mailer, check_address, default_sender, parse_sender, parse_server
from weft.kernel.clock import ManualClock
from weft.kernel.errors import Invalid, Unavailable

HELLO = Mail("ann@example.org", "Xin chào", "Line one\n.\nmột hai ba\n" + "x" * 1200 + "\n")


@contextmanager
def mailing(smtp: str, tls: ssl.SSLContext | None = None) -> Iterator[Mailer]:
    made = Mailer(smtp, "Weft <weft@community.example>", ManualClock(1_767_322_980_000), tls=tls)
    try:
        yield made
    finally:
        made.close()


async def test_a_mail_arrives_as_it_was_written() -> None:
    async with post_office() as office:
        with mailing(office.url) as mailer:
            await mailer.send(HELLO)
    (mail,) = office.mails
    assert mail.get_content().replace("\r\n", "\n") == HELLO.text
    assert (mail["subject"], mail["to"], mail["from"]) == (
        "Xin chào",
        "ann@example.org",
        "Weft <weft@community.example>",
    )
    assert mail["date"] == "Fri, 02 Jan 2026 03:03:00 +0000"
    assert mail["message-id"].endswith("@community.example>")
    assert mail["auto-submitted"] == "auto-generated"
    assert office.envelopes[0][1] == ["rcpt TO:<ann@example.org>"]


async def test_a_line_break_in_a_subject_starts_no_header() -> None:
    async with post_office() as office:
        with mailing(office.url) as mailer:
            await mailer.send(Mail("ann@example.org", "Hi\r\nBcc: eve@example.org\n\nbody", "text"))
    (mail,) = office.mails
    assert mail["bcc"] is None
    assert mail["subject"] == "Hi Bcc: eve@example.org body"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ann",
        "ann@",
        "@example.org",
        "ann@example.org\r\nRCPT TO:<eve@example.org>",
        "ann@example.org, eve@example.org",
        "Ann <ann@example.org>",
        "<ann@example.org>",
        "ann@exa mple.org",
        "a..b@example.org",
        "ann@-x.org",
        "ann@example..org",
        "x" * 65 + "@example.org",
        "ann@" + "x." * 130 + "org",
        "ann@[127.0.0.1]",
        "ann\x00@example.org",
    ],
)
async def test_what_is_not_one_address_is_refused(address: str) -> None:
    async with post_office() as office:
        with mailing(office.url) as mailer, pytest.raises(Invalid, match=r"mail\.address"):
            await mailer.send(Mail(address, "Hi", "text"))
    assert office.envelopes == []


def test_addresses_keep_their_local_part_and_get_an_ascii_domain() -> None:
    assert check_address("Ann.O'Hara+weft@Example.ORG") == "Ann.O'Hara+weft@example.org"
    assert check_address("ann@bücher.example") == "ann@xn--bcher-kva.example"


async def test_without_a_server_the_text_is_in_the_log() -> None:
    with mailing("") as mailer, capture_logs() as logs:
        await mailer.send(HELLO)
    assert [(entry["event"], entry["letter"]) for entry in logs] == [("mail.not_configured", HELLO.text)]


async def test_with_a_server_neither_text_nor_address_is_logged() -> None:
    async with post_office() as office:
        office.recipient_answer = "451 ann@example.org later"
        with mailing(office.url) as mailer, capture_logs() as logs, pytest.raises(Unavailable):
            await mailer.send(HELLO)
    assert "ann@" not in str(logs)
    assert "Line one" not in str(logs)


async def test_a_refused_recipient_is_final_and_a_busy_one_is_not() -> None:
    async with post_office() as office:
        with mailing(office.url) as mailer:
            office.recipient_answer = "550 no such person"
            with pytest.raises(Invalid, match=r"mail\.refused"):
                await mailer.send(HELLO)
            office.recipient_answer = "450 busy"
            with pytest.raises(Unavailable, match=r"mail\.failed"):
                await mailer.send(HELLO)


async def test_an_absent_or_silent_server_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weft.infra.mail, "STEP_S", 0.2)
    async with post_office() as office:
        office.is_silent = True
        with mailing(office.url) as mailer, pytest.raises(Unavailable, match=r"mail\.failed"):
            await mailer.send(HELLO)
    with mailing(office.url) as mailer, pytest.raises(Unavailable, match=r"mail\.failed"):
        await mailer.send(HELLO)


async def test_tls_is_started_when_offered_and_the_password_follows_it(tmp_path: Path) -> None:
    server, trust = certificate(tmp_path, "mail.example")
    async with post_office() as office:
        office.offers_tls = server
        with mailing(f"smtp://ann:p%40ss@127.0.0.1:{office.port}", tls=trust) as mailer:
            await mailer.send(HELLO)
    assert office.sign_ins == [("ann:p@ss", True)]
    assert len(office.mails) == 1


async def test_tls_from_the_first_byte(tmp_path: Path) -> None:
    server, trust = certificate(tmp_path, "mail.example")
    async with post_office(tls=server) as office:
        with mailing(f"smtps://ann:secret@127.0.0.1:{office.port}", tls=trust) as mailer:
            await mailer.send(HELLO)
    assert office.sign_ins == [("ann:secret", True)]


@pytest.mark.parametrize("scheme", ["smtp", "smtps", "smtp+starttls"])
async def test_a_server_with_an_unknown_certificate_gets_nothing(tmp_path: Path, scheme: str) -> None:
    server, _ = certificate(tmp_path, "mail.example")
    async with post_office(tls=server if scheme == "smtps" else None) as office:
        office.offers_tls = server
        with mailing(f"{scheme}://ann:secret@127.0.0.1:{office.port}") as mailer, pytest.raises(Unavailable):
            await mailer.send(HELLO)
    assert (office.sign_ins, office.mails) == ([], [])


async def test_required_tls_that_is_not_offered_stops_the_mail() -> None:
    async with post_office() as office:
        with mailing(f"smtp+starttls://127.0.0.1:{office.port}") as mailer, pytest.raises(Unavailable):
            await mailer.send(HELLO)
    assert office.mails == []


async def test_a_password_is_not_said_in_the_open_to_another_machine() -> None:
    async with post_office() as office:
        # Linux connects this address to itself, but it is none of the loopback addresses.
        with mailing(f"smtp://ann:secret@0.0.0.0:{office.port}") as mailer, pytest.raises(Unavailable):
            await mailer.send(HELLO)
    assert (office.sign_ins, office.mails) == ([], [])


async def test_a_fault_can_be_switched_on_for_drills() -> None:
    def away(peer: str) -> None:
        raise Unavailable("mail.failed", peer=peer)

    async with post_office() as office:
        mailer = Mailer(office.url, "weft@community.example", ManualClock(0), fault=away)
        with pytest.raises(Unavailable):
            await mailer.send(HELLO)
        mailer.close()
    assert office.envelopes == []


@pytest.mark.parametrize("url", ["http://x", "smtp://", "mail.example", "smtp:mail.example"])
def test_a_wrong_server_setting_is_told_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="must be smtp://"):
        parse_server(url)


@pytest.mark.parametrize(
    ("domain", "sender"),
    [
        ("community.example", "weft@community.example"),
        ("localhost:8000", "weft@localhost"),
        ("[::1]:8000", "weft@localhost"),
    ],
)
def test_a_community_without_a_sender_writes_from_its_own_domain(domain: str, sender: str) -> None:
    assert default_sender(domain) == sender


def test_the_sender_is_a_name_with_an_address_or_an_address() -> None:
    assert str(parse_sender('"Weft, the" <weft@community.example>')) == '"Weft, the" <weft@community.example>'
    assert str(parse_sender("weft@community.example")) == "weft@community.example"
