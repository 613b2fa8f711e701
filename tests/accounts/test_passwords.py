"""Passwords: choice, hashing, and what guessers can learn."""

import asyncio
import time
import unicodedata
from collections.abc import AsyncIterator

import pytest
from argon2 import PasswordHasher

from weft.accounts.passwords import MAX_BYTES, QUEUE, THREADS, Passwords
from weft.kernel.errors import Invalid, Unavailable


@pytest.fixture
async def passwords() -> AsyncIterator[Passwords]:
    made = Passwords()
    yield made
    made.close()


def refusal(passwords: Passwords, password: str) -> str | None:
    try:
        passwords.check_password(password)
    except Invalid as error:
        assert error.values["field"] == "password"
        return error.code
    return None


@pytest.mark.parametrize("password", ["", "a", "seven77", "\u1ea1" * 7, "e\u0301" * 7])
async def test_fewer_than_eight_characters_are_refused(passwords: Passwords, password: str) -> None:
    assert refusal(passwords, password) == "password.too_short"


@pytest.mark.parametrize("password", ["x" * (MAX_BYTES + 1), "\uac00" * 400, "a" * 10_000_000])
async def test_very_long_passwords_are_refused_before_any_work(passwords: Passwords, password: str) -> None:
    assert refusal(passwords, password) == "password.too_long"


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "PassWord1",
        "12345678",
        "qwertyuiop",
        "iloveyou",
        "matkhau123",
        "dkssudgktpdy",
        "aaaaaaaaaa",
        "87654321",
    ],
)
async def test_common_passwords_are_refused_however_they_are_capitalised(passwords: Passwords, password: str) -> None:
    assert refusal(passwords, password) == "password.breached"


@pytest.mark.parametrize(
    "password", ["lantern-otter", "       8", "mưa rào tháng bảy", "새벽의한국어비밀번호", "a\nb\nc\nd\ne", "Zq7#kk2p"]
)
async def test_no_rule_says_which_characters_to_use(passwords: Passwords, password: str) -> None:
    assert refusal(passwords, password) is None


async def test_the_right_password_verifies_and_others_do_not(passwords: Passwords) -> None:
    hashed = await passwords.hash("lantern otter")
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.verify(hashed, "lantern otter")
    assert not await passwords.verify(hashed, "Lantern otter")
    assert not await passwords.verify(hashed, "lantern otter ")
    assert not await passwords.verify(hashed, "")


async def test_a_password_typed_in_decomposed_form_is_the_same(passwords: Passwords) -> None:
    hashed = await passwords.hash(unicodedata.normalize("NFC", "mật khẩu của tôi"))
    assert await passwords.verify(hashed, unicodedata.normalize("NFD", "mật khẩu của tôi"))


async def test_a_guess_longer_than_any_password_is_wrong_even_if_its_start_is_right(passwords: Passwords) -> None:
    hashed = await passwords.hash("x" * MAX_BYTES)
    assert await passwords.verify(hashed, "x" * MAX_BYTES)
    assert not await passwords.verify(hashed, "x" * (MAX_BYTES + 1))


@pytest.mark.parametrize("broken", ["", "plain", "$argon2id$v=19$m=19456,t=2,p=1$$"])
async def test_a_broken_hash_matches_nothing(passwords: Passwords, broken: str) -> None:
    assert not await passwords.verify(broken, "lantern otter")


async def test_an_absent_account_takes_the_time_of_a_wrong_password(passwords: Passwords) -> None:
    hashed = await passwords.hash("lantern otter")
    wrong = min([await seconds(passwords, hashed) for _ in range(5)])
    absent = min([await seconds(passwords, None) for _ in range(5)])
    assert 0.5 < absent / wrong < 2


async def seconds(passwords: Passwords, hashed: str | None) -> float:
    start = time.perf_counter()
    assert not await passwords.verify(hashed, "wrong guess")
    return time.perf_counter() - start


async def test_a_hash_with_older_parameters_asks_to_be_made_again(passwords: Passwords) -> None:
    assert passwords.needs_rehash(PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("lantern otter"))
    assert not passwords.needs_rehash(await passwords.hash("lantern otter"))


async def test_more_hashes_than_the_queue_holds_are_refused_at_once(passwords: Passwords) -> None:
    room = THREADS + QUEUE
    tasks = [asyncio.create_task(passwords.hash("lantern otter")) for _ in range(room + 3)]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(isinstance(result, str) for result in results) == room
    assert [str(result) for result in results if isinstance(result, Unavailable)] == ["overloaded"] * 3
    assert await passwords.hash("lantern otter")


async def test_callers_who_go_away_do_not_make_the_queue_longer(passwords: Passwords) -> None:
    for _ in range(QUEUE * 2):
        task = asyncio.create_task(passwords.hash("lantern otter"))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    while True:
        try:
            assert await passwords.hash("lantern otter")
            break
        except Unavailable:
            await asyncio.sleep(0.01)
