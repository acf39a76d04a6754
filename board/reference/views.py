"""`/api`: every operation in the board's look and the reader's language, with an example to copy."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, current_app, request

from board import problems
from board.api import openapi
from board.api.registry import OPERATIONS, PART_NAMES, Operation, in_order
from board.tokens.words import SCOPES
from board.web import etag, not_modified, page, tagged

bp = Blueprint("reference", __name__)


@dataclass(frozen=True)
class Field:
    """One field of a query, body or answer; `about` is English, as in the document."""

    name: str
    kind: str
    required: bool
    about: str


@dataclass(frozen=True)
class Told:
    """One operation as the page shows it."""

    operation: Operation
    path: str
    curl: str
    asked: tuple[Field, ...]
    given: tuple[Field, ...]
    answered: tuple[Field, ...]


@bp.get("/api")
def show() -> Response:
    """The whole of it."""
    tag = etag("reference", openapi.VERSION, len(OPERATIONS))
    if response := not_modified(tag):
        return response
    origin = current_app.config["BOARD"].origin or request.host_url.rstrip("/")
    groups: dict[str, list[Told]] = {}
    for told in _told(origin):
        groups.setdefault(told.operation.tag, []).append(told)
    context: dict[str, Any] = {
        "groups": groups, "problems": problems.TITLES, "scopes": SCOPES, "root": problems.ROOT, "origin": origin,
    }  # fmt: skip
    return tagged(page("reference/show.html", **context), tag)


@lru_cache(maxsize=4)
def _told(origin: str) -> tuple[Told, ...]:
    return tuple(_one(operation, origin) for operation in in_order())


def _one(operation: Operation, origin: str) -> Told:
    def fields(model: Any, mode: Any) -> tuple[Field, ...]:
        return _fields(model.model_json_schema(mode=mode, ref_template=openapi.REF)) if model else ()

    path = problems.ROOT + operation.shown_path
    return Told(
        operation, path, _curl(operation, origin, path), fields(operation.query, "validation"),
        fields(operation.body, "validation"), fields(operation.answer, "serialization"),
    )  # fmt: skip


def _fields(schema: dict[str, Any]) -> tuple[Field, ...]:
    required = set(schema.get("required", ()))
    return tuple(
        Field(name, _kind(part), name in required, part.get("description", ""))
        for name, part in schema.get("properties", {}).items()
    )


def _kind(part: dict[str, Any]) -> str:
    """A type in few letters, such as `string ≤ 120`, `one of: for, against`, `list of Held`, `integer, null`."""
    if "$ref" in part:
        return str(part["$ref"].rpartition("/")[2])
    if "anyOf" in part:
        return ", ".join(dict.fromkeys(_kind(choice) for choice in part["anyOf"]))
    if "enum" in part:
        return " | ".join(str(value) for value in part["enum"] if value != "")
    if "const" in part:
        return str(part["const"])
    if part.get("type") == "array":
        return f"[{_kind(part.get('items', {}))}]"
    limit = f" ≤ {part['maxLength']}" if "maxLength" in part else f" ≤ {part['maximum']}" if "maximum" in part else ""
    return f"{part.get('format') or part.get('type', 'any')}{limit}"


SAMPLES = {"proposal": "FV-12", "package": "AP-7", "needed": "AP-8", "partner": "ulm"}


def _curl(operation: Operation, origin: str, path: str) -> str:
    """The call as a line to copy; `$token` holds the token."""
    for kind, name in operation.parts:
        shown = PART_NAMES.get(name, name)
        path = path.replace(f"{{{shown}}}", SAMPLES.get(shown, "1" if kind == "int" else "ulm"))
    query = "?q=karte" if operation.name == "search" else ""
    words = ["curl"] if operation.method == "GET" else ["curl -X", operation.method]
    words.append(f'"{origin}{path}{query}"')
    if operation.signed_in:
        words.append('-H "Authorization: Bearer $token"')
    if operation.edition:
        words.append("-H 'If-Match: \"…\"'")
    if operation.body:
        words.append('-H "Content-Type: application/json"')
        words.append(f"-d '{json.dumps(operation.example, ensure_ascii=False)}'")
    return " ".join(words)
