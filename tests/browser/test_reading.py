"""What people read: home, threads, what a visitor sees, with and without script."""

from __future__ import annotations

import pytest

from tests.browser.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_visitor_reads_what_the_community_writes_and_opens_a_post(stage: Stage) -> None:
    screen = await stage.screen()
    await screen.open("/")
    await screen.assert_reads_well()
    await screen.shot("welcome")


async def test_a_member_reads_home(stage: Stage) -> None:
    screen = await stage.screen("mai")
    await screen.open("/")
    await screen.settle()
    await screen.assert_reads_well()
    await screen.shot("home")
