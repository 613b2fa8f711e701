"""A model server that takes 50 ms for a call and next to no CPU: what askers wait for while pages are measured.

A process of its own, so that what it costs is never counted with Weft: ``python -m bench.slow_model PORT``.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

import msgspec
import uvloop

CALL_S = 0.05
NAME = "slow"
WORDS = "Nobody here has said that."
ANSWER = msgspec.json.encode(
    {
        "choices": [{"index": 0, "message": {"role": "assistant", "content": WORDS}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 200, "completion_tokens": 6},
    }
)
RESPONSE = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(ANSWER) + ANSWER


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0]))
            await asyncio.sleep(CALL_S)
            writer.write(RESPONSE)
            await writer.drain()
    writer.close()


async def _main(port: int) -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", port)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_main(int(sys.argv[1])))
