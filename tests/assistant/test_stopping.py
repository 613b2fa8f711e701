"""A server that is stopped while the assistant answers: the answer ends, and all of it is in the books."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Any

import httpx

from tests.assistant.parlour import API
from tests.assistant.test_over_http import Hall, model_beside, new_chat, pass_everything, until
from tests.support.postgres import Servers, run
from tests.support.server import running_server
from weft.settings import Settings


def test_stopping_in_the_middle_of_an_answer_settles_it(servers: Servers, tmp_path: Path) -> None:
    with model_beside() as model, servers.database("embedded", migrated=True) as url:
        run(pass_everything(url, Settings(data=str(tmp_path), ai_chat_url=model.url, ai_chat_model="big")))
        environ = {"WEFT_AI_CHAT_URL": model.url, "WEFT_AI_CHAT_MODEL": "big"}
        with running_server(url, environ, "--workers", "2") as server:
            hall = Hall(server, model, None)  # type: ignore[arg-type]
            ann, bob = server.person(), server.person()
            ann.say("The lighthouse opens on Saturday at nine.", language="en")
            server.settle()
            model.say = lambda body: "It opens on Saturday [1].\n" + "word " * 3000
            model.behave, model.pause_s = (lambda body: "slow"), 0.1
            chat = new_chat(bob)
            heard = threading.Event()

            def listen() -> None:
                with httpx.Client(base_url=server.url, headers=bob.http.headers, timeout=60) as client:
                    question = {"text": "When does the lighthouse open?"}
                    with client.stream("POST", f"{API}/chats/{chat}/turns", json=question) as answer:
                        try:
                            for line in answer.iter_lines():
                                if line == "event: delta":
                                    heard.set()
                        except httpx.HTTPError:
                            pass  # it is cut: that is what stopping does

            listening = threading.Thread(target=listen, daemon=True)
            listening.start()
            assert heard.wait(30)
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(30) == 0
            listening.join(10)
            until(lambda: not model.in_flight)
            assert hall.value("SELECT count(*) FROM holds WHERE state = 'open'  -- all buckets") == 0
            told: Any = hall.value(
                "SELECT string_agg(details::jsonb ->> 'outcome', ' ') FROM usage_events"
                " WHERE details::jsonb ->> 'feature' = 'ask'  -- all buckets"
            )
            assert told == "cancelled"
            turn = hall.value(
                "SELECT state || ' ' || lines FROM assistant_turns WHERE role = 'assistant'  -- all buckets"
            )
            assert turn.startswith("stopped") and "Saturday" in turn
