"""A web site on loopback whose pages a test writes: for whatever fetches from outside."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Answer:
    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    """How long it takes before the first byte."""


@dataclass
class WebSite:
    peer: str
    pages: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """Paths in the order of the requests."""
    agents: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{self.peer}"

    def put(self, path: str, body: str | bytes, content_type: str = "text/html; charset=utf-8", **more: object) -> str:
        """Write a page; its whole address."""
        data = body.encode() if isinstance(body, str) else body
        self.pages[path] = Answer(data, content_type, **more)  # type: ignore[arg-type]
        return self.url + path


@contextmanager
def web_site() -> Iterator[WebSite]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            site.agents.append(self.headers.get("user-agent", ""))
            answer = site.pages.get(self.path, Answer(b"nothing here", status=404))
            time.sleep(answer.seconds)
            self.send_response(answer.status)
            self.send_header("content-type", answer.content_type)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # whoever asked had read enough
                self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site = WebSite(f"127.0.0.1:{listening.server_port}")
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
