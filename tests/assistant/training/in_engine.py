"""What our own engine says after some tokens, with an adapter at several strengths: for `test_engine`, which runs this
in a process of its own, for the engine's library ends the process that it does not like.

Reads one JSON object from standard input, and writes lists of log-probabilities, a list for each strength.
"""

from __future__ import annotations

import http.client
import json
import socket
import sys
from pathlib import Path
from typing import Any

KEY = "nobody else's"


def main() -> None:
    given = json.load(sys.stdin)
    place = str(Path(given["folder"]) / "s.sock")
    server = start(given, place)
    said = [ask(place, given, scale) for scale in given["scales"]]
    json.dump(said, sys.stdout)
    sys.stdout.flush()
    del server


def start(given: dict[str, Any], place: str) -> Any:
    import xllamacpp

    wanted = xllamacpp.CommonParams()
    wanted.model.path = given["model"]
    if given["adapter"]:
        wanted.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(given["adapter"], 1.0)]
    wanted.hostnames, wanted.api_keys = [place], [KEY]
    wanted.n_ctx, wanted.n_parallel, wanted.verbosity = given["context"], 1, 1
    wanted.ui = wanted.warmup = False
    wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = 1
    return xllamacpp.Server(wanted)


def ask(place: str, given: dict[str, Any], scale: float) -> list[float]:
    body = {
        "prompt": given["tokens"], "n_predict": 1, "n_probs": given["words"], "temperature": 0, "cache_prompt": False,
        "lora": [{"id": 0, "scale": scale}] if given["adapter"] else [],
    }  # fmt: skip
    line = http.client.HTTPConnection("localhost")
    line.sock = socket.socket(socket.AF_UNIX)
    line.sock.connect(place)
    line.request("POST", "/completion", json.dumps(body), {"authorization": f"Bearer {KEY}"})
    answer = line.getresponse()
    raw = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{answer.status} {raw[:500]!r}")
    likely = json.loads(raw)["completion_probabilities"][0]["top_logprobs"]
    found = {each["id"]: float(each["logprob"]) for each in likely}
    return [found[word] for word in range(given["words"])]


if __name__ == "__main__":
    main()
