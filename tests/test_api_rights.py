"""The rights matrix of the API: every operation × everybody's token, and what any token must not do.

Written by hand from the product's rules, like the one of the pages, and asked over HTTP with tokens of full scope.
`gast` sends none. `ok` means neither 401, 403 nor 404, and of those who may somebody must succeed; who may not is
refused and changes nothing.
"""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from board.accounts.models import AccessToken, Membership
from board.api.registry import Operation
from board.api.views import OPERATIONS
from board.db import db, transaction
from board.i18n import today
from board.policy import SCOPES, VERBS
from board.voting.models import Ballot
from tests.conftest import Browser
from tests.factories import make_proposal
from tests.people import Cast
from tests.programs import FULL, Program, expire, program, token
from tests.rivals import Rivals
from tests.test_rights import STATES, WHO, everything, furnish

MATRIX = """
                                                           gast rolf ben  ada  cleo pia  dora
GET    document         /openapi.json                      ok   ok   ok   ok   ok   ok   ok
GET    me               /me                                401  ok   ok   ok   ok   ok   ok
GET    waiting          /me/waiting                        401  ok   ok   ok   ok   ok   ok
GET    watches          /me/watches                        401  ok   ok   ok   ok   ok   ok
POST   watch            /me/watch                          401  ok   ok   ok   ok   ok   ok
POST   unwatch          /me/unwatch                        401  ok   ok   ok   ok   ok   ok
GET    activity         /activity                          ok   ok   ok   ok   ok   ok   ok
GET    search           /search?q=M%C3%A4ngel              ok   ok   ok   ok   ok   ok   ok
GET    partners         /partners                          ok   ok   ok   ok   ok   ok   ok
GET    partner          /partners/aalen                    ok   ok   ok   ok   ok   ok   ok
GET    topics           /topics                            ok   ok   ok   ok   ok   ok   ok
GET    milestones       /milestones                        ok   ok   ok   ok   ok   ok   ok
POST   create_milestone /milestones                        401  403  403  403  403  ok   403
PUT    edit_milestone   /milestones/1                      401  403  403  403  403  ok   403
POST   end_milestone    /milestones/1/end                  401  403  403  403  403  ok   403
POST   resume_milestone /milestones/1/resume               401  403  403  403  403  ok   403
# proposals
GET    proposals        /proposals                         ok   ok   ok   ok   ok   ok   ok
GET    proposal         /proposals/FV-1                    ok   ok   ok   ok   ok   ok   ok
POST   propose          /proposals                         401  403  ok   ok   ok   ok   403
PATCH  edit             /proposals/FV-1                    401  403  ok   ok   403  ok   403
POST   withdraw         /proposals/FV-1/withdraw           401  403  ok   ok   403  403  403
POST   start            /proposals/FV-1/start              401  403  403  403  403  ok   403
POST   pilot            /proposals/FV-1/pilot              401  403  403  403  403  ok   403
POST   publish          /proposals/FV-1/publish            401  403  403  403  403  ok   403
PUT    place            /proposals/FV-1/place              401  403  403  403  403  ok   403
POST   suggest_duplicate /proposals/FV-1/duplicate         401  ok   ok   ok   ok   ok   403
GET    estimates        /proposals/FV-1/estimates          ok   ok   ok   ok   ok   ok   ok
GET    estimate         /estimates/1                       ok   ok   ok   ok   ok   ok   ok
POST   make_estimate    /proposals/FV-1/estimates          401  ok   ok   ok   ok   403  403
PATCH  edit_estimate    /estimates/1                       401  403  ok   ok   403  403  403
POST   withdraw_estimate /estimates/1/withdraw             401  403  ok   ok   403  403  403
POST   restore_estimate /estimates/1/restore               401  403  ok   ok   403  403  403
GET    decisions        /decisions                         ok   ok   ok   ok   ok   ok   ok
GET    sheet            /proposals/FV-1/sheet              ok   ok   ok   ok   ok   ok   ok
GET    record           /decisions/9/record                404  404  404  404  404  404  404
# voting, reuse, variants: a delegate's own partner's
GET    ballots          /proposals/FV-1/ballots            401  ok   ok   ok   ok   ok   ok
PUT    cast             /proposals/FV-1/ballot             401  403  403  ok   ok   403  403
DELETE withdraw_ballot  /proposals/FV-1/ballot             401  403  403  ok   ok   403  403
POST   object           /proposals/FV-1/objection          401  403  403  ok   ok   403  403
GET    offers           /proposals/FV-1/offers             ok   ok   ok   ok   ok   ok   ok
PUT    offer            /proposals/FV-1/offers             401  403  403  ok   ok   403  403
POST   confirm_offer    /proposals/FV-1/offers/confirm     401  403  403  ok   ok   403  403
GET    reuse            /reuse                             ok   ok   ok   ok   ok   ok   ok
GET    reuse_of         /proposals/FV-1/reuse              ok   ok   ok   ok   ok   ok   ok
PUT    record_reuse     /proposals/FV-1/reuse              401  403  403  ok   ok   403  403
DELETE remove_reuse     /proposals/FV-1/reuse              401  403  403  ok   ok   403  403
GET    variants         /proposals/FV-1/variants           ok   ok   ok   ok   ok   ok   ok
PUT    record_variant   /proposals/FV-1/variant            401  403  403  ok   ok   403  403
DELETE remove_variant   /proposals/FV-1/variant            401  403  403  ok   ok   403  403
POST   begin_return     /variants/1/begin                  401  403  403  ok   403  ok   403
POST   stop_return      /variants/1/stop                   401  403  403  ok   403  ok   403
POST   finish_return    /variants/1/finish                 401  403  403  ok   403  ok   403
GET    learnings        /learnings                         ok   ok   ok   ok   ok   ok   ok
GET    learning         /learnings/1                       ok   ok   ok   ok   ok   ok   ok
POST   write_learning   /learnings                         401  403  ok   ok   ok   403  403
PATCH  edit_learning    /learnings/1                       401  403  ok   ok   403  403  403
DELETE remove_learning  /learnings/1                       401  403  ok   ok   403  403  403
PUT    thank            /learnings/1/useful                401  403  ok   ok   ok   403  403
# workshops: inside the partnership; draft 1 is for Aalen
GET    workshops        /workshops                         401  ok   ok   ok   ok   ok   ok
GET    workshop         /workshops/1                       401  ok   ok   ok   ok   ok   ok
GET    minutes          /workshops/2/minutes               401  ok   ok   ok   ok   ok   ok
GET    drafts           /drafts                            401  ok   ok   ok   ok   ok   ok
POST   confirm_draft    /drafts/1/confirm                  401  403  403  ok   403  403  403
POST   discard_draft    /drafts/1/discard                  401  403  403  ok   403  ok   403
# work: Aalen leads AP-1, AP-2 is free
GET    packages         /packages                          ok   ok   ok   ok   ok   ok   ok
GET    packages_of      /proposals/FV-1/packages           ok   ok   ok   ok   ok   ok   ok
GET    package          /packages/AP-1                     ok   ok   ok   ok   ok   ok   ok
POST   create_package   /proposals/FV-1/packages           401  403  ok   ok   ok   ok   403
PATCH  edit_package     /packages/AP-1                     401  403  ok   ok   403  ok   403
PUT    depend           /packages/AP-1/needs/AP-2          401  403  ok   ok   403  ok   403
DELETE undepend         /packages/AP-1/needs/AP-2          401  403  ok   ok   403  ok   403
POST   claim            /packages/AP-2/claim               401  403  ok   ok   ok   403  403
POST   renew            /packages/AP-1/renew               401  403  ok   ok   403  403  403
POST   hand_back        /packages/AP-1/hand-back           401  403  ok   ok   403  403  403
POST   start_package    /packages/AP-1/start               401  403  ok   ok   403  403  403
POST   submit_package   /packages/AP-1/submit              401  403  ok   ok   403  403  403
POST   finish_package   /packages/AP-1/finish              401  403  ok   ok   403  ok   403
POST   return_package   /packages/AP-1/return              401  403  ok   ok   403  ok   403
POST   hold             /packages/AP-1/hold                401  403  ok   ok   403  ok   403
POST   resume           /packages/AP-1/resume              401  403  ok   ok   403  ok   403
POST   commission       /packages/AP-1/commission          401  403  ok   ok   403  403  403
PUT    bid              /packages/AP-2/bid                 401  ok   403  403  403  403  403
DELETE withdraw_bid     /packages/AP-1/bid                 401  ok   403  403  403  403  403
# comments: 1 is Ben's
GET    comments         /proposals/FV-1/comments           ok   ok   ok   ok   ok   ok   ok
GET    package_comments /packages/AP-1/comments            ok   ok   ok   ok   ok   ok   ok
GET    comment          /comments/1                        ok   ok   ok   ok   ok   ok   ok
POST   write_comment    /proposals/FV-1/comments           401  ok   ok   ok   ok   ok   403
POST   write_package_comment /packages/AP-1/comments       401  ok   ok   ok   ok   ok   403
PATCH  edit_comment     /comments/1                        401  403  ok   403  403  403  403
DELETE delete_comment   /comments/1                        401  403  ok   403  403  403  403
# issues
GET    issues_of_proposal /proposals/FV-1/issues           ok   ok   ok   ok   ok   ok   ok
GET    issues_of_package /packages/AP-1/issues             ok   ok   ok   ok   ok   ok   ok
GET    issues           /issues                            401  403  ok   ok   ok   ok   403
GET    issue            /issues/1                          401  403  ok   ok   ok   ok   403
POST   link_issue       /issues/1/link                     401  403  ok   ok   ok   ok   403
POST   propose_issue    /issues/1/propose                  401  403  ok   ok   ok   ok   403
POST   package_issue    /issues/1/package                  401  403  ok   ok   ok   ok   403
POST   snooze_issue     /issues/1/snooze                   401  403  ok   ok   ok   ok   403
POST   dismiss_issue    /issues/1/dismiss                  401  403  ok   ok   ok   ok   403
POST   undo_issue       /issues/1/undo                     401  403  ok   ok   ok   ok   403
"""
ROWS = [line.split() for line in MATRIX.splitlines()[2:] if not line.startswith("#")]
BY_NAME = {operation.name: operation for operation in OPERATIONS}
LIKE_PAGES = {
    "start": "proposals.start", "pilot": "proposals.pilot", "publish": "proposals.publish",
    "submit_package": "work.submit", "finish_package": "work.finish", "return_package": "work.return",
}  # fmt: skip
GONE = {"remove_learning", "delete_comment"}
"""Who comes second finds nothing any more."""


