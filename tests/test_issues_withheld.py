"""An issue that must not be read any more takes its words with it out of all that was made of it, and nothing else."""

import io
import itertools
import logging
import zipfile
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from board.activity.models import Activity
from board.api.views import OPERATIONS
from board.db import Base, db, transaction
from board.i18n import today
from board.issues import rules, triage
from board.issues.models import Issue
from board.issues.sources import IssueSource
from board.mail.models import Mail
from board.notifications import letters as notifications
from board.notifications.models import Sort
from board.outgoing import endpoints, spooling
from board.outgoing.endpoints import Wishes
from board.outgoing.models import OutgoingDelivery
from board.outgoing.words import KINDS
from board.proposals import queries as proposals
from board.proposals import writing
from board.proposals.models import Proposal
from board.withheld import Taken, Withheld
from board.work import packages
from board.work.models import Package
from tests.conftest import Browser
from tests.factories import comment, make_proposal
from tests.people import Cast
from tests.programs import program, token
from tests.webhooks.forge import Forge, gitlab_issue

SECRET, WORD = "Quittenmus", "Klartext"  # The second one is searched for: its echo is no leak.
WORDS: dict[str, Any] = {
    "title": f"{SECRET} im Protokoll der Anmeldung",
    "description": f"Beim Anmelden steht {SECRET} im Klartext.\n\nSchritte:\n- anmelden\n- {SECRET} lesen",
}


@pytest.fixture
def forge(app: Flask) -> Forge:
    return Forge(app, "gitlab", show_private=False)


def made(people: Cast, forge: Forge, number: int = 1) -> tuple[int, int]:
    """An issue that became a proposal of Ada's and a package under it."""
    forge.post(gitlab_issue(number, **WORDS), "Issue Hook")
    db.session.close()
    issue_id = db.session.scalars(select(Issue.id).where(Issue.number == number)).one()
    with transaction():
        issue = triage.locked(issue_id)
        draft = rules.draft_of(issue, "stadt/app", people.defects)
        proposal_id = triage.propose(issue, people.ada.actor, draft).id
    with transaction():
        issue = triage.locked(issue_id)
        words = packages.Draft(issue.title, text=issue.body, links=((f"stadt/app#{number}", issue.url),))
        package_id = triage.package(issue, people.ada.actor, proposal_id, words).id
    return proposal_id, package_id


def hide(forge: Forge, how: str, number: int = 1) -> None:
    """By each way in which a forge tells that it must not be read."""
    if how == "confidential":
        forge.post(gitlab_issue(number, confidential=True, **WORDS), "Confidential Issue Hook")
    elif how == "private":
        forge.post(gitlab_issue(number, project={"visibility_level": 0}, **WORDS), "Issue Hook")
    else:
        with transaction():
            from board.issues import follow

            follow.hide(db.session.scalars(select(Issue.id).where(Issue.number == number)).one(), how, None)


@pytest.mark.parametrize("how", ["confidential", "private", "deleted"])
def test_its_words_leave_every_table(app: Flask, people: Cast, forge: Forge, how: str) -> None:
    with app.app_context():
        proposal_id, package_id = made(people, forge)
        versions = [db.session.get_one(Proposal, proposal_id).version, db.session.get_one(Package, package_id).version]
        before = _dump()
        assert SECRET.lower() in before, "the test would find it"
        hide(forge, how)
        assert SECRET.lower() not in _dump()
        db.session.close()
        proposal, package = db.session.get_one(Proposal, proposal_id), db.session.get_one(Package, package_id)
        wanted = "(entferntes Issue)" if how == "deleted" else "(vertrauliches Issue)"
        assert (proposal.title, package.title) == (wanted, wanted)
        assert proposal.title_en
        assert "nicht mehr öffentlich" in proposal.html
        assert "nicht mehr öffentlich" in proposal.summary
        assert proposal.search.startswith(f"fv-{proposal_id} ({'entferntes' if how == 'deleted' else 'vertrauliches'}")
        assert proposal.version > versions[0]
        assert package.version > versions[1]
        assert (proposal.text_version, package.text_version) == (2, 2)
        told = db.session.execute(select(Activity.verb, Activity.source).where(Activity.verb.like("%.withhold"))).all()
        assert sorted(told) == [("package.withhold", "provider"), ("proposal.withhold", "provider")]
        assert db.session.scalars(select(IssueSource)).all() == []


