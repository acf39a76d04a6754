"""How pages and actions answer: `page`, `component`, `respond`, `alert`, redirects. All that Python knows about htmx.

A partial request (htmx) gets the component, everything else gets a page or a 303. Views never ask which.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Response, current_app, g, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from board import i18n, navigation, pages, places, problems, templating
from board.errors import Refusal
from board.policy import ANONYMOUS, FOLLOWED, Actor, page_allowed
from board.settings import current as settings

R = TypeVar("R", bound=BaseResponse)


@dataclass(frozen=True)
class Undo:
    """The form that takes a change back: where it is sent, and with what. Beside a message it is a button."""

    url: str
    fields: Mapping[str, str] = field(default_factory=dict)


def actor() -> Actor:
    """Who acts in this request; read once."""
    by: Actor = g.get("actor", ANONYMOUS)
    return by


def is_partial() -> bool:
    """Whether htmx asks for a fragment (a history restore asks for a full page)."""
    return request.headers.get("HX-Request-Type") == "partial"


def target() -> str:
    """The id of the element that htmx will replace, such as `ballot-12`."""
    return request.headers.get("HX-Target", "").rsplit("#", 1)[-1]


# Answers


def page(template: str, *, status: int = 200, **context: Any) -> Response:
    """A whole page."""
    return _answer(_render(template, context | {"status": status}), status)


def component(template: str, **context: Any) -> Response:
    """A component at its own URL: the fragment for htmx, a small page around it for everybody else."""
    if not g.get("flashes"):
        pages.keep()
    return _answer(_show(template, context), 200)


def respond(
    template: str,
    *,
    back_to: str,
    form: Any = None,
    refusal: Refusal | None = None,
    message: str = "",
    faces: Mapping[str, str] | None = None,
    beside: Mapping[str, str] = MappingProxyType({}),
    undo: Undo | None = None,
    **context: Any,
) -> BaseResponse:
    """The one way an action answers.

    `template` is the component; `faces` maps the noun of the htmx target (`row` in `row-12`) to other partials;
    `beside` maps the ids of components that changed with it to their partials. 422 with a bad form, the refusal's
    status with a refusal (both in place, nothing typed is lost), else 200 with the component or, without htmx, a
    flash and 303 back. The flash carries `undo`; components show their own.
    """
    invalid = form is not None and bool(form.errors)
    status = 422 if invalid else refusal.status if refusal else 200
    template = (faces or {}).get(target().rsplit("-", 1)[0], template)
    context |= {"form": form, "refusal": refusal, "back_to": back_to}
    if is_partial():
        html = _render(template, context)
        if status == 200:
            html += "".join(
                _render("_beside.html", {**context, "component": name, "beside_id": id_})
                for id_, name in beside.items()
            )
        told = refusal.message if refusal else "" if invalid else message
        html += _render("_status.html", {"text": told}) if told else ""
    elif status == 200:
        return see_other(back_to, message, undo)
    else:
        html = _show(template, context)
    response = _answer(html, status)
    return retry_after(response, refusal) if refusal else response


def download(body: str | bytes | Iterator[str], name: str, content_type: str) -> Response:
    """A file to keep, such as `board.csv` writes: never shown in the page's own origin, asked for again like a page."""
    response = _answer(body, 200)
    response.content_type = content_type
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def alert(template: str = "_alert.html", *, status: int, **context: Any) -> Response:
    """A refused or failed partial request, told in the page's place for messages; nothing else is replaced."""
    response = _answer(_render(template, {"status": status, **context}), status)
    response.headers["HX-Retarget"] = "#flash"
    response.headers["HX-Reswap"] = "innerHTML"
    response.headers["Cache-Control"] = "no-store"
    return response


def see_other(back_to: str, message: str = "", undo: Undo | None = None) -> BaseResponse:
    """303 to the page the person was on (same host only), else to `back_to`; the message is told there.

    The fragment of `back_to` (`#ballot-12`) brings the person back into sight of what they changed.
    """
    if message:
        flash("success", message, undo)
    referrer, goal = urlsplit(request.referrer or ""), urlsplit(back_to)
    if referrer.netloc == request.host and goal.fragment and referrer.path != request.path:
        address = safe_path(referrer.path + (f"?{referrer.query}" if referrer.query else "")) or goal.path
        return redirect(f"{address}#{goal.fragment}", 303)
    return redirect(back_to, 303)


def redirect_to(address: str, message: str = "") -> BaseResponse:
    """303 to a page of ours, after a plain form (one that is not sent by htmx) has created something."""
    if message:
        flash("success", message)
    return redirect(address, 303)