@pytest.fixture
def programs(app: Flask, people: Cast) -> dict[str, Program]:
    """Everybody's program, with a token for everything."""
    furnish(app, people)
    return _programs(app, people)


def _programs(app: Flask, people: Cast) -> dict[str, Program]:
    secrets = {who: token(app, getattr(people, who)) for who in WHO[1:]}
    return {who: program(app, secrets.get(who, "")) for who in WHO}


def ask(client: Any, method: str, name: str, url: str) -> Any:
    """One valid request."""
    operation = BY_NAME.get(name)
    body = bodies().get(name, operation.example if operation else {})
    headers = {"If-Match": "*"} if operation and operation.edition else {}
    return client.open(url, method=method, headers=headers, **({"json": body} if operation and operation.body else {}))


def bodies() -> dict[str, dict[str, Any]]:
    """A valid body for each operation whose example in the document does not fit this board or this day."""
    due, day = (today() + timedelta(days=30)).isoformat(), today().isoformat()
    estimate = {"low": 6, "high": 8, "valid_until": due}
    return {
        "make_estimate": estimate, "edit_estimate": estimate, "edit_milestone": {"name": "Stadt-App 3.0"},
        "confirm_offer": {"kind": "use", "body": "Stadtrat", "on": day}, "snooze_issue": {"until": due},
        "edit_learning": {"text": "Mehr Zeit einplanen."}, "edit_comment": {"text": "Anders gesagt."},
        "write_package_comment": {"text": "Gut."}, "renew": {"days": 4}, "cast": {"choice": "for"},
        "place": {"value": 4, "milestone": None}, "offer": {"pilot": True},
    }  # fmt: skip


