"""Captions: WebVTT is read strictly and written anew, so that what is served holds times and words alone."""

from __future__ import annotations

import contextlib
import io
import subprocess
import time
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.support.server import LiveServer, Person
from weft.kernel.errors import Invalid
from weft.media.captions import MAX_CAPTIONS_BYTES, Cue, read_captions, write_captions
from weft.media.processing import audiovideo

GOOD = b"""\xef\xbb\xbfWEBVTT - made by hand

STYLE
::cue { background: url(https://evil.example/x) }

NOTE a comment that
nobody needs

intro
00:00.000 --> 00:02.500 align:start position:10%
<v Ann>Xin <b>ch\xc3\xa0o</b> &amp; hello &lt;3

01:00:00.000 --> 01:00:01.000
two
lines

00:03.000 --> 00:04.000
<i></i>
"""


def test_times_and_words_are_kept_and_nothing_else() -> None:
    cues = read_captions(GOOD)
    assert cues == [Cue(0, 2500, "Xin chào & hello <3"), Cue(3_600_000, 3_601_000, "two\nlines")]
    written = write_captions(cues).decode()
    assert written.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:02.500\nXin chào &amp; hello &lt;3\n")
    assert "url(" not in written and "align" not in written and "<" not in written.replace("&lt;", "")


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_any_kind_of_line_end_is_read(end: bytes) -> None:
    assert read_captions(b"WEBVTT\n\n00:01.000 --> 00:02.000\na\n".replace(b"\n", end)) == [Cue(1000, 2000, "a")]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"WEBVTT",
        b"WEBVTTX\n\n00:00.000 --> 00:01.000\na",
        b"1\n00:00:00,000 --> 00:00:01,000\na",
        b"WEBVTT\n\n00:02.000 --> 00:01.000\na",
        b"WEBVTT\n\n00:61.000 --> 00:62.000\na",
        b"WEBVTT\n\n99:00:00.000 --> 99:00:01.000\na",
        b"WEBVTT\n\nwords without a time",
        b"WEBVTT\n\n00:00.000 --> 00:01.000\na\n00:01.000 --> 00:02.000\nb",
        b"WEBVTT\n\n00:00.000 --> 00:01.000\n<b></b>",
        b"WEBVTT\n\n00:00.000 --> 00:01.000\na\x00b",
        b"WEBVTT\n\n00:00.000 --> 00:01.000\n\xff",
        b"WEBVTT\n\n" + b"00:00.000 --> 00:01.000\na\n\n" * 5001,
        b"WEBVTT\n\n00:00.000 --> 00:01.000\n" + b"a" * MAX_CAPTIONS_BYTES,
        b"<html><script>alert(1)</script>",
    ],
)
def test_what_is_no_webvtt_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        read_captions(data)


@pytest.mark.parametrize(
    "line",
    [b"<" * 100_000, b"<b>" * 60_000, b"&amp;" * 50_000, b"NOTE" * 50_000, b"-" * 200_000, b" " * 200_000 + b"-->"],
)
def test_hostile_lines_cost_linear_time(line: bytes) -> None:
    started = time.process_time()
    for data in (b"WEBVTT\n\n00:00.000 --> 00:01.000\n" + line, b"WEBVTT\n\n" + line):
        with contextlib.suppress(Invalid):
            read_captions(data)
    assert time.process_time() - started < 1.0


@given(st.binary(max_size=300))
def test_whatever_is_read_is_written_so_that_it_reads_the_same(data: bytes) -> None:
    for start in (b"WEBVTT\n\n00:00.000 --> 00:01.000\n", b"WEBVTT\n\n", b""):
        try:
            cues = read_captions(start + data)
        except Invalid:
            continue
        written = write_captions(cues)
        assert read_captions(written) == cues
        assert b"<" not in written and written.count(b"-->") == len(cues)


# ---------------------------------------------------------------------------------------------------- over the API

needs_ffmpeg = pytest.mark.skipif(audiovideo.find_tools() is None, reason="ffmpeg is not installed on this machine")


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("film") / "made.mp4"
    source = ["-f", "lavfi", "-i", "testsrc=d=1:s=160x120:r=10", "-f", "lavfi", "-i", "sine=d=1"]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *source, "-pix_fmt", "yuv420p", str(path)], check=True, timeout=60)
    return path.read_bytes()


