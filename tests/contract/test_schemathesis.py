"""schemathesis asks every route of the server's own document what the document allows and forbids: no fault of the
server's own, no status that the document does not name, no answer of another shape than it says. The same seed each
time, and few examples of each route: fewest of those that nearly every route refuses for who asks.
"""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from tests.contract.rows import failures
from tests.support.server import LiveServer

CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance]
QUIET = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
    verbosity=Verbosity.quiet,
)
ENDLESS = "/api/v1/streaming/"


@pytest.fixture(scope="module")
def document(server: LiveServer) -> dict[str, Any]:
    found = server.visitor.get("/api/weft/openapi.json").json()
    assert isinstance(found, dict) and len(found["paths"]) > 150
    return found


def app_token(server: LiveServer) -> str:
    scopes = "read write follow push profile"
    fields = {"client_name": "App", "redirect_uris": "https://app.example/", "scopes": scopes}
    app = server.visitor.post("/api/v1/apps", json=fields).json()
    asked = {
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
        "grant_type": "client_credentials",
        "scope": scopes,
    }
    return str(server.visitor.post("/oauth/token", data=asked).json()["access_token"])


def headers_of(server: LiveServer, caller: str) -> dict[str, str]:
    match caller:
        case "user":
            return {"authorization": f"Bearer {server.person().token}"}
        case "app":
            return {"authorization": f"Bearer {app_token(server)}"}
        case _:
            return {}


@pytest.mark.timeout(170)
@pytest.mark.parametrize(
    ("caller", "mode", "examples"),
    [
        ("visitor", GenerationMode.POSITIVE, 3),
        ("app", GenerationMode.POSITIVE, 3),
        ("user", GenerationMode.POSITIVE, 10),
        ("user", GenerationMode.NEGATIVE, 2),
    ],
)
def test_every_route_answers_as_documented(
    server: LiveServer, document: dict[str, Any], caller: str, mode: GenerationMode, examples: int
) -> None:
    schema = schemathesis.openapi.from_dict(document)
    headers, logged, wrong = headers_of(server, caller), len(failures(server)), []
    for result in schema.get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]
        if mode is GenerationMode.NEGATIVE and not (operation.query or operation.body):
            continue  # whatever is sent there is allowed
        if operation.path.startswith(ENDLESS) and caller == "user" and operation.method == "get":
            continue

        @settings(QUIET, max_examples=examples)
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Case[Any]) -> None:
            case.call_and_validate(base_url=server.url, headers=headers, checks=CHECKS, timeout=20)

        try:
            ask()
        except Unsatisfiable:
            pass  # nothing else is forbidden there
        except FailureGroup as group:
            wrong += [f"{operation.label}: {failure.title} {failure.message}" for failure in group.exceptions]
    assert not wrong, "\n\n".join(wrong)
    assert failures(server)[logged:] == []
