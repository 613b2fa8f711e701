"""The server's own emojis, from the operator's command to what everybody is shown."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from PIL import Image

from tests.support.server import LiveServer
from weft.infra.blobs import Blobs


def weft(server: LiveServer, *words: str) -> subprocess.CompletedProcess[str]:
    place = ("--data", str(server.data), "--database", server.database_url)
    program = [sys.executable, "-c", "from weft.cli import main; main()"]
    return subprocess.run([*program, "emoji", *words, *place], capture_output=True, text=True, timeout=60)


def known(server: LiveServer, shortcodes: list[str]) -> list[dict[str, Any]]:
    """The server's emojis once they are these; a notification is on its way to it."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        emojis: list[dict[str, Any]] = server.visitor.get("/api/v1/custom_emojis").json()
        if [emoji["shortcode"] for emoji in emojis] == shortcodes:
            return emojis
        time.sleep(0.05)
    raise AssertionError(emojis)


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (300, 200), (200, 30, 30, 255)).save(out, "PNG")
    return out.getvalue()


def test_an_emoji_appears_in_posts_and_goes_again_while_the_server_runs(server: LiveServer, tmp_path: Path) -> None:
    file = tmp_path / "party.png"
    file.write_bytes(picture())
    ann = server.person()
    early = ann.say("soon :party:")
    assert early["emojis"] == []
    done = weft(server, "add", "party", str(file), "--category", "Fun")
    assert done.returncode == 0, done.stderr
    try:
        (emoji,) = known(server, ["party"])
        assert (emoji["category"], emoji["visible_in_picker"]) == ("Fun", True)
        assert ann.say("now :party: :absent:")["emojis"] == [emoji]
        assert ann.get(f"/api/v1/statuses/{early['id']}")["emojis"] == [emoji]
        shown = server.visitor.get(emoji["url"])
        assert shown.status_code == 200
        assert max(Image.open(io.BytesIO(shown.content)).size) <= 128
        again = weft(server, "add", "party", str(file))
        assert again.returncode == 1 and "already" in again.stderr
        assert weft(server, "list").stdout.split() == ["party", "Fun"]
    finally:
        assert weft(server, "remove", "party").returncode == 0
    known(server, [])
    assert ann.get(f"/api/v1/statuses/{early['id']}")["emojis"] == []
    assert Blobs(server.data / "media").path(emoji["url"].rpartition("/")[2]) is None


def test_what_is_no_emoji_is_refused_in_words(server: LiveServer, tmp_path: Path) -> None:
    text = tmp_path / "text.png"
    text.write_text("no picture")
    for words, reason in (
        (("add", "a b", str(text)), "short code"),
        (("add", "text", str(text)), ""),
        (("remove", "nothing"), "no emoji"),
    ):
        done = weft(server, *words)
        assert done.returncode == 1 and reason in done.stderr and "Traceback" not in done.stderr, done.stderr