def test_everybody_may_read_and_nobody_more_than_the_matrix_says(
    app: Flask, people: Cast, programs: dict[str, Program]
) -> None:
    with app.app_context():
        make_proposal(people)
    before = everything(app)
    for method, name, url, *expected in ROWS:
        for who, wanted in zip(WHO, expected, strict=True):
            if method == "GET" or wanted != "ok":
                answer = ask(programs[who], method, name, url)
                assert answer.status_code == (200 if wanted == "ok" else int(wanted)), (method, url, who, answer.text)
                assert answer.status_code < 400 or answer.mimetype == "application/problem+json"
    assert everything(app) == before


@pytest.mark.parametrize("row", [row for row in ROWS if row[0] != "GET"], ids=lambda row: row[1])
def test_everybody_may_do_what_the_matrix_says(app: Flask, people: Cast, row: list[str]) -> None:
    method, name, url, *expected = row
    furnish(app, people, STATES.get(LIKE_PAGES.get(name, ""), "open"))
    programs = _programs(app, people)
    if name == "suggest_duplicate":
        with app.app_context():
            make_proposal(people)
    prepare(programs, name)
    may = [who for who, wanted in zip(WHO, expected, strict=True) if wanted == "ok"]
    answers = {who: ask(programs[who], method, name, url) for who in may}
    told = {who: (answer.status_code, answer.text) for who, answer in answers.items()}
    for who, (status, _text) in told.items():
        assert status < 400 or status in {409, 422} or (status == 404 and name in GONE), (who, told[who])
    assert min(status for status, _text in told.values()) < 400 or name in REFUSED_BY_STATE, told


