"""Every setting that can be changed at run time, once: its name, type, bounds, initial value and what it does.

Labels and sentences are English message ids; `locale/de/settings.po` has the German. The initial value of some comes
from the environment (`board.config`), so that an installation can be born as its operator wants it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from board.config import Config

Value = bool | int | str
N_ = str  # Marks a message id; it is translated where it is shown.

LINE, PARAGRAPH, PAGE = 200, 1_000, 50_000
CONSENT_DAYS = 14


@dataclass(frozen=True)
class Settings:
    """What holds now. `stamp` changes whenever any of it does: part of every cache's key that shows some of it.

    Days are whole days, the quorum is a percentage (0: none is shown), texts are Markdown where they are pages.
    """

    stamp: tuple[object, ...]
    public: bool
    quorum: int
    vote_days: int
    consent_days: int
    lease_days: int
    grace_days: int
    factor_delegate: bool
    factor_product_owner: bool
    factor_admin: bool
    operator: str
    accessibility_contact: str
    enforcement_body: str
    source_url: str
    imprint_de: str
    imprint_en: str
    privacy_de: str
    privacy_en: str
    accessibility_de: str
    accessibility_en: str

    def needs_second_factor(self, *, delegate: bool, product_owner: bool, admin: bool) -> bool:
        """Whether somebody with these roles must have a second factor."""
        return (
            (self.factor_delegate and delegate)
            or (self.factor_product_owner and product_owner)
            or (self.factor_admin and admin)
        )


@dataclass(frozen=True)
class Definition:
    """One setting. `low` and `high` bound a number; `high` is the greatest length of a text. `page`: Markdown."""

    name: str
    group: str
    label: str
    sentence: str
    initial: Callable[[Config], Value]
    low: int = 0
    high: int = 0
    page: bool = False

    def kind(self, config: Config) -> type[Value]:
        """bool, int or str."""
        return type(self.initial(config))


def _nothing(_config: Config) -> str:
    return ""


def _second_factor(role: str) -> Callable[[Config], bool]:
    return lambda config: role in config.second_factor


GROUPS = {
    "reading": N_("Reading and voting"),
    "work": N_("Work packages"),
    "signing_in": N_("Signing in"),
    "operator": N_("Operator and contacts"),
    "pages": N_("Legal pages"),
}

_PAGE = N_("Markdown. Left empty, a template is shown that marks what is still to be filled in.")

DEFINITIONS = (
    Definition(
        "public", "reading", N_("Anybody may read"),
        N_("Proposals, packages, reuse and counts can be read without signing in. Names of people and who voted how "
           "are never public."),
        lambda config: config.public,
    ),
    Definition(
        "quorum", "reading", N_("Quorum in percent"),
        N_("The share of voting partners that is shown as quorum beside the tally. It is shown only and blocks "
           "nothing; 0 shows none."),
        lambda config: config.quorum, 0, 100,
    ),
    Definition(
        "vote_days", "reading", N_("Days until the answer-by date"),
        N_("How long partners are asked when somebody proposes something; 42 days are six weeks. The author can "
           "choose another date."),
        lambda config: config.vote_days, 1, 366,
    ),
    Definition(
        "consent_days", "reading", N_("Days to object in consent"),
        N_("How long partners can object when a product owner puts a small proposal into consent. Without an objection "
           "it is accepted."),
        lambda _config: CONSENT_DAYS, 1, 366,
    ),
    Definition(
        "lease_days", "work", N_("Days for which a claim holds"),
        N_("After that many days without renewal a claim asks whether it still holds. Running claims keep their date."),
        lambda config: config.lease_days, 1, 366,
    ),
    Definition(
        "grace_days", "work", N_("Silent days until a claim is freed"),
        N_("If a claim that asks gets no answer for that many further days, the work package is free again."),
        lambda config: config.grace_days, 0, 366,
    ),
    Definition(
        "factor_delegate", "signing_in", N_("Delegates need a second factor"),
        N_("Who casts a partner's ballot proves themselves by a second factor besides the password."),
        _second_factor("delegate"),
    ),
    Definition(
        "factor_product_owner", "signing_in", N_("Product owners need a second factor"),
        N_("Who records decisions proves themselves by a second factor besides the password."),
        _second_factor("product_owner"),
    ),
    Definition(
        "factor_admin", "signing_in", N_("Administrators need a second factor"),
        N_("Who runs the board proves themselves by a second factor besides the password."),
        _second_factor("administrator"),
    ),
    Definition(
        "operator", "operator", N_("Operator"),
        N_("The body that runs this board and is responsible for it, as it stands in the imprint."), _nothing,
        high=LINE,
    ),
    Definition(
        "accessibility_contact", "operator", N_("Contact for accessibility"),
        N_("Where people report barriers: an e-mail address, a telephone number or both."), _nothing, high=PARAGRAPH,
    ),
    Definition(
        "enforcement_body", "operator", N_("Enforcement body"),
        N_("The arbitration or enforcement body that is responsible for the operator, with address: that of the "
           "Federation or of the Land."),
        _nothing, high=PARAGRAPH,
    ),
    Definition(
        "source_url", "operator", N_("Address of the source"),
        N_("Where the source of this board can be had, if it is another one than the project's own: the licence asks "
           "for it where the software was changed."),
        _nothing, high=LINE,
    ),
    Definition("imprint_de", "pages", N_("Imprint, German"), _PAGE, _nothing, high=PAGE, page=True),
    Definition("imprint_en", "pages", N_("Imprint, English"), _PAGE, _nothing, high=PAGE, page=True),
    Definition("privacy_de", "pages", N_("Privacy notice, German"), _PAGE, _nothing, high=PAGE, page=True),
    Definition("privacy_en", "pages", N_("Privacy notice, English"), _PAGE, _nothing, high=PAGE, page=True),
    Definition(
        "accessibility_de", "pages", N_("Accessibility statement, German"), _PAGE, _nothing, high=PAGE, page=True
    ),
    Definition(
        "accessibility_en", "pages", N_("Accessibility statement, English"), _PAGE, _nothing, high=PAGE, page=True
    ),
)  # fmt: skip

BY_NAME = {definition.name: definition for definition in DEFINITIONS}


def fits(definition: Definition, value: object, config: Config) -> bool:
    """Whether the value is of the right type and within the bounds."""
    kind = definition.kind(config)
    if type(value) is not kind:
        return False
    if isinstance(value, str):
        return len(value) <= definition.high
    return kind is bool or definition.low <= int(value) <= definition.high