def test_outgoing_webhooks_never_held_its_words_and_tell_that_they_are_gone(
    app: Flask, people: Cast, forge: Forge
) -> None:
    with app.app_context():
        with transaction():
            endpoints.create(people.pia.actor, Wishes("https://chat.stadt.example/", tuple(KINDS)))
        made(people, forge)
        spooling.spool()
        told = db.session.execute(select(OutgoingDelivery.event, OutgoingDelivery.payload)).all()
        assert {event for event, _payload in told} >= {"proposal.propose", "package.create"}
        assert SECRET.lower() not in str(told).lower(), "not even while it was public"
        hide(forge, "confidential")
        spooling.spool()
        db.session.close()
        told = db.session.execute(select(OutgoingDelivery.event, OutgoingDelivery.payload)).all()
        assert {event for event, _payload in told} >= {"proposal.withhold", "package.withhold"}
        assert SECRET.lower() not in str(told).lower()


def _dump() -> str:
    """All that is in the database, in the form in which texts are searched."""
    db.session.close()
    found = []
    for table in Base.metadata.sorted_tables:
        found += [str(tuple(row)) for row in db.session.execute(select(table))]
    return "\n".join(found).lower()


def test_own_words_stay_and_what_still_is_the_issues_goes(app: Flask, people: Cast, forge: Forge) -> None:
    with app.app_context():
        proposal_id, package_id = made(people, forge)
        own = "Wir wollen Protokolle ohne Geheimnisse.\n\nDazu prüfen alle Partner ihre Einstellungen."
        with transaction():
            proposal = proposals.locked(proposal_id)
            draft = writing.Draft("Protokolle sauber halten", people.defects, text=own, vote_by=today())
            writing.edit(proposal, people.ada.actor, draft, edition=writing.mark(writing.as_draft(proposal)))
        with transaction():
            package = packages.locked(package_id, links=True)
            draft_ = packages.Draft(
                "Anmeldung prüfen", text=f"{own}\n\n{WORDS['description']}", acceptance="Es ist weg."
            )
            packages.edit(package, people.ada.actor, draft_, 1)
        comment(people.ben.actor, "Danke, das ist wichtig.", proposal_id=proposal_id)
        hide(forge, "confidential")
        db.session.close()
        proposal, package = db.session.get_one(Proposal, proposal_id), db.session.get_one(Package, package_id)
        assert (proposal.title, proposal.text, proposal.text_version) == ("Protokolle sauber halten", own, 2)
        assert package.title == "Anmeldung prüfen"
        assert own in package.text
        assert package.text.startswith("Der Text stammte aus einem Issue")
        assert package.acceptance == "Es ist weg."
        assert SECRET.lower() not in _dump()


def test_an_issue_that_was_begun_from_a_proposal_takes_nothing_of_it_away(
    app: Flask, people: Cast, forge: Forge
) -> None:
    with app.app_context():
        proposal_id = make_proposal(people, title=WORDS["title"], text=WORDS["description"])
        forge.post(gitlab_issue(1, **WORDS | {"description": f"{WORDS['description']} FV-{proposal_id}"}), "Issue Hook")
        hide(forge, "confidential")
        db.session.close()
        proposal = db.session.get_one(Proposal, proposal_id)
        assert (proposal.title, proposal.text_version) == (WORDS["title"], 1)


def test_what_was_unlinked_and_withdrawn_since_loses_the_words_too(app: Flask, people: Cast, forge: Forge) -> None:
    with app.app_context():
        forge.post(gitlab_issue(1, **WORDS), "Issue Hook")
        db.session.close()
        with transaction():
            issue = triage.locked(db.session.scalars(select(Issue.id)).one())
            triage.propose(issue, people.ada.actor, rules.draft_of(issue, "stadt/app", people.defects))
        with transaction():
            triage.undo(triage.locked(db.session.scalars(select(Issue.id)).one()), people.ada.actor)
        hide(forge, "confidential")
        assert SECRET.lower() not in _dump()


