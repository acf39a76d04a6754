"""A sheet as Markdown, to paste into a committee's paper. What partners wrote is escaped: none of it becomes markup."""

import re
from collections.abc import Iterable
from typing import Any

from board.decisions.queries import Sheet
from board.i18n import current_locale, long_date, ngettext, number
from board.i18n import gettext as _
from board.proposals.states import LABELS

N_ = str
CHOICES = {"for": N_("for"), "against": N_("against"), "abstain": N_("abstention")}
KINDS = {"lead": N_("Lead"), "pilot": N_("Pilot"), "co_fund": N_("Co-funding"), "use": N_("Later use")}
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")
_BEGINS = re.compile(r"^(\s*)([-+>]|\d+[.)])", re.MULTILINE)


def written(sheet: Sheet) -> str:
    """The whole sheet."""
    parts = [_head(sheet), _need(sheet), _ballots(sheet), _coalition(sheet), _effort(sheet), _owners(sheet)]
    if sheet.decided is None:
        parts.append(_space())
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def line(value: str) -> str:
    """A text of one line, with nothing in it that Markdown would read."""
    return _BEGINS.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", " ".join(value.split())))


def _head(sheet: Sheet) -> str:
    decided = sheet.decided
    if decided is None:
        return f"# {_('Decision sheet')}: {sheet.key} {line(sheet.title)}"
    what = _("accepted without objection") if sheet.silence else _(LABELS[decided.outcome])
    told = [f"# {_('Decision record')}: {sheet.key} {line(sheet.title)}", "", f"**{_('Decision:')} {what}**"]
    told[-1] += f", {_day(decided.decided_on)}" + (f", {line(decided.body)}" if decided.body else "")
    return "\n".join([*told, *(["", line(decided.reason)] if decided.reason else [])])


def _need(sheet: Sheet) -> str:
    return f"## {_('Need')}\n\n{sheet.markdown}"


def _ballots(sheet: Sheet) -> str:
    said, tally = sheet.said, sheet.said["tally"]
    told = [f"## {_('Ballots')}", "", _tally(sheet), ""]
    for choice in CHOICES:
        names = [line(b["partner"]) for b in said["ballots"] if b["choice"] == choice]
        if names:
            told += [f"- {_choice({'choice': choice})} ({len(names)}): {', '.join(names)}"]
    reasons = [(b["partner"], _choice(b), b["reason"]) for b in said["ballots"] if b["reason"]]
    if reasons:
        told += ["", *_table((_("Partner"), _("Ballot"), _("Reason")), reasons)]
    if said["absent"]:
        name = _("No objection") if sheet.silence else _("Without a ballot")
        told += ["", f"{name}: {', '.join(line(n) for n in said['absent'])}"]
    for o in said["objections"]:
        whose = _("Objection of %(partner)s", partner=line(o["partner"]))
        told += ["", f"{whose} ({_day(o['on'])}): {line(o['reason'])}"]
    told += ["", *_conditions(sheet)]
    return "\n".join(told) if tally["total"] or said["ballots"] else ""


def _tally(sheet: Sheet) -> str:
    tally = sheet.said["tally"]
    parts = [
        _("%(n)s for", n=tally["for"]), _("%(n)s against", n=tally["against"]),
        ngettext("%(n)s abstention", "%(n)s abstentions", tally["abstain"]),
        _("%(n)s without a ballot", n=max(0, tally["total"] - tally["for"] - tally["against"] - tally["abstain"])),
    ]  # fmt: skip
    return ", ".join(parts) + "; " + _("%(n)s partners could vote", n=tally["total"])


def _conditions(sheet: Sheet) -> list[str]:
    told = []
    for c in sheet.said["conditions"]:
        if c["text"]:
            told.append(f"- {_('Condition')} ({line(c['partner'])}): {line(c['text'])}")
        if c["reserved"]:
            where = ", ".join(filter(None, (line(c["body"]), _day(c["on"]))))
            told.append(f"- {_('Reservation')} ({line(c['partner'])}): {where or _('no date known')}")
    return [*told, "", cleared(sheet)]


def cleared(sheet: Sheet) -> str:
    """By when the committees have sat, in one sentence."""
    r = sheet.said["reservations"]
    if not r["open"]:
        return _("No committee's approval is outstanding.")
    told = ngettext("%(n)s committee has yet to approve.", "%(n)s committees have yet to approve.", r["open"])
    if r["undated"]:
        return told + " " + ngettext("%(n)s has no date yet.", "%(n)s have no date yet.", r["undated"])
    return told + " " + _("All reservations cleared by %(date)s.", date=_day(r["by"]))


def _coalition(sheet: Sheet) -> str:
    rows = (
        (
            o["partner"],
            _("%(n)s PD", n=o["days"]) if o["kind"] == "days" else _kind(o),
            f"{_('confirmed')}: {o['body']}, {_day(o['on'])}" if o["on"] else _("declared"),
        )
        for o in sheet.said["offers"]
    )
    head = f"## {_('Coalition')}"
    if not sheet.said["offers"]:
        return f"{head}\n\n{_('Nobody has offered to join in yet.')}"
    return "\n".join([head, "", *_table((_("Partner"), _("Offer"), _("Standing")), rows)])


def _effort(sheet: Sheet) -> str:
    said = sheet.said
    told = [f"## {_('Effort')}", ""]
    told += [
        f"- {line(e['author'])}: {e['low']}–{e['high']} {_('PD')}, {_('valid until')} {_day(e['until'])}"
        for e in said["estimates"]
    ]
    if not said["estimates"]:
        told.append(_("No valid estimate."))
    if said["packages"]:
        rows = ((f"AP-{p['id']} {p['title']}", _number(p["effort"]), p["lead"] or _("free")) for p in said["packages"])
        told += ["", *_table((_("Work package"), _("PD"), _("Lead")), rows)]
    return "\n".join(told)


def _owners(sheet: Sheet) -> str:
    parts = []
    if sheet.said["questions"]:
        parts.append(f"## {_('Open questions')}\n\n{sheet.said['questions']}")
    parts.append(f"## {_('Recommendation')}\n\n{sheet.said['recommendation'] or _('None yet.')}")
    return "\n\n".join(parts)


def _space() -> str:
    boxes = "\n".join(f"- [ ] {_(LABELS[name])}" for name in ("accepted", "deferred", "declined"))
    return f"## {_('Decision')}\n\n{boxes}\n\n{_('Body')}: \n\n{_('Date')}: \n\n{_('Reason')}: "


def _choice(ballot: dict[str, Any]) -> str:
    word = CHOICES[ballot["choice"]]
    return _(word)


def _kind(offer: dict[str, Any]) -> str:
    word = KINDS[offer["kind"]]
    return _(word)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    names = list(head)
    told = ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    return told + ["| " + " | ".join(line(cell) for cell in row) + " |" for row in rows]


def _day(day: object) -> str:
    return long_date(day, current_locale()) if day else ""  # type: ignore[arg-type]


def _number(value: float | None) -> str:
    return number(value, current_locale()) if value else ""
