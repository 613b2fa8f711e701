"""Signing up by page in the four modes, the mails that belong to it."""

from __future__ import annotations

import httpx

from tests.web.site import (
    FORM,
    PASSWORD,
    Site,
    allow,
    asking,
    fetch_token,
    link_in,
    person,
    register,
    signed_up,
    site_with,
    submit,
    values_of,
)
from weft.accounts.service import (
    create_invite,
    list_waiting,
    reject,
)
from weft.accounts.sign_up import approve
from weft.infra.db import Db
from weft.kernel.clock import ManualClock
from weft.kernel.ids import bucket_of


async def test_sign_up_by_page_then_confirm_then_authorise(site: Site, browser: httpx.AsyncClient) -> None:
    assert (await signed_up(browser)).status_code == 303
    assert "minh@example.com" in (await browser.get("/auth/access")).text
    async with site.app() as client:
        app = await register(client)
        held = await browser.get("/oauth/authorize", params=asking(app))
        assert "minh@example.com" in held.text and 'value="allow"' not in held.text
        (mail,) = await site.mail()
        page = await browser.get(link_in(mail))
        assert (await person(site.db, "minh"))[1].state == "unconfirmed"
        assert (await submit(browser, page, "/auth/confirm")).status_code == 200
        assert (await person(site.db, "minh"))[1].state == "active"
        assert (await submit(browser, page, "/auth/confirm")).status_code == 404
        code = values_of((await allow(browser, app)).headers["location"])["code"]
        assert (await fetch_token(client, app, code)).status_code == 200


async def test_a_used_address_is_not_told_and_its_owner_learns_of_it(site: Site) -> None:
    await site.person("ann")
    async with site.browser() as new, site.browser() as used:
        fresh = await signed_up(new, username="one")
        taken = await signed_up(used, username="two", email="ANN@example.com")
        assert fresh.status_code == taken.status_code == 303
        assert fresh.headers["location"] == taken.headers["location"]
    mails = {mail.to: mail.subject for mail in await site.mail()}
    assert mails["minh@example.com"].startswith("Confirm")
    assert mails["ann@example.com"].startswith("You already have")


async def test_without_confirmation_a_used_address_is_told(db: Db) -> None:
    async with site_with(db, confirm_email=False) as site, site.browser() as browser:
        await site.person("ann")
        answer = await signed_up(browser, email="ann@example.com")
        assert answer.status_code == 422 and "Somebody has this already" in answer.text
        assert (await signed_up(browser)).status_code == 303
        assert (await person(db, "minh"))[1].state == "active"


async def test_of_two_who_use_one_address_the_first_to_confirm_has_it(site: Site) -> None:
    async with site.browser() as one, site.browser() as two:
        await signed_up(one, username="one")
        await signed_up(two, username="two")
        first, second = await site.mail()
        assert (await submit(one, await one.get(link_in(first)), "/auth/confirm")).status_code == 200
        assert (await submit(two, await two.get(link_in(second)), "/auth/confirm")).status_code == 422


async def test_a_taken_or_reserved_name_and_a_known_password_are_told(db: Db) -> None:
    said_of = (
        ({"username": "ANN"}, "Somebody has this already"),
        ({"username": "admin"}, "kept for the server"),
        ({"username": "ngõ"}, "does not look right"),
        ({"password": "password1"}, "know this one"),
        ({"password": "short"}, "at least 8 characters"),
        ({"email": "nobody"}, "does not look right"),
        ({"agreement": ""}, "agree to the rules"),
    )
    async with site_with(db, limits=False) as site, site.browser() as browser:
        await site.person("ann")
        for given, said in said_of:
            answer = await signed_up(browser, **given)
            assert answer.status_code == 422 and said in answer.text, given
            assert PASSWORD not in answer.text


async def test_the_mail_is_sent_again_also_to_another_address(site: Site, browser: httpx.AsyncClient) -> None:
    await signed_up(browser)
    (first,) = await site.mail()
    page = await browser.get("/auth/access")
    assert (await submit(browser, page, "/auth/confirm/again", email="right@example.com")).status_code == 200
    (second,) = await site.mail()
    assert second.to == "right@example.com"
    assert (await submit(browser, await browser.get(link_in(first)), "/auth/confirm")).status_code == 404
    assert (await submit(browser, await browser.get(link_in(second)), "/auth/confirm")).status_code == 200
    assert (await person(site.db, "minh"))[1].email == "right@example.com"


async def test_closed_refuses_everybody(db: Db) -> None:
    async with site_with(db, signup="closed") as site, site.browser() as browser:
        assert (await browser.get("/auth/sign_up")).status_code == 403
        page = await browser.get("/auth/sign_in")
        assert (await submit(browser, page, "/auth/sign_up", **FORM)).status_code == 403


async def test_an_invitation_is_used_up_only_by_who_gets_in(db: Db, clock: ManualClock) -> None:
    async with site_with(db, signup="invite", limits=False) as site, site.browser() as browser:
        ann = await site.person("ann")
        invite = await create_invite(db, ann, max_uses=1, lives_s=3600)
        assert "need an invitation" in (await signed_up(browser)).text
        assert "does not exist" in (await signed_up(browser, invite="wrong")).text
        assert (await signed_up(browser, invite=invite.code, username="ann")).status_code == 422
        assert (await signed_up(browser, invite=invite.code)).status_code == 303
        again = await signed_up(browser, invite=invite.code, username="other", email="o@example.com")
        assert "was used up" in again.text
        late = await create_invite(db, ann, max_uses=None, lives_s=60)
        clock.advance(61)
        assert "does not exist" in (await signed_up(browser, invite=late.code, username="other")).text


async def test_approval_queues_until_somebody_decides(db: Db) -> None:
    async with site_with(db, signup="approval", confirm_email=False) as site:
        async with site.browser() as browser:
            assert "fill this in" in (await signed_up(browser)).text
            await signed_up(browser, reason="I garden")
            assert "Waiting for approval" in (await browser.get("/auth/access")).text
        async with site.browser() as browser:
            await signed_up(browser, username="spam", email="s@example.com", reason="buy this")
        async with db.read() as reader:
            first, second = await list_waiting(reader)
        assert {first.username, second.username} == {"minh", "spam"}
        minh, spam = (await person(db, "minh"))[0].id, (await person(db, "spam"))[0].id
        async with db.tx(bucket_of(minh)) as tx:
            await approve(tx, minh)
        await reject(db, spam)
        assert [mail.subject for mail in await site.mail()] == ["Welcome to Weft"]
        assert (await person(db, "minh"))[1].state == "active"
        async with site.browser() as browser:
            again = await signed_up(browser, username="spam", email="s@example.com", reason="sorry")
            assert again.status_code == 303


async def test_a_minimum_age_is_asked_for_and_not_kept(db: Db) -> None:
    async with site_with(db, min_age=16) as site, site.browser() as browser:
        assert "too young" in (await signed_up(browser, date_of_birth="2010-01-02")).text
        assert "does not look right" in (await signed_up(browser, date_of_birth="yesterday")).text
        assert (await signed_up(browser, date_of_birth="2010-01-01")).status_code == 303
        async with db.read() as reader:
            row = await reader.value("SELECT u::text FROM users u")
        assert "2010" not in row and site
