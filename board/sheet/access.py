"""The lines about signing in: sessions, devices, passwords, throttle, links in mail, second factor, providers."""

from collections.abc import Iterator
from datetime import timedelta

from board import config as configs
from board.accounts import devices, passwords, session, throttle
from board.credentials.verbs import EMAIL_VALID, RESET_VALID
from board.i18n import gettext as _
from board.identities import client
from board.joining.verbs import HOURS
from board.oidc import Provider
from board.settings.current import current
from board.sheet.lines import Line, within

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONTH = 30 * DAY
ALONE, BESIDE_FACTOR, AT_LEAST_ALLOWED = 15, 8, 64
PER_ADDRESS, PER_ACCOUNT = 30, 100


def sessions(config: configs.Config) -> Iterator[Line]:
    """The cookie, and how long silence is borne."""
    name = session.cookie_name()
    told = f"{name}; HttpOnly; SameSite=Lax" + ("; Secure" if config.https else "")
    yield Line(_("Session cookie"), told, name.startswith("__Host-"))
    yield within(_("Sessions end unused after"), session.idle(False), 12 * HOUR)
    yield within(_("for administration and product ownership after"), session.idle(True), HOUR / 2)
    yield within(_("on a remembered device after"), session.IDLE_REMEMBERED, MONTH)
    yield within(_("A device skips the second factor for"), devices.REMEMBERED, MONTH)
    if config.demo:
        yield Line(_("Who one is is asked again"), _("never, in the demo"), False)
    else:
        yield within(_("Who one is is asked again after"), session.FRESH, 12 * HOUR)
    yield Line(_("Sessions are kept"), _("in the database; they end at once when ended or when the account is closed"))


def signing_in(config: configs.Config) -> Iterator[Line]:
    """What one signs in with."""
    yield from _passwords()
    told = _(
        "%(address)s failures per address, %(account)s per account in %(minutes)s minutes",
        address=throttle.PER_ADDRESS, account=throttle.PER_ACCOUNT, minutes=throttle.WINDOW_SECONDS // 60,
    )  # fmt: skip
    yield Line(_("Throttle"), told, throttle.PER_ADDRESS <= PER_ADDRESS and throttle.PER_ACCOUNT <= PER_ACCOUNT)
    yield within(_("An invitation's link works for"), HOUR * max(HOURS), 72 * HOUR)
    yield within(_("A link for a new password works for"), RESET_VALID, HOUR)
    yield within(_("A link for a new address works for"), EMAIL_VALID, DAY)
    settings = current()
    for needed, who in (
        (settings.factor_delegate, _("Second factor for delegates")),
        (settings.factor_product_owner, _("Second factor for product ownership")),
        (settings.factor_admin, _("Second factor for administration")),
    ):
        yield Line(who, _("required") if needed else _("not required"), needed)
    if not config.oidc:
        yield Line(_("Identity providers"), _("none is set"))
    for provider in config.oidc:
        yield _provider(provider)


def _passwords() -> Iterator[Line]:
    alone, beside, longest = passwords.MIN_LENGTH, passwords.MIN_LENGTH_WITH_FACTOR, passwords.MAX_LENGTH
    told = _("at least %(n)s characters, beside a second factor %(fewer)s, up to %(most)s; Argon2id, offline blocklist",
             n=alone, fewer=beside, most=longest)  # fmt: skip
    ok = alone >= ALONE and beside >= BESIDE_FACTOR and longest >= AT_LEAST_ALLOWED
    yield Line(_("Passwords"), told, ok)


def _provider(provider: Provider) -> Line:
    """One provider: where it is, what its word counts for, and whether it can be used at all."""
    facts = [provider.issuer]
    facts.append(_("counts as second factor") if provider.factor else _("a second factor is asked for besides"))
    if provider.email:
        facts.append(_("its verified addresses open accounts (never those of administrators)"))
    if provider not in client.offered():
        facts.append(_("the extra `oidc` is not installed, so nobody is offered it"))
    ok = provider.issuer.startswith("https://") and provider in client.offered()
    return Line(_("Identity provider %(name)s", name=provider.label), "; ".join(facts), ok)
