"""Browsers by what they call themselves. What people see of it, in the app and on the pages, comes from here alone."""

from __future__ import annotations

import pytest

from weft.kernel.text.agents import Agent, agent_of

MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
LINUX = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
PIXEL = "Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 (KHTML, like Gecko)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
IPAD = "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("text", "browser", "system", "is_phone"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox", "Linux", False),
        ("Mozilla/5.0 (Android 14; Mobile; rv:128.0) Gecko/128.0 Firefox/128.0", "Firefox", "Android", True),
        (f"{IPHONE} FxiOS/128.0 Mobile/15E148 Safari/605.1.15", "Firefox", "iPhone", True),
        (f"{WINDOWS} Chrome/126.0.0.0 Safari/537.36", "Chrome", "Windows", False),
        (f"{WINDOWS} Chrome/126.0.0.0 Safari/537.36 Edg/126.0", "Edge", "Windows", False),
        (f"{PIXEL} Chrome/126.0.0.0 Mobile Safari/537.36 EdgA/126.0", "Edge", "Android", True),
        (f"{IPHONE} Version/17.0 EdgiOS/126.0 Mobile/15E148 Safari/605.1.15", "Edge", "iPhone", True),
        (f"{WINDOWS} Chrome/126.0.0.0 Safari/537.36 OPR/112.0", "Opera", "Windows", False),
        (f"{WINDOWS} Chrome/126.0.0.0 Whale/3.26 Safari/537.36", "Whale", "Windows", False),
        (f"{WINDOWS} coc_coc_browser/126.0 Chrome/120.0 Safari/537.36", "Cốc Cốc", "Windows", False),
        (f"{LINUX} Chrome/126.0.0.0 Safari/537.36 Vivaldi/6.8", "Vivaldi", "Linux", False),
        (f"{LINUX} Ubuntu Chromium/126.0 Chrome/126.0 Safari/537.36", "Chromium", "Linux", False),
        (f"{LINUX} HeadlessChrome/126.0 Safari/537.36", "Chrome", "Linux", False),
        (f"{PIXEL} Chrome/126.0.0.0 Mobile Safari/537.36", "Chrome", "Android", True),
        (f"{PIXEL} SamsungBrowser/25.0 Chrome/121.0 Mobile Safari/537.36", "Samsung Internet", "Android", True),
        (f"{IPHONE} CriOS/126.0 Mobile/15E148 Safari/604.1", "Chrome", "iPhone", True),
        ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) Chrome/126.0 Safari/537.36", "Chrome", "ChromeOS", False),
        (f"{MAC} Version/17.5 Safari/605.1.15", "Safari", "macOS", False),
        (f"{IPHONE} Version/17.5 Mobile/15E148 Safari/604.1", "Safari", "iPhone", True),
        (f"{IPAD} Version/17.5 Mobile/15E148 Safari/604.1", "Safari", "iPad", True),
        ("Links (2.29; Linux; text)", "", "Linux", False),
        ("curl/8.5.0", "", "", False),
        ("", "", "", False),
    ],
)
def test_what_a_browser_calls_itself(text: str, browser: str, system: str, is_phone: bool) -> None:
    assert agent_of(text) == Agent(browser, system, is_phone)


def test_a_hostile_name_costs_little() -> None:
    assert agent_of("Version/" * 50_000) == Agent("", "", False)
