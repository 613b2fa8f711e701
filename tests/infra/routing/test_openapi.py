"""The document made from the table is valid, and a machine that reads it finds nothing undocumented."""

from __future__ import annotations

from typing import Any

import hypothesis
import msgspec
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.definitions import OPENAPI_31

from tests.infra.routing.sample import BASE, ROUTES, TOKENS, Calls, bearer
from weft.infra.admit import Admit
from weft.infra.routing.application import Application, Serving
from weft.infra.routing.openapi import openapi_document
from weft.infra.routing.table import Grant
from weft.kernel.clock import ManualClock

SAFE_TO_DRIVE = [
    route for route in ROUTES if route.path not in ("/api/v1/fail", "/api/v1/streaming/user", "/api/v1/short")
]
DOCUMENT = openapi_document(SAFE_TO_DRIVE, "Weft", "0", BASE)


def make_app() -> Application:
    async def authenticate(token: str) -> Grant | None:
        return TOKENS.get(token)

    clock = ManualClock(0)
    serving = Serving(authenticate=authenticate, admit=Admit(None, clock, enabled=False), clock=clock, base_url=BASE)
    return Application(SAFE_TO_DRIVE, Calls(), serving)


def test_the_document_is_valid() -> None:
    import jsonschema_rs

    document = msgspec.json.decode(msgspec.json.encode(openapi_document(ROUTES, "Weft", "0", BASE)))
    problems = [str(error) for error in jsonschema_rs.validator_for(OPENAPI_31).iter_errors(document)]
    assert problems == []


def test_every_route_is_described_with_its_scopes_and_statuses() -> None:
    document = openapi_document(ROUTES, "Weft", "0", BASE)
    post = document["paths"]["/api/v1/statuses"]["post"]
    assert post["security"] == [{"token": ["write:statuses"]}]
    assert set(post["responses"]) >= {"200", "400", "401", "403", "413", "422", "429"}
    assert set(document["paths"]["/api/v1/profile"]) == {"patch", "put"}
    show = document["paths"]["/api/v1/statuses/{id}"]["get"]
    assert show["parameters"] == [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    assert {"token": ["read:statuses"]} in show["security"] and {} in show["security"]
    upload = document["paths"]["/api/v2/media"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert upload["allOf"][1]["properties"] == {"file": {"type": "string", "format": "binary"}}
    tags = {parameter["name"]: parameter for parameter in document["paths"]["/api/v1/open"]["get"]["parameters"]}
    assert tags["any[]"]["schema"] == {"type": "array", "items": {"type": "string"}}


schema = schemathesis.openapi.from_dict(DOCUMENT)
schema.app = make_app()


def test_a_route_that_answers_with_one_of_two_entities_is_described_with_both() -> None:
    class Kept(msgspec.Struct):
        id: str

    class PutOff(msgspec.Struct):
        due: str

    route = msgspec.structs.replace(ROUTES[0], path="/either", returns=Kept | PutOff)
    document = openapi_document([route], "Sample", "0", BASE)
    answer = document["paths"]["/either"][route.method.lower()]["responses"]["200"]["content"]["application/json"]
    assert [kind["$ref"].rpartition("/")[2] for kind in answer["schema"]["anyOf"]] == ["Kept", "PutOff"]


@pytest.mark.parametrize("token", [None, "ann", "app"])
def test_a_machine_that_reads_it_finds_nothing_undocumented(token: str | None) -> None:
    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
    headers = bearer(token) if token else {}

    @hypothesis.settings(max_examples=10, deadline=None, suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(data=hypothesis.strategies.data())
    def drive(data: Any) -> None:
        for operation in schema.get_all_operations():
            case = data.draw(operation.ok().as_strategy())
            response = case.call(headers=headers)
            case.validate_response(response, checks=checks)

    drive()
