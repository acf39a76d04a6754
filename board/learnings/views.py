"""`/learnings`: what partners have learned; the five questions; and what was useful to whom."""

from typing import Any

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from board.db import transaction
from board.errors import Denied, Missing, Refusal
from board.forms import differences
from board.i18n import current_locale
from board.i18n import gettext as _
from board.learnings import queries, verbs
from board.learnings.forms import KEY, LearningForm
from board.learnings.models import Occasion
from board.learnings.queries import Filters
from board.policy import Actor, allowed
from board.proposals import queries as proposals
from board.search import suggest
from board.text import clean, markdown
from board.voting import queries as voting
from board.web import actor, component, etag, not_modified, page, redirect_to, refusals, respond, tagged

bp = Blueprint("learnings", __name__)

OCCASIONS = {"pilot": "in pilot use", "live": "in use", "ended": "ended"}


@bp.get("/learnings")
def index() -> Response:
    """All that the address asks for."""
    by, topics, partners = actor(), queries.topics(), queries.partners()
    filters = _filters(dict(topics), dict(partners))
    lines, total = queries.page(filters, by)
    asked = queries.asked(by)
    meant = suggest.instead(filters.q) if filters.q and not lines else ""
    tag = etag(filters, lines, total, topics, partners, asked, meant)
    if response := not_modified(tag):
        return response
    context: dict[str, Any] = {
        "filters": filters, "lines": lines, "total": total, "topics": topics, "partners": partners, "asked": asked,
        "sorts": queries.SORTS, "takes": queries.TAKES, "meant": meant, "may": allowed(by, "learning.write"),
        "more_url": filters.url(n=filters.n + queries.STEP) if total > filters.n < queries.MOST else "",
        "chips": _chips(filters, dict(topics), dict(partners)),
    }  # fmt: skip
    return tagged(page("learnings/index.html", **context), tag)


def _filters(topics: dict[str, str], partners: dict[str, str]) -> Filters:
    """The filters of the address; what is unknown is left out."""
    args, number = request.args, request.args.get("n", "")
    on = KEY.fullmatch(args.get("on", "").strip())
    return Filters(
        q=" ".join(clean(args.get("q", "")).split())[:100].strip(),
        topic=args.get("topic", "") if args.get("topic", "") in topics else "",
        partner=args.get("partner", "") if args.get("partner", "") in partners else "",
        on=f"{on[1].upper()}-{int(on[2])}" if on else "",
        take=args.get("take", "") if args.get("take", "") in queries.TAKES else "",
        sort="useful" if args.get("sort") == "useful" else "new",
        n=min(max(int(number), queries.STEP), queries.MOST) if number.isdecimal() and len(number) < 5 else queries.STEP,
    )


def _chips(filters: Filters, topics: dict[str, str], partners: dict[str, str]) -> list[tuple[str, str, str]]:
    values = {
        "q": (_("Search"), filters.q),
        "topic": (_("Topic"), topics.get(filters.topic, "")),
        "partner": (_("Partner"), partners.get(filters.partner, "")),
        "on": (_("About"), filters.on),
        "take": (_("To take over"), _(queries.TAKES[filters.take]) if filters.take else ""),
    }
    return [(*values[name], filters.url(**{name: ""})) for name in filters.narrowing]


@bp.get("/learnings/<int:learning_id>")
def show(learning_id: int) -> Response:
    """One learning, whole."""
    by = actor()
    line, whole, author = queries.one(learning_id, by)
    prose = {name: markdown(getattr(whole, name)) for name in ("configuration", "text")}
    return page(
        "learnings/show.html", line=line, whole=whole, author=author, prose=prose, takes=queries.TAKES,
        may={verb for verb in ("edit", "remove") if allowed(by, f"learning.{verb}", whole)},
    )  # fmt: skip


@bp.get("/learnings/new")
def new() -> Response:
    """The five questions about a use that has turned (`on`, `occasion`), or a free learning."""
    form = LearningForm(request.args)
    subject = _subject(form)
    if form.occasion.data not in OCCASIONS or not subject.startswith("FV"):
        form.occasion.data = Occasion.FREE
    if subject and not form.title.data:
        form.title.data = _suggested(form, subject, actor())
    return _page(form, subject)


@bp.post("/learnings")
def write() -> BaseResponse:
    """Tell the others."""
    form, refusal = LearningForm(request.form), None
    if form.validate():
        with refusals() as caught, transaction():
            made = verbs.write(form.told(), _place(form), actor())
        if not caught:
            return redirect_to(f"/learnings/{made.id}", _("Thank you. Whoever starts next finds it here."))
        refusal = caught.refusal
    return _page(form, _subject(form), refusal=refusal)


