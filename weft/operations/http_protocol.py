"""uvicorn's HTTP protocol with one addition: a finished answer goes out in one piece.

ASGI hands an answer over in two messages, and uvicorn looks at every header of it with two regular expressions; that is
right for applications it does not know, and costs 40 us of CPU a request with our fourteen headers (measured on two
cores). Our application checks what may vary where it makes it (``routing/answers``), so it may pass the bytes.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from weft.infra.routing.answers import WHOLE

_JOINED = 65_536
"""Up to this many bytes head and body are joined, so that they leave in one segment."""


class WholeAnswers(HttpToolsProtocol):
    """Offers ``scope[WHOLE]``: status 200, these header lines, this body. False: not possible now, use ``send``."""

    _date: Any = None
    _start = b""

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        scope: dict[str, Any] = cycle.scope  # type: ignore[assignment]  # servers may add keys of their own
        scope[WHOLE] = partial(self._send_whole, cycle)
        super()._start_asgi_task(cycle, app)

    def _send_whole(self, cycle: RequestResponseCycle, head: bytes, body: bytes) -> bool:
        if cycle.disconnected:
            return True
        if self.flow.write_paused or cycle.response_started or not cycle.keep_alive:
            return False
        usual = self.server_state.default_headers
        if usual is not self._date:  # a new list each second: it carries the time
            self._date = usual
            self._start = b"HTTP/1.1 200 OK\r\n" + b"".join(b"%b: %b\r\n" % header for header in usual)
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        if len(body) <= _JOINED:
            self.transport.write(b"%b%b\r\n%b" % (self._start, head, body))
        else:
            self.transport.write(b"%b%b\r\n" % (self._start, head))
            self.transport.write(body)
        cycle.message_event.set()
        cycle.on_response()
        return True
