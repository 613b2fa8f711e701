"""`weft model`: files from a disk or an address, looked at before they are kept, resumed, and chosen."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from weft.infra.engine.gguf import Tensor, Value, write_gguf
from weft.kernel.errors import WeftError
from weft.operations import downloading, models
from weft.operations.models import Wanted
from weft.operations.reach import CommandFailed
from weft.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=str(tmp_path / "data"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "Some Model.Q8_0.gguf"
    metadata: dict[str, Value] = {"general.architecture": "llama", "llama.context_length": 2048}
    write_gguf(made, metadata, [Tensor("token_embd.weight", np.ones((64, 64)))])
    return made


def added(settings: Settings) -> list[str]:
    folder = settings.folder / "models"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_file_is_added_listed_used_and_removed(settings: Settings, file: Path) -> None:
    shown = models.add(settings, Wanted(str(file)))
    assert (shown["name"], shown["for"], shown["context"]) == ("some-model.q8_0", "chat", 2048)
    assert shown["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert added(settings) == ["models.json", "some-model.q8_0.gguf"]
    models.use(settings, "some-model.q8_0", "chat")
    listed = models.list_all(settings)["models"]
    assert isinstance(listed, list)
    assert [model["name"] for model in listed if model["used"] and model["for"] == "chat"] == ["some-model.q8_0"]
    models.remove(settings, "some-model.q8_0")
    assert added(settings) == ["models.json"]


@pytest.mark.parametrize("content", [b"", b"GGUF", b"GGUF" + bytes(500), b"\x80\x04pickle", b"PK\x03\x04"])
def test_what_is_no_gguf_is_not_kept(settings: Settings, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.gguf").write_bytes(content)
    with pytest.raises((WeftError, CommandFailed)):
        models.add(settings, Wanted(str(tmp_path / "bad.gguf")))
    assert added(settings) == []


def test_a_file_of_another_hash_is_not_kept(settings: Settings, file: Path) -> None:
    with pytest.raises(CommandFailed, match="SHA-256"):
        models.add(settings, Wanted(str(file), sha256="0" * 64))
    assert added(settings) == []


@pytest.mark.parametrize("name", ["../x", "A b", "smollm2-135m", "x" * 65])
def test_a_name_that_cannot_be_is_refused(settings: Settings, file: Path, name: str) -> None:
    with pytest.raises(CommandFailed):
        models.add(settings, Wanted(str(file), name=name))
    assert added(settings) == []


def test_a_model_cannot_do_what_it_is_not_for(settings: Settings, file: Path) -> None:
    models.add(settings, Wanted(str(file), name="a"))
    with pytest.raises(CommandFailed, match="for chat"):
        models.use(settings, "a", "embed")
    with pytest.raises(CommandFailed, match="no model"):
        models.use(settings, "b", "")


class Shop:
    """Serves one file by ranges. `break_after` cuts the next answers off after so many bytes."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.tag = '"one"'
        self.break_after: list[int] = []
        self.ranges: list[str] = []
        self.redirect = ""
        self.peer = ""

    @property
    def url(self) -> str:
        return f"http://{self.peer}/files/Model-7B.gguf?download=true"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        wanted = request.headers.get("range", "")
        self.ranges.append(wanted)
        if self.redirect and request.path.startswith("/files"):
            request.send_response(302)
            request.send_header("location", self.redirect)
            request.end_headers()
            return
        start = 0
        if wanted and request.headers.get("if-range") == self.tag:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= len(self.content):
                request.send_response(416)
                request.send_header("content-range", f"bytes */{len(self.content)}")
                request.send_header("content-length", "0")
                request.end_headers()
                return
            request.send_response(206)
            last = len(self.content) - 1
            request.send_header("content-range", f"bytes {start}-{last}/{len(self.content)}")
        else:
            request.send_response(200)
        request.send_header("content-length", str(len(self.content) - start))
        request.send_header("etag", self.tag)
        request.end_headers()
        rest = self.content[start:]
        request.wfile.write(rest[: self.break_after.pop(0)] if self.break_after else rest)


