"""What the web app costs the person who opens it: bytes, main-thread CPU to the first post, of a key in the composer
and of scrolling, heap and elements. A Chromium trace is the source of every CPU number.
"""

from __future__ import annotations

import gzip
import json
import os
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext

import weft
from bench.bars import OTHER
from bench.browser import VIEW, browsing, chromium, heap_mb
from bench.community import DEMO, community, settings_of
from bench.measure import Value
from bench.server import Server, serving
from bench.trace import CATEGORIES, Trace
from weft.accounts import service as accounts
from weft.infra.db import Db
from weft.kernel.ids import AccountId
from weft.operations.reach import work_at

BUILD = Path(os.environ.get("WEFT_APP") or Path(weft.__file__).parent / "web" / "static")
POSTS = 2000
KEYS = 60
STEP_PX = 240
TIMES = 5

FIRST_POST = """
new MutationObserver((_, observer) => {
  if (!document.querySelector('#app [data-post], #main [data-post]')) return
  observer.disconnect()
  requestAnimationFrame(() => performance.mark('weft-first-post'))
}).observe(document, { childList: true, subtree: true })
performance.mark('weft-start')
"""
NEXT_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
SCROLL = """
async ([posts, step]) => {
  performance.mark('weft-scroll')
  let most = 0
  const seen = new Set()
  for (let frame = 0; seen.size < posts; frame += 1) {
    await new Promise(requestAnimationFrame)
    scrollBy(0, step)
    // Seldom, so that counting is not what is measured.
    if (frame % 4) continue
    const bottom = document.documentElement.scrollHeight - innerHeight
    document.querySelectorAll('#main [data-post]').forEach((one) => seen.add(one.dataset.post))
    most = Math.max(most, document.querySelectorAll('*').length)
    if (scrollY >= bottom - 2 && document.querySelector('.feed + p')) break
  }
  performance.mark('weft-scrolled')
  return [most, seen.size]
}
"""


def web() -> Iterator[Value]:
    """The scenario. Without a Chromium only the bytes are counted."""
    yield from sizes()
    program = chromium()
    if program is None:
        yield Value(name="web", value=0.0, unit="", note="no Chromium is installed, so no page was measured")
        return
    with community(DEMO) as ours, serving(ours.folder) as server:
        cookie = _sign_in(server, ours.people.viewer)
        yield from _pages(program, f"http://localhost:{server.address.port}", cookie)


def _pages(program: str, url: str, cookie: str) -> Iterator[Value]:
    with browsing(program) as browser:
        yield _value("html to first post", statistics.median(_first_post(browser, url) for _ in range(TIMES)), "ms")
        yield from _scrolling(browser, url)
        yield from _typing(browser, url, cookie)


def sizes() -> Iterator[Value]:
    """Script and style that home needs before anything lazy, as gzip would send them, in the largest language."""
    manifest = json.loads((BUILD / ".vite" / "manifest.json").read_bytes())
    scripts: dict[str, int] = {}
    for language in ("en", "vi", "ko"):
        wanted = _needed(manifest, ["src/main.ts", "src/screens/home/Home.svelte", f"src/text/{language}/core.json"])
        scripts[language] = sum(_gzipped(name) for name in wanted if name.endswith(".js"))
    styles = sum(_gzipped(name) for name in wanted if name.endswith(".css"))
    yield _value("first load script", max(scripts.values()) / 1000, "kB")
    yield _value("first load style", styles / 1000, "kB")


def _needed(manifest: dict[str, dict[str, object]], entries: Sequence[str]) -> set[str]:
    waiting, seen, files = list(entries), set[str](), set[str]()
    while waiting:
        key = waiting.pop()
        if key in seen:
            continue
        seen.add(key)
        entry = manifest[key]
        files.add(str(entry["file"]))
        files.update(str(name) for name in _listed(entry, "css"))
        waiting.extend(str(name) for name in _listed(entry, "imports"))
    return files


def _listed(entry: dict[str, object], key: str) -> list[object]:
    found = entry.get(key, [])
    assert isinstance(found, list)
    return found


def _gzipped(name: str) -> int:
    return len(gzip.compress((BUILD / name).read_bytes(), 6))


def _value(name: str, value: float, unit: str, note: str = "") -> Value:
    bar = OTHER[name]
    return Value(name=name, value=value, unit=unit, bar=str(bar), passed=bar.holds(value), note=note)


def _first_post(browser: Browser, url: str) -> float:
    with _context(browser) as context:
        page = context.new_page()
        page.add_init_script(FIRST_POST)
        browser.start_tracing(page=page, categories=CATEGORIES.split(","))
        page.goto(f"{url}/local")
        page.wait_for_selector("[data-post]")
        page.evaluate(NEXT_FRAMES)
        trace = Trace(browser.stop_tracing(), "weft-first-post")
        return trace.cpu_ms(trace.mark("weft-start") - 5_000, trace.mark("weft-first-post"))


def _scrolling(browser: Browser, url: str) -> Iterator[Value]:
    with _context(browser) as context:
        page = context.new_page()
        page.goto(f"{url}/local")
        page.wait_for_selector("[data-post]")
        browser.start_tracing(page=page, categories=CATEGORIES.split(","))
        elements, posts = page.evaluate(SCROLL, [POSTS, STEP_PX])
        trace = Trace(browser.stop_tracing(), "weft-scrolled")
        frames = trace.script_per_frame_ms(trace.mark("weft-scroll"), trace.mark("weft-scrolled"))
        note = f"{posts} posts, {len(frames)} frames of {STEP_PX} px"
        yield _value("scroll script p50", statistics.median(frames), "ms", note)
        yield _value("scroll script p95", statistics.quantiles(frames, n=20)[-1], "ms")
        yield _value("scroll heap", heap_mb(page), "MB")
        yield _value("scroll elements", float(elements), "")


def _typing(browser: Browser, url: str, cookie: str) -> Iterator[Value]:
    with _context(browser) as context:
        context.add_cookies([{"name": "weft_session", "value": cookie, "url": url}])
        page = context.new_page()
        page.goto(url)
        page.wait_for_selector("[data-post]")
        page.keyboard.press("n")
        page.wait_for_selector("[data-composer=sheet] textarea")
        browser.start_tracing(page=page, categories=CATEGORIES.split(","))
        for number in range(KEYS):
            page.evaluate("(name) => performance.mark(name)", f"weft-key-{number}")
            page.keyboard.press("Space" if number % 6 == 5 else "abcde"[number % 5])
            page.wait_for_timeout(120)
        page.evaluate("performance.mark('weft-typed')")
        trace = Trace(browser.stop_tracing(), "weft-typed")
        marks = [trace.mark(f"weft-key-{number}") for number in range(KEYS)]
        costs = [trace.cpu_ms(mark, mark + 60_000) for mark in marks[5:]]
        yield _value("composer key p50", statistics.median(costs), "ms", "all that the main thread did in 60 ms")
        yield _value("composer key p95", statistics.quantiles(costs, n=20)[-1], "ms")


def _context(browser: Browser) -> BrowserContext:
    return browser.new_context(viewport={"width": VIEW["width"], "height": VIEW["height"]}, locale="en")


def _sign_in(server: Server, account_id: int) -> str:
    """A session's cookie, made beside the server."""

    async def sign_in(db: Db) -> str:
        return await accounts.create_session(db, AccountId(account_id), "bench")

    return server.run(work_at(server.url, settings_of(server.data), sign_in))