def test_an_older_text_of_the_issue_is_found_too(app: Flask, people: Cast, forge: Forge) -> None:
    with app.app_context():
        made(people, forge)
        later = {"title": "Protokoll", "description": "Nichts mehr.", "updated_at": "2026-03-02 10:00:00 UTC"}
        forge.post(gitlab_issue(1, **later), "Issue Hook")
        forge.post(gitlab_issue(1, confidential=True, **later), "Confidential Issue Hook")
        assert SECRET.lower() not in _dump()


def test_public_again_brings_the_chip_back_but_not_the_text(app: Flask, people: Cast, forge: Forge) -> None:
    with app.app_context():
        proposal_id, _package = made(people, forge)
        hide(forge, "confidential")
        again = {"title": "Protokoll", "description": "Nichts mehr.", "updated_at": "2026-03-03 10:00:00 UTC"}
        forge.post(gitlab_issue(1, **again), "Issue Hook")
        db.session.close()
        assert db.session.get_one(Proposal, proposal_id).title == "(vertrauliches Issue)"


ADDRESSES = (
    "/", "/proposals", "/proposals?state=all", f"/proposals?q={WORD}", "/proposals/FV-1", "/proposals/FV-1/edit",
    "/proposals/FV-1/issues", "/proposals/FV-1/packages", f"/proposals/similar?title={WORD}", "/work",
    "/work?view=list",
    f"/work?q={WORD}", "/packages/AP-1", "/packages/AP-1/edit", "/packages/AP-1/issues", "/packages/AP-1/card",
    "/activity", "/activity.atom", "/activity?on=FV-1", "/partners/aalen", "/issues", "/issues?triage=all",
    f"/issues?triage=all&q={WORD}", f"/search?q={WORD}",
    f"/search?q={WORD}&kind=issue", f"/search/jump?q={WORD}", "/search/jump?q=stadt",
    "/live/topics?after=0",
)  # fmt: skip
CONNECTION = [
    f"/connections/1{more}"
    for more in ("", "/state", "/repositories", "/edit", "/deliveries", "/deliveries/1", "/deliveries/2", "/rules")
]


def letters(people: Cast) -> str:
    """Every mail that could leave now, as it would leave."""
    details = {"proposals": [1], "sort": Sort.REPLIES}
    made = [
        letter
        for who in (people.ada, people.ben, people.cleo, people.pia)
        for about in (1, 2)
        for write in (notifications.digest, notifications.reminder, notifications.comment)
        if (letter := write(Mail(person_id=who.person_id, details=details | {"comment": about})))
    ]
    return str(made)


