"""Reads a Chromium trace: what the page's main thread spent, as CPU time, in all and in scripts, per stretch and frame.

The trace format is Chromium's own (JSON objects with ``ts`` and ``tdur`` in microseconds); ``tdur`` is the thread's CPU
time, so that a busy machine does not make a page look slow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

CATEGORIES = "toplevel,devtools.timeline,disabled-by-default-devtools.timeline,blink.user_timing,v8,v8.execute"
_TASK = "RunTask"
_SCRIPT = frozenset(
    {
        "EvaluateScript",
        "FunctionCall",
        "FireAnimationFrame",
        "FireIdleCallback",
        "TimerFire",
        "EventDispatch",
        "RunMicrotasks",
        "v8.run",
        "v8.callFunction",
    }
)
_FRAME = "Commit"


class Event(msgspec.Struct, frozen=True):
    name: str
    at: int
    """When it began, in us of the trace's clock."""
    wall: int
    cpu: int

    @property
    def end(self) -> int:
        return self.at + self.wall


class Trace:
    """The main thread of the page that fired the given mark."""

    def __init__(self, data: bytes, mark: str) -> None:
        events: list[dict[str, Any]] = msgspec.json.decode(data)["traceEvents"]
        found = next(one for one in events if one.get("name") == mark and "pid" in one)
        thread = (found["pid"], _main_thread(events, found["pid"]))
        self._marks = {
            str(one["name"]): int(one["ts"])
            for one in events
            if one.get("pid") == thread[0] and "blink.user_timing" in str(one.get("cat", ""))
        }
        own = [one for one in events if (one.get("pid"), one.get("tid")) == thread]
        complete = [one for one in own if one.get("ph") == "X"]
        self._events = sorted(
            (
                Event(str(one["name"]), int(one["ts"]), int(one.get("dur", 0)), int(one.get("tdur", 0)))
                for one in complete
            ),
            key=lambda event: (event.at, -event.wall),
        )
        self._frames = sorted(int(one["ts"]) for one in own if one.get("name") == _FRAME)

    def mark(self, name: str) -> int:
        return self._marks[name]

    def cpu_ms(self, start: int, end: int) -> float:
        """CPU of all tasks that began between the two times."""
        return sum(one.cpu for one in self._events if one.name == _TASK and start <= one.at < end) / 1000

    def script_per_frame_ms(self, start: int, end: int) -> list[float]:
        """CPU of scripts in each frame between the two times; frames without any count as zero."""
        frames = [at for at in self._frames if start <= at < end]
        sums = [0.0] * max(len(frames) - 1, 0)
        at = 0
        for script in outermost([one for one in self._events if one.name in _SCRIPT]):
            while at < len(sums) and frames[at + 1] <= script.at:
                at += 1
            if at < len(sums) and frames[at] <= script.at:
                sums[at] += script.cpu / 1000
        return sums


def outermost(events: Sequence[Event]) -> Iterator[Event]:
    """Those that lie in no other of them; ``events`` are in the order of their beginnings, longer ones first."""
    end = -1
    for event in events:
        if event.at >= end:
            end = event.end
            yield event


def _main_thread(events: Sequence[dict[str, Any]], process: int) -> int:
    for one in events:
        named = one.get("name") == "thread_name" and one.get("pid") == process
        if named and one["args"]["name"] == "CrRendererMain":
            return int(one["tid"])
    raise LookupError("the trace names no main thread")
