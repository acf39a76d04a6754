"""Signing in and out, acting for a partner, preferences, last visits."""

from tests.conftest import Browser
from tests.people import Cast


def test_a_form_of_another_partners_tab_is_refused(ada: Browser, people: Cast) -> None:
    answer = ada.post("/account/preferences", data={"acting_for": people.celle, "locale": "en"})
    assert answer.status_code == 409
    assert "Aalen" in answer.text


def test_a_form_of_the_partner_one_acts_for_is_taken(ada: Browser, people: Cast) -> None:
    assert ada.post("/account/preferences", data={"acting_for": people.aalen, "locale": "en"}).status_code == 303
