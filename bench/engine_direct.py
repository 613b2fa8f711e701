"""The other side of `bench.engine`: the same library with the same settings, called in its own process.

A line on standard input is a list of texts; the answer is how many tokens or vectors came, and the CPU seconds.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.engine import TOKENS
from weft.infra.engine.client import TEXTS_AT_ONCE
from weft.infra.engine.files import CAME_ALONG, DEFAULTS, Task
from weft.infra.engine.process import SLOTS, cores
from weft.infra.engine.serve import NICENESS, Order, start


def main() -> None:
    task: Task = "embed" if sys.argv[1] == "embed" else "chat"
    os.nice(NICENESS)
    with tempfile.TemporaryDirectory(prefix="weft-bench-") as folder:
        order = Order(
            model=CAME_ALONG[DEFAULTS[task]],
            models="",
            socket=f"{folder}/direct.sock",
            state="",
            used="",
            starts="",
            key="none",
            threads=max(1, cores() - 1),
            slots=SLOTS[task],
            idle_s=0,
            parent=0,
        )
        server = start(order, Path(sys.argv[2]))
        for line in sys.stdin:
            texts = json.loads(line)
            before = time.process_time()
            done = embedded(server, texts) if task == "embed" else told(server, texts)
            print(json.dumps({"done": done, "cpu_s": time.process_time() - before}), flush=True)


def told(server: Any, texts: list[str]) -> int:
    done = 0
    for text in texts:
        # Our client lets no private question go on from another, so this side begins anew each time, too.
        messages = [{"role": "user", "content": text}]
        asked = {"messages": messages, "max_tokens": TOKENS, "temperature": 0, "cache_prompt": False}
        done += server.handle_chat_completions(asked)["usage"]["completion_tokens"]
    return done


def embedded(server: Any, texts: list[str]) -> int:
    done = 0
    for start_ in range(0, len(texts), TEXTS_AT_ONCE):
        done += len(server.handle_embeddings({"input": texts[start_ : start_ + TEXTS_AT_ONCE]})["data"])
    return done


if __name__ == "__main__":
    main()
