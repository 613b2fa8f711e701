"""Bringing people by a link or by mail: who may, how many, and what the mail says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.security.house import House, house_on
from tests.web.site import Box
from weft.accounts.events import InvitationWanted
from weft.accounts.invitations import send_invitation

PATH = "/api/weft/v1/invites"


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with house_on(database_url, tmp_path, signup="invite") as made:
        yield made


async def test_a_link_lets_somebody_in_once_and_is_then_gone(house: House) -> None:
    ann = await house.person()
    made = await ann.post(PATH)
    assert made["max_uses"] == 1 and made["uses"] == 0 and made["expires_at"]
    assert made["url"] == f"http://localhost:8000/auth/sign_up?invite={made['id']}"
    assert await ann.get(PATH) == [made]
    page = await house.visitor.get(made["url"])
    assert f'value="{made["id"]}"' in page.text
    async with house.db.once(0) as run:
        await run.execute("UPDATE invites SET uses = 1 WHERE code = $1  -- shared", made["id"])
    assert await ann.get(PATH) == []


async def test_an_invitation_is_its_makers_to_take_back(house: House) -> None:
    ann, bob = await house.person(), await house.person()
    made = await ann.post(PATH, max_uses=None, expires_in=None)
    assert made["max_uses"] is None and made["expires_at"] is None
    assert await bob.get(PATH) == []
    assert (await bob.http.delete(f"{PATH}/{made['id']}")).status_code == 404
    assert (await ann.http.delete(f"{PATH}/{made['id']}")).status_code == 200
    assert (await ann.http.delete(f"{PATH}/{made['id']}")).status_code == 404
    assert await ann.get(PATH) == []


@pytest.mark.parametrize("given", [{"max_uses": 0}, {"max_uses": 1001}, {"expires_in": 5}, {"code": "mine"}])
async def test_what_no_invitation_may_be_is_refused(house: House, given: dict[str, object]) -> None:
    ann = await house.person()
    assert (await ann.http.post(PATH, json=given)).status_code == 422


async def test_only_so_many_are_open_at_a_time(house: House) -> None:
    ann = await house.person()
    for _ in range(50):
        await ann.post(PATH)
    assert (await ann.http.post(PATH)).status_code == 409


async def test_where_nobody_may_sign_up_nobody_invites(database_url: str, tmp_path: Path) -> None:
    async with house_on(database_url, tmp_path, signup="closed") as house:
        owner = await house.person(role="owner")
        assert (await owner.http.post(PATH)).status_code == 403


async def test_where_people_are_approved_only_who_approves_invites(database_url: str, tmp_path: Path) -> None:
    async with house_on(database_url, tmp_path, signup="approval") as house:
        ann, mia = await house.person(), await house.person(role="moderator")
        refused = await ann.http.post(PATH)
        assert refused.status_code == 403 and refused.json()["weft"]["code"] == "invite.staff"
        assert (await mia.http.post(PATH)).status_code == 200


async def test_a_mail_carries_the_link_in_the_inviters_language(house: House) -> None:
    ann, box = await house.person("ann", locale="vi"), Box()
    made = await ann.post(f"{PATH}/mail", email="minh@example.com")
    assert made["max_uses"] == 1
    wanted = InvitationWanted(account_id=ann.account_id, email="minh@example.com", code=made["id"])
    await send_invitation(house.db, box, house.worker.ports.settings, wanted)
    (mail,) = box.mails
    assert mail.to == "minh@example.com" and "@ann" in mail.subject and made["url"] in mail.text.splitlines()
    assert "Tham gia" in mail.text


async def test_an_invitation_that_was_taken_back_is_not_sent(house: House) -> None:
    ann, box = await house.person("ann"), Box()
    made = await ann.post(f"{PATH}/mail", email="minh@example.com")
    await ann.http.delete(f"{PATH}/{made['id']}")
    wanted = InvitationWanted(account_id=ann.account_id, email="minh@example.com", code=made["id"])
    await send_invitation(house.db, box, house.worker.ports.settings, wanted)
    assert box.mails == []


@pytest.mark.parametrize("email", ["", "x", "a@b\r\nBcc: c@d.example", "a@b, c@d.example"])
async def test_what_is_no_address_gets_no_mail(house: House, email: str) -> None:
    ann = await house.person()
    assert (await ann.http.post(f"{PATH}/mail", json={"email": email})).status_code == 422
    assert await ann.get(PATH) == []


async def test_only_so_many_mails_leave_a_day(database_url: str, tmp_path: Path) -> None:
    async with house_on(database_url, tmp_path, signup="open", limits=True) as house:
        ann = await house.person()
        answers = [await ann.http.post(f"{PATH}/mail", json={"email": f"p{n}@example.com"}) for n in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
