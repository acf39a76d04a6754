"""The last step of every way to sign in: a new session, this browser's device, the cookies, and where one came from."""

from flask import request, url_for
from werkzeug.wrappers import Response

from board.accounts import cookies, devices, notices, queries, session, throttle, verbs
from board.accounts.browsers import family
from board.accounts.models import Person
from board.db import db, transaction
from board.errors import Denied
from board.i18n import gettext as _
from board.partners.models import Partner
from board.web import actor, no_store, redirect_to

DEVICE_SECONDS = int(devices.KNOWN.total_seconds())


def enter(
    person_id: int,
    goal: str,
    *,
    factor: str = "",
    proved: bool = True,
    remember: bool = False,
    tried: throttle.Attempt | None = None,
) -> Response:
    """Begin a session, always a new one; the one this browser had ends. Raises Denied when the account was closed.

    `factor`: how the second factor was shown; `remember`: whether this device skips it for thirty days from now on.
    """
    browser = family(request.user_agent.string)
    with transaction():
        if actor().session_id is not None:
            verbs.end(actor().session_id, actor())
        if tried:
            throttle.forgive(tried)
        person = db.session.get_one(Person, person_id, with_for_update=True)
        if person.disabled_at is not None:
            raise Denied(_("This account is closed."))
        seat = queries.first_membership(person_id)
        partner = db.session.get(Partner, seat.partner_id) if seat else None
        by = session.as_actor(person, seat, partner)
        device, device_token, unknown = devices.arrive(
            cookies.given(cookies.DEVICE), person, browser, by, remember=remember
        )
        if unknown and person.visited_at is not None:  # Not the very first time.
            notices.tell(person.id, "new_device", browser=browser)
        token = session.begin(
            person_id, seat.id if seat else None, browser=browser, device=device, factor=factor, proved=proved
        )
    response = session.give_cookie(redirect_to(goal or url_for("desk.show")), token)
    cookies.give(response, cookies.DEVICE, device_token, DEVICE_SECONDS)
    if cookies.given(cookies.STEP):
        cookies.take(response, cookies.STEP)
    return no_store(response)
