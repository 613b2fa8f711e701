"""What no screen may do while it is looked at: errors, refused content, failed requests, moving by itself."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

MOST_SHIFT = 0.02
TELLTALE = Path(__file__).with_name("telltale.js").read_text("utf-8")


class Watch:
    """Collects what went wrong on a browser context; ``problems`` lists it."""

    def __init__(self, *, scripts: bool = True) -> None:
        self._scripts = scripts
        self._problems: list[str] = []
        self._shifts: dict[str, float] = {}
        self._movers: dict[str, list[str]] = {}
        self._expected: list[tuple[int, re.Pattern[str]]] = []
        self._may_log: list[re.Pattern[str]] = []
        self.forgiving_offline = False
        self.forgiving_shifts = False
        """From now on the test itself moves things."""

    async def attach(self, context: Any) -> None:
        await context.expose_binding("weftTold", self._told)
        await context.add_init_script(TELLTALE)
        context.on("page", self._watch_page)
        for page in context.pages:
            self._watch_page(page)

    def expect(self, status: int, address: str) -> None:
        """Answers of this number from such addresses are what the test is about."""
        self._expected.append((status, re.compile(address)))

    def may_log(self, text: str) -> None:
        """Such a line in the console is what the test is about."""
        self._may_log.append(re.compile(text))

    @property
    def problems(self) -> list[str]:
        shifts = [
            f"layout shift {total:.3f} on {view}: {self._movers[view][:6]}"
            for view, total in self._shifts.items()
            if total > MOST_SHIFT
        ]
        return self._problems + shifts

    def _watch_page(self, page: Any) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._note(f"page error: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)

    def _note(self, text: str) -> None:
        if not any(pattern.search(text) for pattern in self._may_log):
            self._problems.append(text)

    def _console(self, message: Any) -> None:
        if message.type != "error":
            return
        address = (message.location or {}).get("url", "")
        if "Failed to load resource" in message.text and (
            self.forgiving_offline or any(pattern.search(address) for _, pattern in self._expected)
        ):
            return
        if self.forgiving_offline and "ERR_INTERNET_DISCONNECTED" in message.text:
            return
        self._note(f"console: {message.text} ({address})")

    def _failed(self, request: Any) -> None:
        failure = request.failure or ""
        # Going on to another page ends what the last one was still asking for.
        if (
            "ERR_ABORTED" in failure
            or self.forgiving_offline
            or not (self._scripts or request.resource_type != "script")
        ):
            return
        if any(status == 0 and pattern.search(request.url) for status, pattern in self._expected):
            return
        self._note(f"request failed: {request.method} {request.url} {failure}")

    def _answered(self, response: Any) -> None:
        if response.status < 400:
            return
        if any(status == response.status and pattern.search(response.url) for status, pattern in self._expected):
            return
        self._note(f"{response.status} for {response.request.method} {response.url}")

    async def _told(self, _source: Any, kind: str, text: str, value: float) -> None:
        if kind == "csp":
            self._note(f"content security policy: {text}")
            return
        if self.forgiving_shifts:
            return
        view = text.partition(" | ")[0]
        self._shifts[view] = self._shifts.get(view, 0.0) + value
        self._movers.setdefault(view, []).append(f"{value:.3f} {text.partition(' | ')[2]}")