@bp.route("/learnings/<int:learning_id>/edit", methods=["GET", "POST"])
def edit(learning_id: int) -> BaseResponse:
    """Change a learning of one's partner; who comes second sees what stands otherwise."""
    line, whole, _author = queries.one(learning_id, actor())
    if request.method == "GET":
        if not allowed(actor(), "learning.edit", whole):
            raise Denied(_("Only the partner that wrote a learning changes it."))
        return _page(LearningForm.of(whole, line.key), line.key, line=line)
    form, refusal, theirs = LearningForm(request.form), None, []
    if form.validate():
        with refusals() as caught, transaction():
            verbs.edit(verbs.locked(learning_id), form.told(), form.version.data or 0, actor())
        if not caught:
            return redirect_to(line.url, _("Learning changed."))
        refusal = caught.refusal
        if refusal and refusal.hints.get("edited"):
            _line, whole, _author = queries.one(learning_id, actor())
            theirs = [d for d in differences(form, LearningForm.of(whole, line.key)) if d.id != "version"]
            form.version.raw_data, form.version.data = None, whole.version
    return _page(form, line.key, line=line, refusal=refusal, theirs=theirs)


@bp.post("/learnings/<int:learning_id>/remove")
def remove(learning_id: int) -> BaseResponse:
    """Take a learning of one's partner back for good."""
    with transaction():
        verbs.remove(verbs.locked(learning_id), actor())
    return redirect_to("/learnings", _("The learning was removed."))


@bp.get("/learnings/<int:learning_id>/useful")
def useful(learning_id: int) -> Response:
    """To how many it was useful, alone."""
    return component("learnings/_useful.html", line=queries.one(learning_id, actor())[0], back_to="/learnings")


@bp.post("/learnings/<int:learning_id>/useful")
def thank(learning_id: int) -> BaseResponse:
    """It was useful to the partner acted for; `useful=0` takes that back."""
    wish = request.form.get("useful", "1") == "1"
    with refusals() as caught, transaction():
        verbs.thank(verbs.locked(learning_id), wish, actor())
    line, _whole, _author = queries.one(learning_id, actor())
    told = _("The partner that wrote it sees that it helped.") if wish else _("Taken back.")
    back = f"{line.url}#useful-{line.id}"
    return respond("learnings/_useful.html", back_to=back, refusal=caught.refusal, message=told, line=line)


@bp.get("/proposals/<proposal:proposal_id>/learnings")
def of_proposal(proposal_id: int) -> Response:
    """What was learned about one proposal, in short."""
    learnings = queries.of_proposal(voting.get(proposal_id), actor())
    return component("learnings/_of_proposal.html", learnings=learnings, back_to=f"/proposals/FV-{proposal_id}")


def _subject(form: LearningForm) -> str:
    """The key of what it is about; empty where there is no such thing."""
    if form.key is None:
        return ""
    try:
        verbs.place(*form.key)
    except Missing:
        return ""
    return f"{form.key[0]}-{form.key[1]}"


def _place(form: LearningForm) -> verbs.Subject:
    """What the form says that it is about. Raises Missing."""
    if form.key:
        return verbs.place(*form.key, occasion=form.occasion.data or Occasion.FREE)
    chosen = {str(id_): id_ for id_, _slug, _label in proposals.topics(current_locale())}
    return verbs.Subject(topic_id=chosen.get(form.topic.data or ""))


def _suggested(form: LearningForm, subject: str, by: Actor) -> str:
    """A title to begin with: what, and how far the partner is."""
    if form.occasion.data not in OCCASIONS or by.partner is None:
        return ""
    line = proposals.row(int(subject[3:]), current_locale())
    return f"{line.title}: {_(OCCASIONS[form.occasion.data])}, {by.partner.name}"[:120]


def _page(
    form: LearningForm,
    subject: str,
    *,
    line: queries.Line | None = None,
    refusal: Refusal | None = None,
    theirs: Any = (),
) -> Response:
    form.topic.choices = [("", _("none")), *((str(i), label) for i, _slug, label in proposals.topics(current_locale()))]
    status = refusal.status if refusal else 422 if form.errors else 200
    return page(
        "learnings/edit.html", form=form, subject=subject, line=line, refusal=refusal, theirs=theirs, status=status,
        five=form.occasion.data in OCCASIONS,
    )  # fmt: skip