REFUSED_BY_STATE = {"object"}
"""There is no consent here: the right is there, the state is not. `tests/test_api.py` does it."""


def prepare(programs: dict[str, Program], name: str) -> None:
    """Bring the world to where the operation makes sense."""
    if name == "undo_issue":
        ask(programs["ada"], "POST", "snooze_issue", "/issues/1/snooze")
    if name == "finish_return":
        ask(programs["ada"], "POST", "begin_return", "/variants/1/begin")
    steps = {"submit_package": ("start",), "finish_package": ("start", "submit"), "return_package": ("start", "submit")}
    for step in steps.get(name, ()):
        programs["ada"].post(f"/packages/AP-1/{step}")


def test_a_token_for_reading_alone_changes_nothing(app: Flask, people: Cast) -> None:
    furnish(app, people)
    readers = {who: program(app, token(app, getattr(people, who), ["read"])) for who in ("ada", "pia", "rolf")}
    before = everything(app)
    for method, name, url, *_expected in ROWS:
        if method != "GET":
            for who, client in readers.items():
                answer = ask(client, method, name, url)
                assert answer.status_code == 403, (who, url)
        else:
            assert ask(readers["ada"], method, name, url).status_code in {200, 404}
    refused = ask(readers["ada"], "PUT", "cast", "/proposals/FV-1/ballot")
    assert (refused.json["type"].rpartition("#")[2], refused.json["scope"]) == ("insufficient-scope", "vote")
    assert 'scope="vote"' in refused.headers["WWW-Authenticate"]
    assert everything(app) == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # A token's scopes are compared in Python.
def test_each_scope_opens_its_own_operations_and_no_others(app: Flask, people: Cast) -> None:
    furnish(app, people)
    for scope in FULL:
        secret = token(app, people.ada, [scope])
        for operation in OPERATIONS:
            if operation.method != "GET" and operation.scope != scope:
                path = next(url for _method, name, url, *_rest in ROWS if name == operation.name)
                assert ask(program(app, secret), operation.method, operation.name, path).status_code == 403
    used = {operation.scope for operation in OPERATIONS}
    assert used == set(FULL)


