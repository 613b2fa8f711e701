"""The routes of a running server, from the document that it hands out, ready to be asked."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec

from tests.support.server import LiveServer
from weft.infra.routing.application import with_twins
from weft.infra.routing.table import Route, Style
from weft.wiring import all_routes

WRITES = ("POST", "PUT", "PATCH", "DELETE")
UNKNOWN = "117000000000000001"


class Operation(msgspec.Struct, frozen=True):
    method: str
    path: str
    described: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def address(self, value: str = UNKNOWN) -> str:
        """The path with something in place of each of its names."""
        return "/".join(value if part.startswith("{") else part for part in self.path.split("/"))

    @property
    def names(self) -> bool:
        return "{" in self.path

    @property
    def is_page(self) -> bool:
        return "pages" in self.described.get("tags", ()) or self.path.startswith(("/auth/", "/oauth/authorize"))

    @property
    def takes_body(self) -> bool:
        return "requestBody" in self.described

    @property
    def statuses(self) -> set[int]:
        return {int(status) for status in self.described["responses"]}

    def expect(self, answer: httpx.Response, *wanted: int) -> None:
        """The answer has one of these statuses, or any refusal where none is named, and the document knows it."""
        status, what = answer.status_code, f"{self}: {answer.status_code} {answer.text[:200]!r}"
        assert status in wanted if wanted else 400 <= status < 500, what
        assert status in self.statuses, f"not in the document: {what}"
        if not self.is_page:
            assert answer.json()["error"], what


class Surface:
    """All operations of a server's document, and the schemas they refer to."""

    def __init__(self, server: LiveServer) -> None:
        self.document = server.visitor.get("/api/weft/openapi.json").json()
        self.operations = [
            Operation(method.upper(), path, described)
            for path, methods in self.document["paths"].items()
            for method, described in methods.items()
        ]

    def fields(self, operation: Operation) -> dict[str, Any]:
        """Name and schema of each field that the operation's JSON body may have."""
        schema = operation.described["requestBody"]["content"]["application/json"]["schema"]
        return dict(self.resolved(schema).get("properties", {}))

    def resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = schema
        while "$ref" in found:
            found = self.document["components"]["schemas"][found["$ref"].rpartition("/")[2]]
        return found

    def kinds(self, schema: dict[str, Any]) -> set[str]:
        """The JSON types a schema allows; ``any`` where it says nothing."""
        found = self.resolved(schema)
        if "anyOf" in found:
            return {kind for option in found["anyOf"] for kind in self.kinds(option)}
        if "enum" in found:
            return {"string"}
        given = found.get("type", "any")
        return set(given) if isinstance(given, list) else {given}


def declared() -> list[Route]:
    """The route table itself, for what the document does not say: whether a token needs somebody behind it."""
    return [route for route in with_twins(all_routes()) if route.style is not Style.PAGE]
