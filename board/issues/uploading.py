"""Import by upload, for operators: a preview first, then the same file once more. Nothing of it is kept in between.

The preview hands out the file's fingerprint; only a file with the same fingerprint is imported, so nobody imports what
they have not looked at. Everything ends in `importing.run`, as on the command line.
"""

import hashlib
import re

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse
from wtforms import FileField, HiddenField, SelectField

from board.db import db
from board.errors import Refusal
from board.forms import BoardForm, line
from board.i18n import gettext as _
from board.issues import connection_queries, connections, importing
from board.issues.importing import BadFile, Counts
from board.issues.repositories import Known
from board.web import component as component_
from board.web import is_partial, no_store, page

LARGEST = 20 * 1024 * 1024
ENDPOINT = "issues.import_"
_REPOSITORY = re.compile(r"([^\s#]+/[^\s#]+)(?:#([1-9]\d{0,15}))?")


class ImportForm(BoardForm):
    """A file of issues, whose rules apply, and where issues belong that do not say it."""

    file = FileField("File")
    connection = SelectField("Connection", validate_choice=False)
    repository = line("Repository", 320)
    seen = HiddenField()

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        known = [(str(one.id), f"{one.name} ({one.provider})") for one in connection_queries.connections()]
        self.connection.choices = [("", _("none: files only")), *known]

    def home(self) -> tuple[str, int | None] | None:
        """The repository that was named; raises BadFile when it is none."""
        if not self.repository.data:
            return None
        match = _REPOSITORY.fullmatch(self.repository.data)
        if match is None:
            raise BadFile(_("Name the repository like stadt/app or stadt/app#4712."))
        return match[1], int(match[2]) if match[2] else None

    def known(self) -> Known | None:
        """The connection that was chosen. Raises Missing."""
        wanted = self.connection.data or ""
        if not wanted:
            return None
        found = connections.known(connections.locked(int(wanted) if wanted.isdecimal() and len(wanted) < 10 else 0))
        db.session.close()
        return found


def allow_large() -> None:
    """A file may be larger than a form."""
    if request.endpoint == ENDPOINT:
        request.max_content_length = LARGEST


def import_() -> BaseResponse:
    """The page; with a file: what would happen, or, once that was seen, what happened."""
    if request.method == "GET":
        return no_store(page("issues/import.html", form=ImportForm(), counts=None, done=False, problem=""))
    form = ImportForm(request.form)
    raw = _given()
    counts, done, problem = None, False, ""
    try:
        if not raw:
            raise BadFile(_("Choose a file."))
        print_ = hashlib.sha256(raw).hexdigest()
        done = request.form.get("step") == "import" and form.seen.data == print_
        counts = _run(form, raw, dry_run=not done)
        form.seen.data = "" if done else print_
    except (BadFile, Refusal) as why:
        problem, form.seen.data = str(why), ""
    return _answer(form, counts, done, problem)


def _given() -> bytes:
    """The uploaded file, which is closed at once."""
    given = request.files.get("file")
    if given is None:
        return b""
    try:
        return bytes(given.read())
    finally:
        given.close()


def _run(form: ImportForm, raw: bytes, *, dry_run: bool) -> Counts:
    return importing.run(raw, form.known(), form.home(), dry_run=dry_run)


def _answer(form: ImportForm, counts: Counts | None, done: bool, problem: str) -> Response:
    shown = {"form": form, "counts": counts, "done": done, "problem": problem}
    answer = (
        component_("issues/_import.html", **shown)
        if is_partial()
        else page("issues/import.html", status=422 if problem else 200, **shown)
    )
    answer.status_code = 422 if problem else 200
    return no_store(answer)
