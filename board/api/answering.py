"""How a request becomes an answer: scope, query, body, then the operation's function; then ETag, page and key."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Response, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import BadRequest

from board.api import repeating, sayings
from board.api.fields import Paged
from board.api.registry import Operation
from board.db import db, transaction
from board.errors import Denied, Refusal
from board.i18n import gettext as _
from board.web import actor

JSON = "application/json"


class Invalid(Refusal):
    """The query or body is not what the operation takes; `hints["errors"]` says where."""

    status = 422


class Refused(Refusal):
    """What HTTP itself asks of a request is missing; carries its own status."""

    def __init__(self, status: int, message: str, **hints: object) -> None:
        super().__init__(message, **hints)
        self.status = status


def view(operation: Operation) -> Callable[..., Response]:
    """The Flask view of an operation."""

    def answer(**parts: Any) -> Response:
        """Answer one request."""
        _permit(operation)
        given = dict(parts)
        if operation.query:
            given["query"] = _query(operation.query)
        elif request.args:
            raise Invalid(_("This operation takes no query."), errors=[])
        if operation.method == "GET":
            return _read(operation, given)
        return _change(operation, given)

    return answer


def _permit(operation: Operation) -> None:
    by = actor()
    if by.scopes is not None and operation.scope not in by.scopes:
        told = _("This token is not for this: it lacks the scope “%(scope)s”.", scope=operation.scope)
        raise Denied(told, problem="insufficient-scope", scope=operation.scope)


# Reading


def _read(operation: Operation, given: Mapping[str, Any]) -> Response:
    found = operation.handler(**given)
    response = _dressed(operation, found, 200)
    response.make_conditional(request)
    return response


def _dressed(operation: Operation, found: Any, status: int) -> Response:
    """The answer as JSON with its tag: the edition where there is one, then a hash of all that it says."""
    edition = ""
    if isinstance(found, tuple):
        found, edition = found
    model: BaseModel | None = found
    body = model.model_dump_json(by_alias=True) if model is not None else ""
    response = Response(body, status, mimetype=JSON if model is not None else None)
    if model is None:
        response.headers.pop("Content-Type", None)
    if model is not None and (status == 200 or edition):
        told = hashlib.sha256(body.encode()).hexdigest()[:24]
        response.set_etag(f"{edition}.{told}" if edition else told)
    if operation.paged and (rest := getattr(found, "next", None)):
        response.headers["Link"] = f'<{rest}>; rel="next"'
    response.headers["Cache-Control"] = "private, no-cache" if actor().signed_in else "no-cache"
    response.vary.update(("Authorization", "Accept-Language"))
    return response


def goes_on(query: Paged, mark: str | int | None, path: str = "") -> str | None:
    """The address of the rest of a list, None at its end; `path`: of the list, where it is not the one asked."""
    if not mark:
        return None
    asked = query.model_dump(exclude={"after"}, exclude_defaults=True, mode="json")
    told = {name: str(value).lower() if isinstance(value, bool) else value for name, value in asked.items()}
    return f"{path or request.path}?{urlencode({**told, 'after': mark})}"


# Changing


def _change(operation: Operation, given: dict[str, Any]) -> Response:
    if operation.body:
        given["body"] = _body(operation.body)
    if operation.edition:
        given["edition"] = _edition()
    key = repeating.key()
    with transaction():
        kept = repeating.begin(key) if key else None
        if kept is not None:
            return kept
        told = operation.handler(**given)
        db.session.flush()
        db.session.expire_all()  # Verbs also write past the ORM: what is answered is read anew.
        response = _dressed(operation, told() if callable(told) else told, operation.status)
        if key:
            repeating.keep(key, response)
    return response


def _edition() -> str:
    """Which edition the request changes, by the tag of the answer in which it was read."""
    if "If-Match" not in request.headers:
        raise Refused(428, _("Send the ETag that you have read as If-Match, so that nobody's text is lost."))
    tags = request.if_match
    if tags.star_tag:
        return "*"
    return next((tag.partition(".")[0] for tag in tags.as_set(include_weak=True)), "-")


def edited(edition: str, current: str) -> str:
    """The edition to change: the current one. Raises Refused (412) when the request has read another."""
    if edition not in {"*", current}:
        raise Refused(412, _("Somebody else has changed it meanwhile. Read it again before you change it."))
    return current


# What is sent


def _query(wanted: type[BaseModel]) -> BaseModel:
    many = [name for name in request.args if len(request.args.getlist(name)) > 1]
    if many:
        raise Invalid(
            _("A name stands in the query twice."),
            errors=[_error("query", (name,), _("Once is enough.")) for name in many],
        )
    try:
        return wanted.model_validate(request.args.to_dict())
    except ValidationError as why:
        raise _invalid("query", why) from why


def _body(wanted: type[BaseModel]) -> BaseModel:
    if request.mimetype != JSON:
        raise Refused(415, _("Send the body as application/json."))
    try:
        raw = request.get_data()
        return wanted.model_validate_json(raw)
    except ValidationError as why:
        if any(error["type"] == "json_invalid" for error in why.errors()):
            raise BadRequest from why
        raise _invalid("body", why) from why


def _invalid(place: str, why: ValidationError) -> Invalid:
    errors = [
        _error(place, error["loc"], sayings.of(error)) for error in why.errors(include_url=False, include_input=False)
    ]
    return Invalid(_("The request is not valid: see “errors”."), errors=errors)


def _error(place: str, where: tuple[Any, ...], message: str) -> dict[str, str]:
    """One thing that is wrong, with a JSON pointer into the body or the name in the query."""
    pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in where)
    return {"in": place, "pointer": pointer, "detail": message}


def wrong(pointer: str, message: str) -> Invalid:
    """The refusal for something in the body that only the board's data can tell."""
    return Invalid(message, errors=[{"in": "body", "pointer": pointer, "detail": message}])