@pytest.fixture
def ann(server: LiveServer) -> Person:
    return server.person()


def upload(person: Person, data: bytes, name: str = "a.mp4") -> Any:
    answer = person.http.post("/api/v1/media", files={"file": (name, data)})
    if answer.status_code == 422 and "does not take" in answer.text:
        pytest.skip("ffmpeg cannot run behind the walls here")
    assert answer.status_code == 200, answer.text
    return answer.json()


def caption(person: Person, id_: str, language: str = "en", data: bytes = GOOD) -> httpx.Response:
    path = f"/api/weft/v1/media/{id_}/captions"
    return person.http.post(path, data={"language": language}, files={"file": ("a.vtt", data, "text/vtt")})


@needs_ffmpeg
def test_a_film_gets_captions_before_and_after_it_is_posted(server: LiveServer, ann: Person, film: bytes) -> None:
    media = upload(ann, film)
    assert media["type"] == "video" and media["weft"] == {"captions": []}
    before = caption(ann, media["id"]).json()["weft"]["captions"]
    assert [each["language"] for each in before] == ["en"]
    said = ann.say("A film", media_ids=[media["id"]])
    assert said["media_attachments"][0]["weft"]["captions"] == before
    assert caption(ann, media["id"], "vi").status_code == 200
    shown = ann.get(f"/api/v1/statuses/{said['id']}")["media_attachments"][0]["weft"]["captions"]
    assert [each["language"] for each in shown] == ["en", "vi"]
    seen = server.visitor.get(f"/api/v1/statuses/{said['id']}").json()["media_attachments"][0]["weft"]["captions"]
    assert seen == shown


@needs_ffmpeg
def test_served_captions_are_our_own_text_and_run_nowhere(server: LiveServer, ann: Person, film: bytes) -> None:
    (found,) = caption(ann, upload(ann, film)["id"]).json()["weft"]["captions"]
    answer = server.visitor.get(httpx.URL(found["url"]).path)
    assert answer.content == write_captions(read_captions(GOOD))
    assert answer.headers["content-type"] == "text/vtt; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


@needs_ffmpeg
def test_captions_are_replaced_and_removed_with_their_files(server: LiveServer, ann: Person, film: bytes) -> None:
    media = upload(ann, film)
    first = caption(ann, media["id"]).json()["weft"]["captions"][0]["url"]
    second = caption(ann, media["id"]).json()["weft"]["captions"][0]["url"]
    assert first != second
    assert server.visitor.get(httpx.URL(first).path).status_code == 404
    path = f"/api/weft/v1/media/{media['id']}/captions"
    assert ann.http.delete(path, params={"language": "ko"}).status_code == 404
    assert ann.http.delete(path, params={"language": "en"}).json()["weft"]["captions"] == []
    assert server.visitor.get(httpx.URL(second).path).status_code == 404


@needs_ffmpeg
def test_only_ones_own_films_and_sounds_can_have_captions(server: LiveServer, ann: Person, film: bytes) -> None:
    media = upload(ann, film)
    assert caption(server.person(), media["id"]).status_code == 404
    assert caption(ann, media["id"], "xx-no-such").status_code == 422
    assert caption(ann, media["id"], data=b"no captions").status_code == 422
    assert caption(ann, media["id"], data=GOOD + b"x" * 400_000).status_code == 413
    assert ann.http.post(f"/api/weft/v1/media/{media['id']}/captions", data={"language": "en"}).status_code == 422
    assert caption(ann, upload(ann, _png(), "a.png")["id"]).status_code == 422


@needs_ffmpeg
def test_a_moving_gif_becomes_a_silent_looping_film(ann: Person) -> None:
    media = upload(ann, _gif(), "a.gif")
    assert media["type"] == "gifv"
    assert media["url"].endswith(".mp4") and media["preview_url"] and media["blurhash"]
    assert media["meta"]["original"]["width"] == 48


def _png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (20, 20), (1, 2, 3)).save(out, "PNG")
    return out.getvalue()


def _gif() -> bytes:
    frames = [Image.new("RGB", (48, 32), (shade, 40, 255 - shade)) for shade in (10, 90, 200)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=80, loop=0)
    return out.getvalue()
