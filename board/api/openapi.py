"""The OpenAPI 3.1 document, made from the registry: what is written there is what the routes do."""

from functools import lru_cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from board import problems
from board.api import repeating
from board.api.registry import OPERATIONS, ORDER, PART_NAMES, Operation, in_order
from board.policy import SCOPES
from board.tokens.words import SCOPES as SCOPE_WORDS

VERSION = "1.0.0"
REF = "#/components/schemas/{model}"
TEXTS = {
    "title": "Stadtrunde",
    "description": "What a person may read and do on the board, for their programs. Tokens are made under “My "
    "account”; a token never gives more than its person may at that moment.",
}
PATH_PARTS: dict[str, dict[str, Any]] = {
    "proposal": {"type": "string", "pattern": "^FV-[1-9][0-9]{0,8}$", "example": "FV-1"},
    "package": {"type": "string", "pattern": "^AP-[1-9][0-9]{0,8}$", "example": "AP-1"},
    "int": {"type": "integer", "minimum": 1, "maximum": 999_999_999},
    "default": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,59}$"},
}
READING = ("bad-request", "unauthorized", "forbidden", "not-found", "invalid", "too-many-requests", "unavailable")
CHANGING = (*READING, "conflict", "too-large", "unsupported-media-type")


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The whole document, in English; the readable page speaks both languages."""
    refs, schemas = _schemas()
    paths: dict[str, dict[str, Any]] = {}
    for operation in in_order():
        paths.setdefault(operation.shown_path, {})[operation.method.lower()] = _operation(operation, refs)
    return {
        "openapi": "3.1.0",
        "info": {**TEXTS, "version": VERSION, "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"}},
        "servers": [{"url": problems.ROOT}],
        "tags": [{"name": tag} for tag in ORDER],
        "paths": paths,
        "components": {
            "schemas": schemas | {"Problem": PROBLEM},
            "responses": {kind: _problem(kind) for kind in problems.TITLES},
            "securitySchemes": {"token": {
                "type": "http", "scheme": "bearer",
                "description": "Scopes: " + "; ".join(f"{s}: {SCOPE_WORDS[s]}" for s in SCOPES if s != "calendar"),
            }},
        },
    }  # fmt: skip


PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "RFC 9457.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "scope": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["in", "pointer", "detail"],
                "properties": {name: {"type": "string"} for name in ("in", "pointer", "detail")},
            },
        },
    },
}


def _problem(kind: str) -> dict[str, Any]:
    return {
        "description": problems.TITLES[kind][1],
        "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _schemas() -> tuple[dict[tuple[type[BaseModel], str], dict[str, Any]], dict[str, Any]]:
    wanted: list[Any] = []
    for operation in OPERATIONS:
        wanted += [(model, "validation") for model in (operation.query, operation.body) if model]
        wanted += [(operation.answer, "serialization")] if operation.answer else []
    refs, found = models_json_schema(list(dict.fromkeys(wanted)), ref_template=REF)
    return refs, found["$defs"]  # type: ignore[return-value]


def _operation(operation: Operation, refs: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.words[0],
        "description": _description(operation),
        "parameters": _parameters(operation, refs),
        "security": [{"token": []}] if operation.signed_in else [{"token": []}, {}],
        "responses": _responses(operation, refs),
    }
    if operation.body:
        content: dict[str, Any] = {"schema": refs[operation.body, "validation"]}
        if operation.example:
            content["example"] = operation.example
        told["requestBody"] = {"required": True, "content": {"application/json": content}}
    return told


def _description(operation: Operation) -> str:
    scope = f"Scope: `{operation.scope}`." if operation.signed_in else "Without a token where reading is public."
    return " ".join((*operation.words[1:], scope))


def _parameters(operation: Operation, refs: Any) -> list[dict[str, Any]]:
    found = [
        {"name": PART_NAMES.get(name, name), "in": "path", "required": True, "schema": PATH_PARTS[kind]}
        for kind, name in operation.parts
    ]
    if operation.query:
        schema = operation.query.model_json_schema(ref_template=REF)
        for name, field in schema.get("properties", {}).items():
            about = {"description": field.pop("description")} if "description" in field else {}
            required = name in schema.get("required", [])
            found.append({"name": name, "in": "query", "required": required, "schema": field, **about})
    if operation.edition:
        tag = {"type": "string", "pattern": r'^(\*|"[!#-~]{1,80}")$'}
        found.append({"name": "If-Match", "in": "header", "required": True, "schema": tag})
    if operation.method == "POST":
        key = {"type": "string", "pattern": repeating.KEY}
        found.append({"name": "Idempotency-Key", "in": "header", "required": False, "schema": key})
    return found


def _responses(operation: Operation, refs: Any) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": "Done." if operation.method != "GET" else "Found."}
    if operation.answer:
        answer["content"] = {"application/json": {"schema": refs[operation.answer, "serialization"]}}
        tag = {"ETag": {"schema": {"type": "string"}}}
        link = {"Link": {"schema": {"type": "string"}}} if operation.paged else {}
        answer["headers"] = tag | link
    kinds = READING if operation.method == "GET" else CHANGING
    kinds = (*kinds, "edited-meanwhile", "edition-required") if operation.edition else kinds
    problem = {str(problems.TITLES[kind][0]): {"$ref": f"#/components/responses/{kind}"} for kind in kinds}
    return {str(operation.status): answer, **problem}
