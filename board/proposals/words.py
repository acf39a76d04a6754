"""The words for the classes of `cells`, as chips, pictures and forms say them."""

from board.i18n import gettext as _
from board.proposals.cells import ANY, NONE, SCALES, Class

N_ = str
UNRATED = "0"

VALUE_LABELS = {
    "0": N_("not rated"), "1": N_("1 – low"), "2": N_("2 – rather low"), "3": N_("3 – medium"),
    "4": N_("4 – rather high"), "5": N_("5 – high"),
}  # fmt: skip
NAMES = {"value": N_("Value"), "effort": N_("Effort"), "support": N_("Support"), "contest": N_("Contest")}


def chip(scale: str, code: str) -> tuple[str, str]:
    """(name of the scale, the class in words)."""
    if scale == "value":
        words = VALUE_LABELS.get(code, VALUE_LABELS[UNRATED])
        return _(NAMES[scale]), _(words) if code else ""
    if scale == "effort" and code in {NONE, ANY}:
        return _(NAMES[scale]), _("not estimated") if code == NONE else _("estimated")
    found = next((one for one in SCALES[scale] if one.code == code), None)
    return _(NAMES[scale]), label(scale, found) if found else ""


def short(scale: str, one: Class) -> str:
    """A class on an axis, where there is little room; the axis says of what."""
    if scale == "effort":
        return f"> {one.above}" if one.up_to is None else f"{one.above + 1}–{one.up_to}"
    if one.code == NONE:
        return "0"
    return f"> {one.above} %" if one.up_to is None else f"≤ {one.up_to} %"


def label(scale: str, one: Class) -> str:
    """A class in words: "11 to 20 person-days", "more than 80 % in favour"."""
    low, high = max(one.above + 1, 1), one.up_to
    if scale == "effort":
        if high is None:
            return _("more than %(n)s PD", n=one.above)
        return _("%(low)s to %(high)s PD", low=low, high=high)
    if one.code == NONE:
        return _("nobody in favour") if scale == "support" else _("nobody against")
    if scale == "support":
        return _("more than %(n)s %% in favour", n=one.above) if high is None else _("up to %(n)s %% in favour", n=high)
    return _("more than %(n)s %% against", n=one.above) if high is None else _("up to %(n)s %% against", n=high)