def test_no_page_fragment_feed_log_or_command_tells_a_word_of_it(
    app: Flask, people: Cast, forge: Forge, gast: Browser, ada: Browser, pia: Browser, dora: Browser,
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], database_url: str,
) -> None:  # fmt: skip
    """Greps whatever answers by GET, for everybody, in both shapes; before hiding the same addresses do tell it.

    PostgreSQL, which is asked the same for both shapes, by turns.
    """
    caplog.set_level(logging.INFO)
    with app.app_context():
        made(people, forge)
        comment(people.ben.actor, "Wichtig.", proposal_id=1)
    assert SECRET in gast.get("/proposals/FV-1").text
    for address in ("/issues?triage=all", f"/search?q={WORD}&kind=issue", f"/issues?triage=all&q={WORD}"):
        assert SECRET in ada.get(address).text, "the words of its text find it"
    assert SECRET in pia.get("/connections/1/deliveries/1").text
    with app.app_context():
        assert SECRET in letters(people)
    tag = gast.get("/proposals/FV-1").headers["ETag"]
    for browser in (gast, ada):
        browser.get("/proposals")  # Kept rendered from here on.
    with app.app_context():
        hide(forge, "confidential")
    seen = 0
    shapes = (("de", False), ("en", True))
    turns = itertools.cycle([shapes[:1], shapes[1:]] if database_url.startswith("postgresql") else [shapes])
    for browser, addresses in (
        (gast, [*ADDRESSES, *_plain(app)]),
        (ada, ADDRESSES),
        (pia, [*_plain(app), *CONNECTION]),
        (dora, _plain(app)),
    ):
        for address in addresses:
            for language, partial in next(turns):
                answer = browser.get(address, partial=partial, headers={"Accept-Language": language})
                assert SECRET.lower() not in answer.text.lower(), (address, partial)
                assert answer.status_code < 500
                seen += answer.status_code == 200
    assert seen > 100
    assert gast.get("/proposals/FV-1", headers={"If-None-Match": tag}).status_code == 200
    for browser in (ada, pia):
        copy = browser.post("/account/export")
        assert copy.status_code == 200
        with zipfile.ZipFile(io.BytesIO(copy.data)) as packed:
            told = b"".join(packed.read(name) for name in packed.namelist()).decode()
        assert SECRET.lower() not in told.lower()
    with app.app_context():
        assert SECRET.lower() not in letters(people).lower()
    runner = app.test_cli_runner()
    for command in (["issues", "list", "--json"], ["issues", "list"], ["connection", "list", "--json"]):
        assert SECRET.lower() not in runner.invoke(args=command).output.lower()
    printed = capfd.readouterr()
    assert SECRET.lower() not in (printed.out + printed.err + caplog.text).lower()


def test_no_answer_to_a_program_tells_a_word_of_it(app: Flask, people: Cast, forge: Forge) -> None:
    """Every address by which programs read, for those who sort issues; before hiding they are told what people are."""
    with app.app_context():
        made(people, forge)
    programs = [program(app, token(app, who)) for who in (people.ada, people.pia)]
    for address in ("/proposals", "/proposals/FV-1", "/packages/AP-1", "/issues/1", f"/search?q={WORD}&kind=issue"):
        assert SECRET in programs[0].get(address).text
    with app.app_context():
        hide(forge, "confidential")
    for client in (*programs, program(app)):
        for address in _of_the_api():
            answer = client.get(address)
            assert SECRET.lower() not in answer.text.lower(), address
            assert answer.status_code in {200, 401, 404} or address == "/search", address
    assert programs[0].get("/issues/1").status_code == 404
    assert programs[0].post("/issues/1/dismiss", json={"reason": "Weg."}).status_code == 404


def _of_the_api() -> list[str]:
    """Those addresses, about what came from the issue."""
    numbers, found = {"proposal": "FV-1", "package": "AP-1", "default": "aalen", "int": "1"}, []
    for operation in OPERATIONS:
        if operation.method == "GET":
            path = operation.path
            for kind, name in operation.parts:
                path = path.replace(f"<{kind}:{name}>", numbers[kind]).replace(f"<{name}>", numbers[kind])
            asks = operation.query is not None and "q" in operation.query.model_fields
            found += [path, f"{path}?q={WORD}"] if asks and operation.name != "search" else [path]
    return [*found, f"/search?q={WORD}", "/issues?triage=all"]


def _plain(app: Flask) -> list[str]:
    """All addresses without parts: what is added later is looked at by itself."""
    found = {rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments}
    return sorted(found - {"/live", "/favicon.ico"} - set(ADDRESSES))


def test_lines_titles_and_short_texts_are_told_apart() -> None:
    gone = Withheld([Taken("Karte", "Das Passwort steht im Protokoll.\nEs heißt: hunter2\n\nAm Ende")], "confidential")
    assert gone.in_title("Karte lädt nicht")
    assert gone.in_title("Bitte: PASSWORT steht im Protokoll")
    assert not gone.in_title("Protokolle")
    assert gone.rest("Eigenes über die Karte.\n\nDas Passwort\nsteht im Protokoll") == "Eigenes über die Karte."
    assert gone.rest("hunter2\nUnser Satz bleibt hier stehen.") == "Unser Satz bleibt hier stehen."
    assert gone.rest("Unser Satz bleibt hier stehen.") == "Unser Satz bleibt hier stehen."
    assert gone.rest("") == ""