@contextmanager
def shop(content: bytes) -> Iterator[Shop]:
    made = Shop(content)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.peer = f"127.0.0.1:{listening.server_port}"
    Thread(target=listening.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        listening.shutdown()
        listening.server_close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloading, "PAUSE_S", 0.01)


def allowing(settings: Settings, made: Shop) -> Settings:
    return Settings(data=settings.data, fetch_allow=(made.peer,))


@pytest.mark.usefixtures("quick")
def test_a_download_that_breaks_off_goes_on_where_it_stopped(settings: Settings, file: Path) -> None:
    with shop(file.read_bytes()) as made:
        made.break_after = [1000, 2000]
        shown = models.add(allowing(settings, made), Wanted(made.url))
    assert shown["name"] == "model-7b"
    assert shown["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert made.ranges == ["", "bytes=1000-", "bytes=3000-"]
    assert added(settings) == ["model-7b.gguf", "models.json"]


@pytest.mark.usefixtures("quick")
def test_a_new_link_to_the_same_file_goes_on_and_no_token_is_left_behind(settings: Settings, file: Path) -> None:
    with shop(file.read_bytes()) as made:
        made.break_after = [1000] * downloading.TRIES
        with pytest.raises(WeftError):
            models.add(allowing(settings, made), Wanted(f"{made.url}&token=secret-1"))
        folder, had = settings.folder / "models", 1000 * downloading.TRIES
        assert "secret" not in (folder / "model-7b.part.json").read_text()
        shown = models.add(allowing(settings, made), Wanted(f"{made.url}&token=secret-2"))
    assert made.ranges[-1] == f"bytes={had}-"
    assert shown["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert shown["source"] == f"http://{made.peer}/files/Model-7B.gguf"
    assert "secret" not in (folder / "models.json").read_text()


@pytest.mark.usefixtures("quick")
def test_a_file_that_changed_meanwhile_is_fetched_from_its_beginning(settings: Settings, file: Path) -> None:
    with shop(file.read_bytes()) as made:
        made.break_after = [1000] * downloading.TRIES
        before, made.content = made.content, bytes(len(made.content))
        with pytest.raises(WeftError):
            models.add(allowing(settings, made), Wanted(made.url))
        made.content, made.tag, made.break_after = before, '"two"', []
        shown = models.add(allowing(settings, made), Wanted(made.url))
    assert shown["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("more", [b"", b"and something that is not of it"])
def test_a_part_that_is_whole_or_too_long_stops_nobody(settings: Settings, file: Path, more: bytes) -> None:
    """As after a line that broke behind the last byte."""
    with shop(file.read_bytes()) as made:
        made.break_after = [1000] * downloading.TRIES
        with pytest.raises(WeftError):
            models.add(allowing(settings, made), Wanted(made.url))
        part = settings.folder / "models" / "model-7b.part"
        part.write_bytes(file.read_bytes() + more)
        made.ranges.clear()
        shown = models.add(allowing(settings, made), Wanted(made.url))
    assert shown["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert made.ranges == [f"bytes={file.stat().st_size + len(more)}-", *([""] if more else [])]
    assert added(settings) == ["model-7b.gguf", "models.json"]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "change",
    [
        lambda made: setattr(made, "redirect", "http://127.0.0.1:1/"),
        lambda made: setattr(made, "redirect", "file:///etc/passwd"),
        lambda made: setattr(made, "redirect", made.url),
    ],
)
def test_a_redirect_leads_only_where_fetch_may_go(settings: Settings, change: Callable[[Shop], None]) -> None:
    with shop(b"x") as made:
        change(made)
        with pytest.raises(WeftError):
            models.add(allowing(settings, made), Wanted(made.url))


def test_a_larger_file_than_allowed_is_not_fetched(settings: Settings) -> None:
    with shop(bytes(5000)) as made:
        with pytest.raises((CommandFailed, WeftError)):
            models.add(allowing(settings, made), Wanted(made.url, most_bytes=4000))


def test_an_address_that_fetch_refuses_is_not_asked(settings: Settings) -> None:
    with shop(bytes(10)) as made:
        with pytest.raises(WeftError):
            models.add(settings, Wanted(made.url))
        assert not made.ranges
