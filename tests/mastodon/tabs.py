"""A browser that is signed in by the server's own pages, on a whole application in this process."""

from __future__ import annotations

from typing import Any

import httpx

from tests.security.house import BASE, House
from weft.kernel.ids import AccountId

PASSWORD = "mountain-lake-7"
OWN = {"origin": BASE, "sec-fetch-site": "same-origin"}


class Tab:
    """A browser that is signed in by the server's own pages."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.http = house.client()
        self.http.headers.update(OWN)

    async def sign_in(self, name: str, **more: str) -> httpx.Response:
        page = await self.http.get("/auth/sign_in")
        csrf = page.text.split('name="csrf" value="')[1].split('"')[0]
        form = {"csrf": csrf, "login": name, "password": PASSWORD, **more}
        answer = await self.http.post("/auth/sign_in", data=form)
        assert answer.status_code == 303, answer.text
        return answer

    async def session(self) -> Any:
        return (await self.http.get("/api/weft/v1/session")).json()

    async def post(self, path: str, **values: Any) -> httpx.Response:
        return await self.http.post(path, json=values)

    async def is_in(self) -> bool:
        return (await self.http.get("/api/v1/accounts/verify_credentials")).status_code == 200


async def tab_of(house: House, hashed: str, name: str = "ann", **given: Any) -> tuple[Tab, AccountId]:
    person = await house.person(name, password_hash=hashed, email=f"{name}@example.com", **given)
    tab = Tab(house)
    await tab.sign_in(name)
    return tab, person.account_id


async def names(tab: Tab) -> list[str]:
    """Who is signed in in the browser, the one in use first."""
    return [account["acct"] for account in (await tab.session())["accounts"]]
