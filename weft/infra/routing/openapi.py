"""Makes the OpenAPI 3.1 document from the route table, so that what is documented is what runs: parameters, bodies,
scopes and every status a route can answer with. It describes; it checks nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from types import UnionType
from typing import Any, get_args

import msgspec
from msgspec import inspect

from weft.infra.routing.application import with_twins
from weft.infra.routing.shapes import LENIENT_NUMBERS
from weft.infra.routing.table import Auth, Route, Style

Json = dict[str, Any]

ERROR: Json = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {"type": "string"},
        "error_description": {"type": "string"},
        "details": {"type": "object"},
        "unexpected_accounts": {"type": "array"},
        "weft": {"type": "object", "properties": {"code": {"type": "string"}, "field": {"type": "string"}}},
    },
}
REASONS = {
    200: "Done",
    201: "Created",
    202: "Accepted, still being worked on",
    204: "Done, nothing to say",
    206: "Partial",
    302: "Found elsewhere",
    303: "See elsewhere",
    304: "Not modified",
    400: "The request could not be read",
    401: "No valid token",
    403: "Not allowed, or the scope is missing",
    404: "It does not exist, or the caller may not see it",
    409: "Somebody else changed it first",
    410: "Gone",
    413: "The body is too large",
    422: "Read and not accepted",
    429: "Too many requests",
    503: "Temporarily unavailable",
}
BODY_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
MULTIPART = "multipart/form-data"
BODY_TYPES = ("application/json", "application/x-www-form-urlencoded", MULTIPART)
_PARAM = re.compile(r"[:*](\w+)")


def openapi_document(routes: Sequence[Route], title: str, version: str, base_url: str) -> Json:
    """The document of a table, ready to be encoded."""
    table = with_twins(routes)
    names, components = _components(table)
    paths: dict[str, Json] = {}
    for route in table:
        path = _PARAM.sub(r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, names)
    scopes = sorted({scope for route in table for scope in route.scopes})
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {
            "schemas": {**components, "Error": ERROR},
            "securitySchemes": {"token": _security_scheme(base_url, scopes)},
        },
    }


def _security_scheme(base_url: str, scopes: list[str]) -> Json:
    flow = {
        "authorizationUrl": f"{base_url}/oauth/authorize",
        "tokenUrl": f"{base_url}/oauth/token",
        "scopes": {scope: scope for scope in scopes},
    }
    return {"type": "oauth2", "flows": {"authorizationCode": flow}}


def _components(routes: Iterable[Route]) -> tuple[dict[Any, Json], Json]:
    """The schema of each type the table names, and the shared definitions these refer to."""
    wanted = list(dict.fromkeys(kind for route in routes for kind in (route.params, route.returns) if kind is not None))
    types = list(dict.fromkeys(member for kind in wanted for member in _members(kind)))
    schemas, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    known = dict(zip(types, schemas, strict=True))
    return {kind: _any_of([known[member] for member in _members(kind)]) for kind in wanted}, components


def _members(kind: Any) -> tuple[Any, ...]:
    """The kinds of a union one by one: msgspec describes no union of structs that carry no tag."""
    return get_args(kind) if isinstance(kind, UnionType) else (kind,)


def _any_of(schemas: list[Json]) -> Json:
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _operation(route: Route, names: dict[Any, Json]) -> Json:
    operation: Json = {
        "operationId": route.method.lower() + re.sub(r"\W+", "_", route.path),
        "responses": _responses(route, names),
    }
    if route.summary:
        operation["summary"] = route.summary
    if route.tag:
        operation["tags"] = [route.tag]
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAM.findall(route.path)
    ]
    with_body = route.method in BODY_METHODS and route.body > 0
    if route.params is not None and not with_body:
        parameters += _query_parameters(route.params)
    if parameters:
        operation["parameters"] = parameters
    if route.params is not None and with_body:
        operation["requestBody"] = {"content": _contents(route, names), "required": _has_required(route.params)}
    if route.auth is not Auth.NONE:
        needed: list[Json] = [{"token": [scope]} for scope in route.scopes] or [{"token": []}]
        operation["security"] = [*needed, {}] if route.auth is Auth.OPTIONAL else needed
    return operation


def _contents(route: Route, names: dict[Any, Json]) -> Json:
    """The body's schema in each encoding; files fit in one of them only."""
    schema = names[route.params]
    contents: Json = {kind: {"schema": schema} for kind in BODY_TYPES}
    if route.files:
        files = {name: {"type": "string", "format": "binary"} for name in route.files}
        contents[MULTIPART] = {"schema": {"allOf": [schema, {"type": "object", "properties": files}]}}
    return contents


def _responses(route: Route, names: dict[Any, Json]) -> Json:
    media = "text/html" if route.style is Style.PAGE else "application/json"
    responses: Json = {}
    for status in route.statuses:
        answer: Json = {"description": REASONS.get(status, "Done")}
        if status not in (204, 302, 303, 304):
            schema = names.get(route.returns, {}) if route.returns is not None else {}
            answer["content"] = {media: {"schema": schema}}
        responses[str(status)] = answer
    refusal: Json = {"schema": {"$ref": "#/components/schemas/Error"}} if media == "application/json" else {}
    for status in sorted(possible_refusals(route)):
        responses.setdefault(str(status), {"description": REASONS.get(status, "Refused"), "content": {media: refusal}})
    return responses


def possible_refusals(route: Route) -> set[int]:
    """The statuses a route may refuse with, by what its declaration makes possible."""
    refusals = {400, 404, 413, 429, 503, *route.refusals}
    if route.auth is not Auth.NONE:
        refusals |= {401, 403}
    if route.style is Style.PAGE and route.params is not None:
        refusals.add(403)
    if route.params is not None or route.auth is Auth.USER or route.method in BODY_METHODS:
        refusals.add(422)
    if route.method in BODY_METHODS:
        refusals |= {403, 409}
    return refusals


def _query_parameters(kind: type[msgspec.Struct]) -> list[Json]:
    """A query parameter for each field; lists under their Rails name, objects as ``name[key]``."""
    found = inspect.type_info(kind)
    assert isinstance(found, inspect.StructType)
    (schema,), components = msgspec.json.schema_components([kind], ref_template="{name}")
    properties: Json = components.get(schema.get("$ref", ""), schema).get("properties", {})
    parameters = []
    for field in found.fields:
        shape = _inline(properties[field.encode_name], components)
        if field.encode_name in LENIENT_NUMBERS:
            shape = {"type": "integer"}
        is_list = shape.get("type") == "array"
        is_object = shape.get("type") == "object"
        parameters.append(
            {
                "name": f"{field.encode_name}[]" if is_list else field.encode_name,
                "in": "query",
                "required": field.required,
                "schema": shape,
                **({"style": "deepObject", "explode": True} if is_object else {}),
            }
        )
    return parameters


def _inline(shape: Json, components: Json) -> Json:
    """A parameter's schema without null, which a query cannot say, and without references."""
    if "$ref" in shape:
        shape = components[shape["$ref"]]
    options = [option for option in shape.get("anyOf", []) if option.get("type") != "null"]
    if len(options) == 1:
        return _inline(options[0], components)
    result = {key: value for key, value in shape.items() if key not in ("default", "title")}
    if "items" in result:
        result["items"] = _inline(result["items"], components)
    if "properties" in result:
        result["properties"] = {name: _inline(value, components) for name, value in result["properties"].items()}
    return result


def _has_required(kind: type[msgspec.Struct]) -> bool:
    found = inspect.type_info(kind)
    return isinstance(found, inspect.StructType) and any(field.required for field in found.fields)
