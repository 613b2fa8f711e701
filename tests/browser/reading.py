"""What a screen reader would stumble over: axe-core, run in the page with its policy in force.

The script is evaluated by the debugger, in the page's own world, which a policy does not forbid; it adds no element.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

SEVERE = ("serious", "critical")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


RUN = Path(__file__).with_name("run_axe.js").read_text("utf-8")


@cache
def _script() -> str:
    import axe_playwright_python

    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")


async def violations(page: Any, within: str = "") -> list[str]:
    """What axe calls serious or critical, one line each."""
    if not await page.evaluate("typeof window.axe === 'object'"):
        await page.evaluate(_script())
    found = await page.evaluate(
        RUN,
        [within, RULES],
    )
    return [f"{one['id']} ({one['impact']}): {one['help']} {one['nodes']}" for one in found if one["impact"] in SEVERE]
