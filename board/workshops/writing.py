"""The minutes as Markdown, and the ready text for one partner: what you offered, what needs you, whom to call."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from board.i18n import current_locale, exact, long_date, ngettext, number
from board.i18n import gettext as _
from board.partners.models import Partner
from board.workshops import queries

Data = dict[str, Any]
CHOICES = {"for": "for", "against": "against", "abstain": "abstention", "": "withdrawn"}
OFFERS = {"lead": "Lead", "pilot": "Pilot", "co_fund": "Co-funding", "use": "Later use"}
STATUS = {"examining": "examining", "planned": "planned", "pilot": "in pilot use", "live": "in use", "ended": "ended"}


def markdown(data: Data, late: list[Data]) -> str:
    """All of the minutes as Markdown."""
    lines = [f"# {_plain(data['title'])}", "", _head(data), ""]
    lines += [f"**{_('Present')}:** {_names(data['present'])}", "", f"**{_('Absent')}:** {_names(data['absent'])}", ""]
    for n, item in enumerate(data["items"], 1):
        lines += [f"## {n}. {_heading(item)}", "", *_body(item), ""]
    if late:
        lines += [f"## {_('Late answers')}", "", _late_until(data), "", *(f"- {_late(answer)}" for answer in late), ""]
    return "\n".join(lines).strip() + "\n"


def letter(data: Data, late: list[Data], partner: Partner) -> str:
    """The text for one partner, ready to be sent or read out."""
    offered = [f"- {i['key']} {i['title']}: {offer(o)}" for i in _votes(data) for o in _of(i["offers"], partner)]
    needs = _needs(data, partner)
    calls = _calls(data, partner)
    parts = [
        _("%(partner)s after the workshop “%(title)s” on %(date)s", partner=partner.name, title=data["title"],
          date=_day(data["held_on"])), "",
        _("What you offered") + ":", *(offered or ["- " + _("nothing on the items of this agenda")]), "",
        _("What needs you") + ":", *(needs or ["- " + _("nothing at the moment")]), "",
        _("Whom to call") + ":", *(calls or ["- " + _("nobody is named yet")]), "",
        _("The minutes stand on the board under “Workshops”."),
    ]  # fmt: skip
    answered = [a for a in late if a["slug"] == partner.slug]
    if answered:
        parts[-1:-1] = [_("Your late answers") + ":", *(f"- {_late(a)}" for a in answered), ""]
    return "\n".join(parts) + "\n"


def _needs(data: Data, partner: Partner) -> list[str]:
    """Ballots that are missing still, drafts, reservations with their date, offers to confirm, entries to confirm."""
    silent = [i for i in _votes(data) if _of(i["silent"], partner)]
    open_ = queries.missing_ballots(partner.id, [i["key"] for i in silent])
    late = "" if not data["late_until"] else " " + _late_until(data)
    lines = [f"- {_('Cast your ballot')}: {i['key']} {i['title']}{late}" for i in silent if i["key"] in open_]
    for item in _votes(data):
        about = f"{item['key']} {item['title']}"
        lines += [f"- {_('Confirm or discard what you said')}: {about}" for _d in _of(item["drafts"], partner)]
        lines += [
            f"- {_('Have your body confirm what you offered')}: {about} ({_what(o)})"
            for o in _of(item["offers"], partner) if not o["confirmed"]
        ]  # fmt: skip
        lines += [
            f"- {_('Your reservation')}: {about}" + (f" ({c['body']}{', ' + _day(c['on']) if c['on'] else ''})")
            for c in _of(item["conditions"], partner) if c["reserved"]
        ]  # fmt: skip
    for item in data["items"]:
        if item["kind"] == "stale" and any(e["old"] for e in _of(item["entries"], partner)):
            lines.append(f"- {_('Confirm your entry on reuse')}: {item['key']} {item['title']}")
    return lines


def _calls(data: Data, partner: Partner) -> list[str]:
    """Who leads what this partner takes part in, and who runs what it looked at."""
    votes = _votes(data)
    leaders = [(i, o) for i in votes for o in i["offers"] if o["kind"] == "lead" and o["slug"] != partner.slug]
    offices = queries.offices({o["slug"] for _i, o in leaders})
    lines = [
        f"- {i['key']} {i['title']}: {o['name']} ({_('takes the lead')})" + _reach(offices.get(o["slug"], ""))
        for i, o in leaders
    ]
    known = queries.contacts([i["key"] for i in data["items"] if i.get("key", "").startswith("FV-")], partner.id)
    titles = {i["key"]: i["title"] for i in data["items"] if i.get("key")}
    lines += [
        f"- {key} {titles[key]}: {name} ({_('uses it already')}){_reach(contact)}"
        for key, found in known.items() for name, contact in found[:2]
    ]  # fmt: skip
    return list(dict.fromkeys(lines))


def offer(said: Data) -> str:
    """An offer in words."""
    return f"{_what(said)} ({_('confirmed') if said['confirmed'] else _('declared')})"


def _what(said: Data) -> str:
    kind = said["kind"]
    return _("%(n)s PD", n=said["days"]) if kind == "days" else _(OFFERS[kind])


def choice(said: Data) -> str:
    """What a ballot says, in words."""
    word = CHOICES[said["choice"]]
    return _(word)


def status(entry: Data) -> str:
    """How far a use is, in words."""
    word = STATUS[entry["status"]]
    return _(word)


def _reach(contact: str) -> str:
    return f", {contact}" if contact else ""


def _votes(data: Data) -> list[Data]:
    return [item for item in data["items"] if item["kind"] == "vote"]


def _of(rows: Iterable[Data], partner: Partner) -> list[Data]:
    return [row for row in rows if row["slug"] == partner.slug]


def _head(data: Data) -> str:
    return ", ".join(filter(None, (_day(data["held_on"]), data["begins"], _plain(data["place"]))))


def _heading(item: Data) -> str:
    return _plain(f"{item['key']} {item['title']}" if item.get("key") else item["title"])


def _body(item: Data) -> list[str]:
    if item["kind"] == "vote":
        return _vote(item)
    if item["kind"] == "package":
        effort = [_("%(n)s PD", n=number(item["effort"], current_locale()))] if item["effort"] else []
        led = item["lead"]["name"] if item["lead"] else _("nobody leads it yet")
        return [f"{_('Lead')}: {led}", *effort]
    if item["kind"] == "stale":
        return [
            f"- {e['name']}: {status(e)}" + (f" ({_('to be confirmed')})" if e["old"] else "") for e in item["entries"]
        ]
    partner = [item["partner"]["name"]] if item["partner"] else []
    return [*partner, *([f"<{item['url']}>"] if item["url"] else [])]


def _vote(item: Data) -> list[str]:
    tally = item["tally"]
    said = [_("%(n)s for", n=tally["for"]), _("%(n)s against", n=tally["against"])]
    said += [ngettext("%(n)s abstention", "%(n)s abstentions", tally["abstain"])]
    said += [_("%(n)s without a ballot", n=tally["missing"])]
    lines = [_plain(item["question"]), "", " · ".join(said), ""] if item["question"] else [" · ".join(said), ""]
    for value in ("for", "against", "abstain"):
        same = [b for b in item["ballots"] if b["choice"] == value and not b["reason"]]
        lines += [f"- {choice(same[0])}: {_names(same)}"] if same else []
    lines += [f"- {b['name']}: {choice(b)}: {_plain(b['reason'])}" for b in item["ballots"] if b["reason"]]
    lines += [f"- {o['name']}: {offer(o)}" for o in item["offers"]]
    lines += [f"- {c['name']}: {_condition(c)}" for c in item["conditions"]]
    lines += [f"- {d['name']}: {choice(d)} ({_('said, not confirmed')})" for d in item["drafts"]]
    if item["silent"]:
        lines += ["", f"{_('Without a ballot')}: {_names(item['silent'])}"]
    return lines


def _condition(said: Data) -> str:
    parts = [f"{_('Condition')}: {_plain(said['text'])}"] if said["text"] else []
    if said["reserved"]:
        when = ", ".join(filter(None, (said["body"], _day(said["on"]) if said["on"] else "")))
        parts.append(_("Subject to committee approval") + (f" ({when})" if when else ""))
    return "; ".join(parts)


def _late(answer: Data) -> str:
    why = f": {_plain(answer['reason'])}" if answer["reason"] else ""
    when = exact(datetime.fromisoformat(answer["at"]), current_locale())
    return f"{answer['key']} {answer['partner']}: {choice(answer)}{why} ({when})"


def _late_until(data: Data) -> str:
    return _(
        "Late answers count until %(when)s.", when=exact(datetime.fromisoformat(data["late_until"]), current_locale())
    )


def _names(partners: Iterable[Data]) -> str:
    return ", ".join(p["name"] for p in partners) or "–"


def _day(iso: str) -> str:
    return long_date(date.fromisoformat(iso), current_locale())


def _plain(text: str) -> str:
    """On one line, so that nothing in it makes a heading or a list."""
    return " ".join(text.split())
