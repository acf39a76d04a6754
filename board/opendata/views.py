"""The page of open data, its files and its catalogue."""

import json
from datetime import UTC, datetime

from flask import Blueprint, Response, current_app, make_response, request, stream_with_context
from werkzeug.wrappers import Response as BaseResponse

from board import csv, web
from board.activity import queries as activity
from board.errors import Missing
from board.i18n import gettext as _
from board.opendata import files
from board.opendata.catalogue import Publication, catalogue
from board.opendata.datasets import DATASETS, Dataset
from board.opendata.licences import LICENCES
from board.policy import ANONYMOUS
from board.proposals.queries import electorate_version
from board.settings.current import current as settings
from board.web import actor, etag, not_modified, page, tagged

bp = Blueprint("opendata", __name__)
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@bp.get("/data")
def show() -> Response:
    """What there is, in which formats, under which licence."""
    tag = etag("data", _publication().publisher)
    if response := not_modified(tag):
        return response
    return tagged(page("opendata/show.html", sets=tuple(DATASETS.values()), given=_publication()), tag)


@bp.get("/data/<name>.csv", endpoint="csv")
def as_csv(name: str) -> BaseResponse:
    """A set of data as RFC 4180 wants it."""
    found = _dataset(name)
    if response := not_modified(tag := _tag(name)):
        return response
    body = stream_with_context(files.to_csv(found.columns, found.read))
    return _file(web.download(body, f"stadtrunde-{name}.csv", csv.CONTENT_TYPE), tag)


@bp.get("/data/<name>.json", endpoint="json")
def as_json(name: str) -> BaseResponse:
    """The same with its types, and what it may be used for."""
    found, given = _dataset(name), _publication()
    if response := not_modified(tag := _tag(name, given.publisher)):
        return response
    about = {
        "dataset": name, "publisher": given.publisher, "licence": given.licence.name,
        "licence_url": given.licence.url, "source": f"{given.origin}/data",
    }  # fmt: skip
    body = stream_with_context(files.to_json(about, found.read))
    return _file(web.download(body, f"stadtrunde-{name}.json", "application/json"), tag)


@bp.get("/data/catalog.jsonld", endpoint="catalogue")
def as_catalogue() -> BaseResponse:
    """What a data portal harvests."""
    response = make_response(json.dumps(catalogue(_publication()), ensure_ascii=False, indent=1))
    response.content_type = "application/ld+json"
    response.headers["Cache-Control"] = "private, no-cache" if actor().signed_in else "no-cache"
    response.add_etag(weak=True)
    return response.make_conditional(request)


def _dataset(name: str) -> Dataset:
    if name not in DATASETS:
        raise Missing(_("There is no such set of data."))
    return DATASETS[name]


def _tag(*parts: str) -> str:
    return etag("data", *parts, activity.newest(), electorate_version())


def _file(response: Response, tag: str) -> Response:
    """With its ETag; never kept in front of the board, where it would have to be held as a whole."""
    response.set_etag(tag, weak=True)
    return response


def _publication() -> Publication:
    board = current_app.config["BOARD"]
    last = activity.page(activity.Filters(), ANONYMOUS, limit=1).items
    return Publication(
        origin=board.origin or request.host_url.rstrip("/"),
        publisher=settings().operator or request.host,
        licence=LICENCES[board.licence],
        contributor=board.contributor,
        modified=last[0].at if last else EPOCH,
    )
