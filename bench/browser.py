"""A Chromium that is measured: without a window, without the network beyond this machine, traced from outside."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

# Of the lists of features on a command line the last one counts: this repeats what Playwright turns off, and adds the
# two popups of the address bar, pages of their own in every window, which nobody sees and which cost most of it.
FEATURES_OFF = [
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxPopup",
]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
    f"--disable-features={','.join(FEATURES_OFF)}",
    # Nothing outside this machine is asked.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1",
]
VIEW = {"width": 1280, "height": 900}


def chromium() -> str | None:
    """Where the system's Chromium is; None without one."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextmanager
def browsing(program: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


def collect(session: CDPSession) -> None:
    """Have V8 throw away what nobody holds."""
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")


def heap_mb(page: Page) -> float:
    """The JS heap in use, after a collection."""
    session = page.context.new_cdp_session(page)
    collect(session)
    usage = session.send("Runtime.getHeapUsage")
    session.detach()
    return float(usage["usedSize"]) / 1e6
