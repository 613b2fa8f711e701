"""What concerns the server as a whole: how fast it starts, what it keeps in memory, what a sign-up costs."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from bench.bars import CPU_US, OTHER
from bench.community import DEMO, community, empty_folder, settings_of
from bench.measure import Series, Target, Value
from bench.processes import pss_mb
from bench.report import Result
from bench.server import Server, serving
from weft.accounts import service as accounts
from weft.infra.db import Db, open_db
from weft.infra.events import Event
from weft.infra.signals import publish_now
from weft.kernel.clock import Clock
from weft.settings import Settings

IDLE_S = 5.0
SIGN_UPS = 300
WARM_UPS = 30
ISSUER = "https://people.example"
CLIENT = "weft-bench"


def start(target: Target | None = None) -> list[Result]:
    """The first start of an empty folder, and a later one of a small community, with its memory at rest."""
    with empty_folder() as data, serving(data) as first:
        results = [_value("first start", first.start_s)]
    with community(DEMO) as small:
        with serving(small.folder):
            pass
        with serving(small.folder) as later:
            results.append(_value("later start", later.start_s))
            time.sleep(IDLE_S)
            results.append(_value("memory", pss_mb(later.pid, later.own_backends)))
    return results


def _value(name: str, value: float) -> Result:
    bar = OTHER[name]
    return Value(name=name, value=value, unit=bar.unit, bar=str(bar), passed=bar.holds(value))


class _Provider:
    """Stands where outgoing requests would be: answers from memory what an OpenID provider answers."""

    def __init__(self) -> None:
        from joserfc.jwk import RSAKey

        self._key = RSAKey.generate_key(2048, {"kid": "1", "use": "sig"})
        self._next = ""

    async def get_json(self, url: str, headers: object = None) -> Any:
        if url.endswith("/jwks"):
            return {"keys": [self._key.as_dict(private=False)]}
        return {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/auth",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/jwks",
        }

    async def post_form(self, url: str, fields: object, headers: object = None) -> Any:
        return _Fetched(self._next)

    def expect(self, number: int, nonce: str, now: int) -> None:
        """Sign the identity token of the next person."""
        from joserfc import jwt

        claims = {
            "iss": ISSUER, "aud": CLIENT, "sub": f"person-{number}", "nonce": nonce, "iat": now, "exp": now + 600,
            "name": f"Person {number}", "email": f"person{number}@people.example", "email_verified": True,
            "preferred_username": f"person{number}", "picture": f"{ISSUER}/{number}.png",
        }  # fmt: skip
        self._next = jwt.encode({"alg": "RS256", "kid": "1"}, claims, self._key)


class _Fetched:
    is_success = True

    def __init__(self, token: str) -> None:
        self._token = token

    def decode(self, kind: Any) -> Any:
        return msgspec.convert({"id_token": self._token}, kind)


def sign_up(target: Target) -> list[Result]:
    """Sign-up with an identity: the token checked, the account made, the session begun; no outgoing request and no
    picture. The service runs in this process, whose CPU is counted with PostgreSQL's."""
    server = target.server
    return [server.run(_sign_up(target, server))] if server is not None else []


async def _sign_up(target: Target, server: Server) -> Series:
    settings = msgspec.structs.replace(
        settings_of(server.data), oidc_issuer=ISSUER, oidc_client_id=CLIENT, base_url="http://localhost:8000"
    )
    clock = Clock()
    db = await open_db(server.url, clock, size=2)
    events: list[Event] = []
    db.publish = events.extend
    provider = _Provider()
    client = accounts.OidcClient(provider, clock, settings)  # type: ignore[arg-type]  # stands in for the network
    spent, before, times = 0.0, 0.0, []
    for number in range(WARM_UPS + SIGN_UPS):
        if number == WARM_UPS:
            before = server.cpu_us()
        took, wall = await _one(db, settings, client, provider, number)
        if number >= WARM_UPS:
            spent += took
            times.append(wall)
    await db.close()
    spent += server.cpu_us() - before
    await publish_now(server.url, events)
    times.sort()
    per_person = spent / SIGN_UPS
    return Series(
        name="sign_up", requests=SIGN_UPS, failed=0, rate=SIGN_UPS / sum(times), p50_ms=1000 * times[SIGN_UPS // 2],
        p99_ms=1000 * times[-1 - SIGN_UPS // 100], bytes=0, cpu_us=per_person, bar=str(CPU_US["sign_up"]),
        passed=CPU_US["sign_up"].holds(per_person),
    )  # fmt: skip


async def _one(
    db: Db, settings: Settings, client: accounts.OidcClient, provider: _Provider, number: int
) -> tuple[float, float]:
    """One person; CPU in microseconds and seconds by the clock, without what the provider does."""
    cpu, wall = time.process_time(), time.perf_counter()
    _, attempt = await client.begin("en")
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    provider.expect(number, attempt.nonce, db.clock.now_ms() // 1000)
    cpu_again, wall_again = time.process_time(), time.perf_counter()
    identity = await client.finish(attempt, accounts.Answer(code="c", state=attempt.state))
    form = accounts.Joining(username=accounts.suggest_username(identity), agreement=True)
    account = await accounts.join(db, settings, identity, form)
    await accounts.create_session(db, account.id, "bench")
    cpu += time.process_time() - cpu_again
    return cpu * 1e6, wall + time.perf_counter() - wall_again
