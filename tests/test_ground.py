"""The ground: sessions, rights, errors, headers."""

from tests.conftest import Browser


def test_a_signed_in_person_reaches_their_account(ada: Browser) -> None:
    assert ada.get("/account").status_code == 200


def test_a_stranger_is_asked_to_sign_in(gast: Browser) -> None:
    assert gast.get("/account").status_code == 401


def test_a_request_from_another_site_is_refused(ada: Browser) -> None:
    assert ada.post("/sign-out", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert ada.get("/account").status_code == 200