def safe_path(address: str | None) -> str | None:
    """The address if it is a path of this site as a browser would understand it, else None."""
    if not address or not address.startswith("/") or any(ord(c) < 33 or c == "\\" for c in address):
        return None
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or address.startswith("//"):
        return None
    return address


@contextmanager
def refusals() -> Iterator["Caught"]:
    """Catch a refusal, so that the component can tell it in place: `with refusals() as caught, transaction(): …`."""
    caught = Caught()
    try:
        yield caught
    except Refusal as refusal:
        caught.refusal = refusal


class Caught:
    """What `refusals` caught, if anything."""

    refusal: Refusal | None = None

    def __bool__(self) -> bool:
        return self.refusal is not None


def flash(category: str, message: str, undo: Undo | None = None) -> None:
    """Tell the person on the next page. Kept in the session row; without a session it is not kept."""
    told: list[Any] = [category, message]
    g.setdefault("new_flashes", []).append([*told, {"url": undo.url, "fields": dict(undo.fields)}] if undo else told)


def etag(*parts: object) -> str:
    """A tag from all that shows on a page: give versions and ids; language, person, day, address are added here."""
    by = actor()
    shown = (
        templating.build(), i18n.current_locale(), theme(), by.person_id, by.name, by.membership_id, by.role,
        by.partner, by.memberships, by.is_product_owner, by.is_admin, by.is_host, settings.known().stamp,
        current_app.config["BOARD"].demo, i18n.today(), request.full_path, is_partial(),
        [entry[4] for entry in _surroundings()["nav"]], parts,
    )  # fmt: skip
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:24]


def not_modified(tag: str) -> Response | None:
    """A 304 if the browser has this version; a page that must tell something is never skipped."""
    if g.get("flashes") or request.if_none_match.contains_weak(tag) is False:
        return None
    response = Response("", 304)
    response.set_etag(tag, weak=True)
    return _cache_headers(response)


def tagged(response: Response, tag: str) -> Response:
    """The answer with its ETag, unless it carries a flash."""
    if not g.get("flashes"):
        response.set_etag(tag, weak=True)
        pages.keep()
    return response


def choose_language() -> None:
    """Speak the person's choice, the switch's cookie, the browser's wish, German; in this order.

    Programs have the wish alone.
    """
    wish = "" if problems.is_api() else actor().locale or request.cookies.get("lang", "")
    if wish not in i18n.LOCALES:
        wish = places.preferred(request.headers.get("Accept-Language", ""))
    i18n.set_locale(wish)


def theme() -> str:
    """auto, light or dark: the person's choice, else the browser's cookie."""
    chosen = actor().theme or request.cookies.get("theme", "auto")
    return chosen if chosen in {"auto", "light", "dark"} else "auto"


# Rendering


def _render(template: str, context: Mapping[str, Any]) -> str:
    return templating.render(template, i18n.current_locale(), _surroundings() | dict(context))


def _show(template: str, context: dict[str, Any]) -> str:
    if is_partial():
        return _render(template, context)
    return _render("component.html", {**context, "component": template})


def _surroundings() -> dict[str, Any]:
    """What every template may use."""
    shown: dict[str, Any] | None = g.get("surroundings")
    if shown is None:
        by, board = actor(), settings.known()
        g.surroundings = shown = {
            "me": by,
            "theme": theme(),
            "nav": () if is_partial() else navigation.entries(by),
            "demo": current_app.config["BOARD"].demo,
            "public": board.public,
            "quorum": board.quorum,
            "flashes": g.get("flashes", []),
            "live_cursor": g.get("live_cursor", ""),
            "request_path": request.full_path.rstrip("?"),
            "today": i18n.today(),
            "refusal": None,
            "form": None,
            "face": "",
        }
    return shown


def _answer(body: str | bytes | Iterator[str], status: int) -> Response:
    return _cache_headers(Response(body, status))


def _cache_headers(response: Response) -> Response:
    """Private or public, always asked again; refusals and what strangers may not call are never kept.

    Pages behind links from mails, and those that only make sense once, say no-store themselves.
    """
    response.headers["Vary"] = "HX-Request-Type, Cookie, Accept-Language"
    private = request.endpoint not in FOLLOWED and not page_allowed(ANONYMOUS, request.endpoint)
    if private or response.status_code >= 400:
        return no_store(response)
    response.headers.setdefault("Cache-Control", "private, no-cache" if actor().signed_in else "no-cache")
    return response


def retry_after(response: Response, refusal: Refusal) -> Response:
    """Tell how long to wait, where waiting helps."""
    if refusal.status in {429, 503}:
        response.headers["Retry-After"] = str(refusal.hints.get("seconds", 5))
    return response


def no_store(response: R) -> R:
    """For accounts and administration: never kept by a browser."""
    response.headers["Cache-Control"] = "no-store"
    return response
