"""How a row says until when answers are asked for: "bis 18. Dez.", "noch 5 Tage", the whole sentence as title."""

from datetime import date
from functools import lru_cache

from markupsafe import Markup

from board.i18n import current_locale, day_month, long_date, ngettext, today
from board.i18n import gettext as _


def short(day: date) -> Markup:
    """As short as it can be, in the reader's language."""
    return _short(day, today(), current_locale())


@lru_cache(maxsize=4096)
def _short(day: date, this_day: date, locale: str) -> Markup:
    """What shows in it is its key: the day, today, and the language."""
    left, date_ = (day - this_day).days, day_month(day, locale)
    if left < 0:
        told = _("asked for by %(date)s", date=date_)
    elif left == 0:
        told = _("answer by today")
    else:
        told = _("answer by %(date)s", date=date_)
        if left <= 14:
            told += ", " + ngettext("%(n)s day left", "%(n)s days left", left)
    title = _("answer by") + " " + long_date(day, locale)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(day.isoformat(), title, told)