def test_tokens_that_ended_open_nothing_anywhere(app: Flask, people: Cast, programs: dict[str, Program]) -> None:
    revoked = token(app, people.ada)
    with app.app_context(), transaction():
        last = db.session.scalars(select(AccessToken).order_by(AccessToken.id.desc()).limit(1)).one()
        last.ended_at = last.created_at
    before = everything(app)
    for method, name, url, *_expected in ROWS:
        assert ask(program(app, revoked), method, name, url).status_code == 401, url
    expire(app)
    for method, name, url, *_expected in ROWS:
        assert ask(programs["ada"], method, name, url).status_code == 401, url
    assert everything(app) == before


def test_a_signed_in_browser_is_a_stranger_to_the_api(app: Flask, people: Cast, ada: Browser) -> None:
    furnish(app, people)
    for method, name, url, gast, *_expected in ROWS:
        answer = ask(ada, method, name, f"/api/v1{url}")
        assert answer.status_code == (200 if gast == "ok" else int(gast)), url


@pytest.mark.parametrize("role", ["delegate", "member"])
def test_who_administers_the_board_never_casts_by_token_either(app: Flask, people: Cast, role: str) -> None:
    furnish(app, people)
    with app.app_context(), transaction():
        seat = Membership(person_id=people.dora.person_id, partner_id=people.aalen, role=role)
        db.session.add(seat)
        db.session.flush()
        db.session.add(AccessToken(**_row(people.dora.person_id, seat.id)))
    assert ask(program(app, SECRET), "PUT", "cast", "/proposals/FV-1/ballot").status_code == 403
    with app.app_context():
        assert db.session.scalar(select(Ballot.choice).where(Ballot.partner_id == people.aalen)) == "for"


SECRET = "strd_" + "a" * 43


def _row(person_id: int, membership_id: int) -> dict[str, Any]:
    from board.accounts.devices import token_hash
    from board.db import now

    return {
        "token_hash": token_hash(SECRET), "ending": "aaaa", "person_id": person_id, "membership_id": membership_id,
        "name": "x", "scopes": list(FULL), "expires_at": now() + timedelta(days=1),
    }  # fmt: skip


def test_whatever_a_token_sends_the_other_partners_things_stay_as_they_are(app: Flask, people: Cast) -> None:
    """Two partners with one of everything; every change is sent with the other's objects in its address."""
    world = Rivals(app, people)
    for attacker, victim in (("celle", "aalen"), ("aalen", "celle")):
        client = program(app, token(app, world.sides[attacker]))
        before = world.fingerprint(victim)
        for operation in OPERATIONS:
            if operation.method == "GET":
                continue
            for path in _addresses(world, victim, operation):
                answer = ask(client, operation.method, operation.name, path)
                assert answer.status_code < 500, (operation.name, answer.text)
        after = world.fingerprint(victim)
        assert {name for name in before if before[name] != after[name]} == set()


def _addresses(world: Rivals, victim: str, operation: Operation) -> list[str]:
    samples = world._samples(victim) | {"milestone_id": [1], "needs_id": [world.packages[victim]]}
    path = operation.path
    for kind, name in operation.parts:
        found = samples.get(name) or world._numbers(name, victim)
        key = {"proposal": "FV-", "package": "AP-"}.get(kind, "")
        path = path.replace(f"<{kind}:{name}>" if kind != "default" else f"<{name}>", f"{key}{found[0]}")
    return [path]


def test_every_operation_has_its_row(board: Flask) -> None:
    rows = {(method, name) for method, name, *_rest in ROWS}
    assert rows == {(operation.method, operation.name) for operation in OPERATIONS} | {("GET", "document")}
    assert len(rows) == len(ROWS)
    adapter = board.url_map.bind("localhost")
    for method, name, url, *_outcomes in ROWS:
        assert adapter.match(f"/api/v1{url}".partition("?")[0], method=method)[0] == f"api.{name}"


LEFT_OUT = {"package.split", "package.merge", "package.free", "package.move_back", "variant.divide", "workshop.join"}
"""What members may do on pages and not by token; docs/api.md says why."""


def test_every_verb_that_a_scope_opens_is_one_of_people_and_the_rest_is_said_to_be_left_out() -> None:
    opened = set().union(*SCOPES.values())
    assert opened <= VERBS.keys()
    assert opened.isdisjoint(LEFT_OUT)
