"""Who may do what: one table, verb → rule, on one page. What is not written here is denied.

`VERBS` guards every state change (`act` asks it first), `PAGES` guards every route.
A verb's rule sees who acts and on what; a page's rule sees only who acts.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Acting:
    """The partner a person acts for."""

    id: int
    slug: str
    name: str
    sign: str
    hue: int
    kind: str
    votes: bool


@dataclass(frozen=True)
class Seat:
    """One of a person's memberships, to choose from."""

    id: int
    partner_name: str
    role: str


@dataclass(frozen=True)
class Actor:
    """Who acts, for which partner, with which rights: read once per request, never an ORM object."""

    person_id: int | None = None
    name: str = ""
    email: str = ""
    session_id: int | None = None
    membership_id: int | None = None
    role: str | None = None
    partner: Acting | None = None
    is_deputy: bool = False
    is_product_owner: bool = False
    is_admin: bool = False
    is_host: bool = False
    """Hosts transfer workshops: leads through them, and enters what is said as drafts. A right of its own."""
    is_system: bool = False
    is_forge: bool = False
    seen_activity: int = 0
    locale: str | None = None
    theme: str | None = None
    must_set_up: bool = field(default=False, compare=False)
    """The person's role needs a second factor, and this session has shown none."""
    fresh: bool = field(default=True, compare=False)
    """The person has shown within 12 hours that it is they."""
    memberships: tuple[Seat, ...] = field(default=(), compare=False)
    token_id: int | None = None
    """The access token by which a program acts for the person; there is no session then."""
    scopes: frozenset[str] | None = None
    """What that token is for, keys of `SCOPES`; None: a person in a browser, who is not narrowed."""

    @property
    def signed_in(self) -> bool:
        """Whether a person is signed in."""
        return self.person_id is not None

    @property
    def partner_id(self) -> int | None:
        """The partner acted for, if any."""
        return self.partner.id if self.partner else None

    @property
    def is_delegate(self) -> bool:
        """Whether this membership may cast the partner's ballot."""
        return self.role == "delegate"

    @property
    def is_provider(self) -> bool:
        """Whether the person acts for a service provider."""
        return self.partner is not None and self.partner.kind == "provider"

    @property
    def may_vote(self) -> bool:
        """Whether this person may cast the ballot of the partner acted for; who administers the board never may."""
        return self.is_delegate and self.partner is not None and self.partner.votes and not self._barred

    @property
    def _barred(self) -> bool:
        return self.is_provider or self.is_admin


ANONYMOUS = Actor()
SYSTEM = Actor(is_system=True)
FORGE = Actor(is_system=True, is_forge=True)
"""A Git forge, whose doing the log tells as such."""

Rule = Callable[..., bool]


def anyone(by: Actor, _on: Any = None) -> bool:
    """Everybody, signed in or not."""
    return True


def reader(by: Actor, _on: Any = None) -> bool:
    """Everybody where reading is public (the ground closes it where it is not)."""
    return True


def signed_in(by: Actor, _on: Any = None) -> bool:
    """Every person who is signed in."""
    return by.signed_in


def member(by: Actor, _on: Any = None) -> bool:
    """A person acting for any partner, providers included."""
    return by.partner is not None


def public_body(by: Actor, _on: Any = None) -> bool:
    """A person acting for a partner that is not a provider (§ 108(6) GWB: only public bodies are party)."""
    return by.partner is not None and not by.is_provider


def provider(by: Actor, _on: Any = None) -> bool:
    """A person acting for a provider."""
    return by.is_provider


def variant_keeper(by: Actor, row: Any) -> bool:
    """Delegates of the partner whose variant it is, and product owners."""
    return product_owner(by) or own_partner_delegate(by, row)


def voter(by: Actor, _on: Any = None) -> bool:
    """A delegate of a voting partner."""
    return by.may_vote


def delegate(by: Actor, _on: Any = None) -> bool:
    """A delegate of a partner that is not a provider."""
    return by.is_delegate and public_body(by)


def manager(by: Actor, row: Any) -> bool:
    """Administrators, and delegates in the own partner; a deputy votes but does not decide who belongs to it."""
    return by.is_admin or (own_partner_delegate(by, row) and not by.is_deputy)


def manager_or_oneself(by: Actor, row: Any) -> bool:
    """Who decides about a membership, and the person whose it is."""
    return manager(by, row) or author(by, row)


def delegate_or_admin(by: Actor, _on: Any = None) -> bool:
    """Delegates, deputies left out, and administrators."""
    return by.is_admin or (delegate(by) and not by.is_deputy)


def invited(by: Actor, invitation: Any) -> bool:
    """The person to whose address the invitation went."""
    return by.signed_in and by.email == invitation.email


def product_owner(by: Actor, _on: Any = None) -> bool:
    """A product owner."""
    return by.is_product_owner


def host(by: Actor, _on: Any = None) -> bool:
    """Hosts of workshops; product owners may host as well."""
    return by.is_host or by.is_product_owner


def host_or_delegate(by: Actor, row: Any) -> bool:
    """Hosts, and delegates of the partner that the row belongs to."""
    return host(by) or own_partner_delegate(by, row)


def admin(by: Actor, _on: Any = None) -> bool:
    """An administrator."""
    return by.is_admin


def public_body_or_owner(by: Actor, _on: Any = None) -> bool:
    """Members of public bodies, and product owners."""
    return product_owner(by) or public_body(by)


proposer = packager = public_body_or_owner


def author_or_delegate(by: Actor, proposal: Any) -> bool:
    """The proposal's author while acting for the proposing partner, or that partner's delegate."""
    if by.partner is None or proposal.partner_id != by.partner_id:
        return False
    return by.is_delegate or proposal.author_id == by.person_id


def editor(by: Actor, proposal: Any) -> bool:
    """Members of the proposing partner, and product owners."""
    return product_owner(by) or (public_body(by) and proposal.partner_id == by.partner_id)


def package_editor(by: Actor, package: Any) -> bool:
    """Product owners; members of public bodies while nobody leads it, then those of the partner in the lead seat."""
    return product_owner(by) or (public_body(by) and package.lead_partner_id in (None, by.partner_id))


def lead_or_owner(by: Actor, package: Any) -> bool:
    """Members of the partner in the lead seat, and product owners."""
    return product_owner(by) or lead(by, package)


def lead(by: Actor, package: Any) -> bool:
    """Members of the partner in the lead seat."""
    return public_body(by) and package.lead_partner_id == by.partner_id


def own_partner(by: Actor, row: Any) -> bool:
    """Members of the partner that the row belongs to."""
    return by.partner is not None and row.partner_id == by.partner_id


def own_public_body(by: Actor, row: Any) -> bool:
    """Members of the public body that the row belongs to."""
    return public_body(by) and own_partner(by, row)


def own_partner_delegate(by: Actor, row: Any) -> bool:
    """Delegates of the partner that the row belongs to, unless it is a provider."""
    return delegate(by) and row.partner_id == by.partner_id


def own_partner_voter(by: Actor, row: Any) -> bool:
    """Delegates of the voting partner that the row belongs to."""
    return voter(by) and row.partner_id == by.partner_id


def estimator(by: Actor, estimate: Any) -> bool:
    """Members of the partner that estimates, a provider's too; product owners for providers without a seat here."""
    return by.is_product_owner if estimate.of_provider else own_partner(by, estimate)


def commenter(by: Actor, _on: Any = None) -> bool:
    """Everybody who acts for a partner, providers included, and product owners."""
    return member(by) or product_owner(by)


def author(by: Actor, row: Any) -> bool:
    """The person who wrote it."""
    return by.signed_in and row.person_id == by.person_id


def oneself(by: Actor, person: Any) -> bool:
    """A person on their own account."""
    return by.signed_in and person.id == by.person_id


def oneself_or_admin(by: Actor, person: Any) -> bool:
    """A person on their own account, and administrators; and the command line."""
    return oneself(by, person) or admin_or_system(by)


def oneself_or_system(by: Actor, person: Any) -> bool:
    """A person on their own account; and the board, for a link that only their mail holds."""
    return by.is_system or oneself(by, person)


def system(by: Actor, _on: Any = None) -> bool:
    """The board itself: sweeps and imports."""
    return by.is_system


def admin_or_system(by: Actor, _on: Any = None) -> bool:
    """An administrator, or the command line."""
    return by.is_admin or by.is_system


def forge(by: Actor, _on: Any = None) -> bool:
    """A Git forge, through a verified delivery, an import or a backfill."""
    return by.is_forge


def lead_or_forge(by: Actor, package: Any) -> bool:
    """Members of the partner in the lead seat; and a forge whose issues of it are closed."""
    return forge(by) or lead(by, package)


def lead_owner_or_forge(by: Actor, package: Any) -> bool:
    """Members of the partner in the lead seat, and product owners; and a forge whose issue of it is open again."""
    return forge(by) or lead_or_owner(by, package)


def own_partner_or_forge(by: Actor, row: Any) -> bool:
    """Members of the partner that the row belongs to; and a forge that saw work on it."""
    return forge(by) or own_partner(by, row)


def operator(by: Actor, _on: Any = None) -> bool:
    """Administrators and product owners; and the command line."""
    return by.is_admin or by.is_product_owner or by.is_system


VERBS: dict[str, Rule] = {
    # accounts
    "person.create": admin_or_system,
    "person.enrol": admin_or_system,
    "person.appoint": admin_or_system,
    "person.disable": admin_or_system,
    "person.enable": admin_or_system,
    "person.export": oneself,
    "person.erase": oneself_or_admin,
    "person.prefer": oneself,
    "session.start": oneself,
    "session.switch": oneself,
    "session.end": oneself,
    "session.end_all": oneself,
    "session.confirm": oneself,
    "device.remember": oneself,
    "device.forget": oneself,
    "factor.set_up": oneself,
    "factor.renew": oneself,
    "factor.remove": oneself,
    "factor.reset": admin_or_system,
    "identity.connect": oneself,
    "identity.disconnect": oneself,
    "token.create": oneself,
    "token.revoke": oneself,
    "suggestion.make": oneself,
    "suggestion.accept": admin_or_system,
    "suggestion.refuse": admin_or_system,
    # settings
    "setting.change": admin_or_system,
    "mail.try": admin,
    # one's own access and mail
    "person.ask_email": oneself,
    "person.change_password": oneself,
    "person.reset_password": system,
    "person.change_email": system,
    "person.choose_mail": oneself_or_system,
    "watch.start": signed_in,
    "watch.stop": signed_in,
    # joining
    "invitation.send": manager,
    "invitation.resend": manager,
    "invitation.withdraw": manager,
    "invitation.accept": invited,
    "membership.assign": manager,
    "membership.deputise": manager,
    "membership.undeputise": manager,
    "membership.end": manager_or_oneself,
    # partners
    "partner.create": admin_or_system,
    "partner.edit": admin_or_system,
    "partner.leave": admin_or_system,
    "partner.merge": admin_or_system,
    "partner.pause": admin_or_system,
    "partner.resume": admin_or_system,
    # topics
    "topic.create": admin_or_system,
    "topic.relabel": admin_or_system,
    "topic.retire": admin_or_system,
    "topic.revive": admin_or_system,
    # proposals
    "proposal.propose": proposer,
    "proposal.import": system,
    "module.take": product_owner,
    "module.take_app": product_owner,
    "proposal.edit": editor,
    "proposal.withdraw": author_or_delegate,
    "proposal.accept": product_owner,
    "proposal.defer": product_owner,
    "proposal.decline": product_owner,
    "proposal.start": product_owner,
    "proposal.pilot": product_owner,
    "proposal.publish": product_owner,
    "proposal.reopen": product_owner,
    "proposal.merge": product_owner,
    "proposal.unmerge": product_owner,
    "proposal.absorb": product_owner,
    "proposal.release": product_owner,
    "duplicate.suggest": commenter,
    "duplicate.dismiss": product_owner,
    # estimates and milestones
    "estimate.make": estimator,
    "estimate.edit": estimator,
    "estimate.withdraw": estimator,
    "estimate.restore": estimator,
    "estimate.expire": system,
    "proposal.rate": product_owner,
    "proposal.plan": product_owner,
    "proposal.classify": product_owner,
    "proposal.postpone": product_owner,
    "proposal.take_back": product_owner,
    "view.save": signed_in,
    "view.publish": product_owner,
    "view.remove": author,
    "view.begin_with": own_partner_delegate,
    "view.begin_without": own_partner_delegate,
    "milestone.create": product_owner,
    "milestone.edit": product_owner,
    "milestone.end": product_owner,
    "milestone.resume": product_owner,
    # decision sheets
    "sheet.write": product_owner,
    # consent
    "consent.begin": product_owner,
    "consent.recall": product_owner,
    "consent.object": own_partner_voter,
    "consent.pass": system,
    # voting
    "ballot.cast": own_partner_voter,
    "ballot.withdraw": own_partner_voter,
    "ballot.carry": product_owner,  # Only what its partner cast on the one of two proposals that become one.
    "offer.declare": own_partner_delegate,
    "offer.confirm": own_partner_delegate,
    "offer.withdraw": own_partner_delegate,
    "condition.state": own_partner_delegate,
    "condition.clear": own_partner_delegate,
    "reuse.record": own_partner_delegate,
    "reuse.confirm": own_partner_delegate,
    # variants
    "variant.record": own_partner_delegate,
    "variant.remove": own_partner_delegate,
    "variant.divide": packager,
    "variant.begin_return": variant_keeper,
    "variant.stop_return": variant_keeper,
    "variant.finish_return": variant_keeper,
    # learnings
    "learning.write": public_body,
    "learning.edit": own_public_body,
    "learning.remove": own_public_body,
    "learning.thank": public_body,
    # workshops
    "workshop.plan": host,
    "workshop.edit": host,
    "workshop.assemble": host,
    "workshop.arrange": host,
    "workshop.open": host,
    "workshop.turn": host,
    "workshop.join": member,
    "workshop.close": host,
    "workshop.complete": system,
    "draft.enter": host,
    "draft.confirm": own_partner_voter,
    "draft.discard": host_or_delegate,
    # work
    "package.create": packager,
    "package.edit": package_editor,
    "package.split": package_editor,
    "package.merge": package_editor,
    "package.depend": package_editor,
    "package.undepend": package_editor,
    "package.unblock": system,
    "package.claim": public_body,
    "package.support": public_body,
    "package.renew": own_partner_or_forge,
    "package.hand_back": own_partner,
    "package.lapse": system,
    "package.free": admin_or_system,
    "package.start": lead,
    "package.submit": lead_or_forge,
    "package.finish": lead_or_owner,
    "package.return": lead_owner_or_forge,
    "package.move_back": lead_or_owner,
    "package.hold": lead_or_owner,
    "package.resume": lead_or_owner,
    "package.commission": lead,
    "package.bid": provider,
    "package.withdraw_bid": own_partner,
    # comments
    "comment.write": commenter,
    "comment.edit": author,
    "comment.delete": author,
    # issues
    "connection.create": operator,
    "connection.edit": operator,
    "connection.rotate": operator,
    "connection.retire": operator,
    "connection.disable": operator,
    "connection.enable": operator,
    "connection.delete": operator,
    "connection.backfill": operator,
    "connection.fetch": system,
    "connection.hear": forge,
    "repository.accept": operator,
    "repository.refuse": operator,
    "repository.appear": forge,
    "delivery.replay": operator,
    "delivery.fail": forge,
    "endpoint.create": operator,
    "endpoint.edit": operator,
    "endpoint.rotate": operator,
    "endpoint.retire": operator,
    "endpoint.disable": operator,
    "endpoint.enable": operator,
    "endpoint.delete": operator,
    "endpoint.try": operator,
    "endpoint.resend": operator,
    "rule.set": operator,
    "rule.enable": operator,
    "rule.disable": operator,
    "rule.remove": operator,
    "issue.appear": forge,
    "issue.mention": forge,
    "issue.update": forge,
    "issue.close": forge,
    "issue.reopen": forge,
    "issue.hide": forge,
    "issue.develop": forge,
    "issue.sort": forge,
    "proposal.withhold": forge,
    "package.withhold": forge,
    "issue.link": public_body_or_owner,
    "issue.propose": public_body_or_owner,
    "issue.package": public_body_or_owner,
    "issue.snooze": public_body_or_owner,
    "issue.dismiss": public_body_or_owner,
    "issue.undo": public_body_or_owner,
    "issue.join": public_body_or_owner,
    "issue.part": public_body_or_owner,
}

SCOPES: dict[str, frozenset[str]] = {
    "read": frozenset(),
    "propose": frozenset({
        "proposal.propose", "proposal.edit", "proposal.withdraw", "duplicate.suggest", "estimate.make",
        "estimate.edit", "estimate.withdraw", "estimate.restore", "issue.propose", "issue.join", "issue.part",
    }),
    "vote": frozenset({
        "ballot.cast", "ballot.withdraw", "offer.declare", "offer.confirm", "offer.withdraw", "condition.state",
        "condition.clear", "consent.object", "draft.confirm", "draft.discard",
    }),
    "work": frozenset({
        "package.create", "package.edit", "package.depend", "package.undepend", "package.claim", "package.support",
        "package.renew", "package.hand_back", "package.start", "package.submit", "package.finish", "package.return",
        "package.hold", "package.resume", "package.commission", "package.bid", "package.withdraw_bid",
        "issue.link", "issue.package", "issue.snooze", "issue.dismiss", "issue.undo", "issue.join", "issue.part",
    }),
    "comment": frozenset({"comment.write", "comment.edit", "comment.delete"}),
    "reuse": frozenset({
        "reuse.record", "variant.record", "variant.remove", "variant.begin_return", "variant.stop_return",
        "variant.finish_return", "learning.write", "learning.edit", "learning.remove", "learning.thank",
    }),
    "steer": frozenset({
        "proposal.start", "proposal.pilot", "proposal.publish", "proposal.rate", "proposal.plan",
        "milestone.create", "milestone.edit", "milestone.end", "milestone.resume",
    }),
    "watch": frozenset({"watch.start", "watch.stop"}),
    "calendar": frozenset(),
}  # fmt: skip
"""What an access token can be for: scope → the verbs it opens to its person's programs, within the person's rights.

A verb that stands nowhere here is out of every token's reach: decisions, administration, one's own access, whatever
asks again who one is. A test holds the list to the routes of the API.
"""

PAGES: dict[str, Rule] = {
    "static": anyone,
    "ground.healthz": anyone,
    "ground.readyz": anyone,
    "metrics.show": anyone,  # Asks for its own token; 404 without one.
    # accounts
    "accounts.sign_in": anyone,
    "accounts.sign_out": signed_in,
    "accounts.sign_out_everywhere": signed_in,
    "accounts.switch": signed_in,
    "accounts.preferences": signed_in,
    "accounts.show": signed_in,
    "accounts.end_session": signed_in,
    "accounts.forget_device": signed_in,
    # signing in by two steps, with a provider, and showing again who one is
    "factors.code": anyone,
    "factors.confirm": signed_in,
    "factors.show": signed_in,
    "factors.set_up": signed_in,
    "factors.renew": signed_in,
    "factors.remove": signed_in,
    "identities.begin": anyone,
    "identities.back": anyone,
    "identities.connect": signed_in,
    "identities.disconnect": signed_in,
    "identities.suggestions": admin,
    "identities.accept": admin,
    "identities.refuse": admin,
    "tokens.index": signed_in,
    "tokens.create": signed_in,
    "tokens.revoke": signed_in,
    # one's own data
    "privacy.export": signed_in,
    "privacy.erase": signed_in,
    # one's own access and mail
    "credentials.forgot": anyone,
    "credentials.ask_reset": anyone,
    "credentials.show_reset": anyone,
    "credentials.reset": anyone,
    "credentials.password": signed_in,
    "credentials.email": signed_in,
    "credentials.show_confirm": anyone,
    "credentials.confirm": anyone,
    "notifications.show": signed_in,
    "notifications.choose": signed_in,
    "notifications.watch": signed_in,
    "notifications.watch_partner": signed_in,
    "notifications.watch_topic": signed_in,
    "notifications.unsubscribe": anyone,
    "notifications.decline": anyone,
    # joining
    "joining.people": signed_in,
    "joining.invite": delegate_or_admin,
    "joining.overview": admin,
    "joining.invite_anywhere": admin,
    "joining.resend": delegate_or_admin,
    "joining.withdraw": delegate_or_admin,
    "joining.assign": delegate_or_admin,
    "joining.deputise": delegate_or_admin,
    "joining.undeputise": delegate_or_admin,
    "joining.end": signed_in,
    "joining.show": anyone,
    "joining.join": anyone,
    # partners
    "partners.index": reader,
    "partners.show": reader,
    # proposals
    "proposals.index": reader,
    "proposals.news": reader,
    "proposals.show": reader,
    "proposals.new": anyone,
    "proposals.similar": reader,
    "proposals.propose": anyone,  # Who is not signed in gets the form back with the text (401).
    "proposals.several": proposer,
    "proposals.propose_several": proposer,
    "proposals.edit": proposer,
    "proposals.counts": reader,
    "proposals.state": reader,
    "proposals.withdraw": signed_in,
    "proposals.accept": product_owner,
    "proposals.defer": product_owner,
    "proposals.decline": product_owner,
    "proposals.start": product_owner,
    "proposals.pilot": product_owner,
    "proposals.publish": product_owner,
    "proposals.reopen": product_owner,
    # duplicates
    "duplicates.suggest": commenter,
    "duplicates.dismiss": product_owner,
    "duplicates.merge": product_owner,
    "duplicates.unmerge": product_owner,
    "duplicates.show": reader,
    # decision sheets and the records of decisions
    "decisions.sheet": reader,
    "decisions.markdown_of_sheet": reader,
    "decisions.write": product_owner,
    "decisions.show": reader,
    "decisions.markdown_of_record": reader,
    # consent
    "consent.begin": product_owner,
    "consent.recall": product_owner,
    "consent.object": delegate,
    # estimates
    "estimates.index": reader,
    "estimates.make": commenter,
    "estimates.edit": commenter,
    "estimates.withdraw": commenter,
    "estimates.restore": commenter,
    # ordering and milestones
    "ordering.table": reader,
    "ordering.pictures": reader,
    "ordering.place": reader,
    "ordering.put": product_owner,
    "ordering.bulk": product_owner,
    "ordering.decide": product_owner,
    "ordering.undo": product_owner,
    "saved.save": signed_in,
    "saved.remove": signed_in,
    "saved.begin": delegate,
    "saved.plain": delegate,
    "milestones.index": product_owner,
    "milestones.create": product_owner,
    "milestones.edit": product_owner,
    "milestones.end": product_owner,
    "milestones.resume": product_owner,
    # voting
    "voting.ballot": reader,
    "voting.cast": delegate,
    "voting.withdraw": delegate,
    "voting.tally": reader,
    "voting.offers": reader,
    "voting.confirm": delegate,
    "voting.coalition": reader,
    "voting.all_companions": reader,
    "voting.ballots": signed_in,
    "voting.all_ballots": signed_in,
    "voting.reuse": reader,
    "voting.all_uses": reader,
    "voting.record_reuse": delegate,
    # variants
    "variants.index": reader,
    "variants.record": delegate,
    "variants.begin_return": public_body_or_owner,
    "variants.stop_return": public_body_or_owner,
    "variants.finish_return": public_body_or_owner,
    "variants.divide": packager,
    # learnings
    "learnings.index": reader,
    "learnings.show": reader,
    "learnings.new": public_body,
    "learnings.write": public_body,
    "learnings.edit": public_body,
    "learnings.remove": public_body,
    "learnings.useful": reader,
    "learnings.thank": public_body,
    "learnings.of_proposal": reader,
    # workshops: inside the partnership only
    "workshops.index": signed_in,
    "workshops.show": signed_in,
    "workshops.now": signed_in,
    "workshops.agenda": signed_in,
    "workshops.screen": signed_in,
    "workshops.stage": signed_in,
    "workshops.count": signed_in,
    "workshops.join": member,
    "workshops.new": host,
    "workshops.plan": host,
    "workshops.edit": host,
    "workshops.assemble": host,
    "workshops.add": host,
    "workshops.arrange": host,
    "workshops.open": host,
    "workshops.turn": host,
    "workshops.close": host,
    "workshops.enter": host,
    "workshops.confirm": delegate,
    "workshops.discard": signed_in,
    "workshops.minutes": signed_in,
    "workshops.markdown": signed_in,
    "workshops.letter": signed_in,
    # work
    "work.index": reader,
    "work.news": reader,
    "work.show": reader,
    "work.card": reader,
    "work.packages": reader,
    "work.new": packager,
    "work.create": packager,
    "work.edit": packager,
    "work.split": packager,
    "work.merge": packager,
    "work.export": reader,
    "work.export_proposal": reader,
    "work.import_": packager,
    "work.needs": reader,
    "work.depend": public_body_or_owner,
    "work.undepend": public_body_or_owner,
    "work.claim": public_body,
    "work.renew": member,
    "work.hand_back": member,
    "work.move": public_body_or_owner,
    "work.move_several": public_body_or_owner,
    "work.move_back": public_body_or_owner,
    "work.hold": public_body_or_owner,
    "work.resume": public_body_or_owner,
    "work.commission": public_body,
    "work.bid": provider,
    "work.withdraw_bid": provider,
    # comments
    "comments.index": reader,
    "comments.write": commenter,
    "comments.editor": signed_in,
    "comments.edit": signed_in,
    "comments.delete": signed_in,
    # activity
    "activity.index": reader,
    "activity.news": reader,
    "activity.atom": reader,
    # reuse
    "reuse.index": reader,
    "reuse.row": reader,
    "reuse.ask": anyone,  # Whoever has the signed address from the mail; it says who answers.
    "reuse.confirm": anyone,
    # roadmap
    "roadmap.show": reader,
    "roadmap.calendar": reader,
    "roadmap.subscribe": anyone,  # Whoever has the address of a person's calendar; its token is asked.
    # figures
    "figures.show": reader,
    "figures.file": reader,
    # feeds
    "feeds.proposals": reader,
    "feeds.proposal": reader,
    # modules and the app as files
    "modules.module": reader,
    "modules.app": reader,
    "modules.used_by": reader,
    "modules.import_": product_owner,
    "modules.import_app": product_owner,
    "modules.begin": product_owner,
    # open data
    "opendata.show": reader,
    "opendata.csv": reader,
    "opendata.json": reader,
    "opendata.catalogue": reader,
    # the API: what stands on pages, for programs; scopes narrow it further
    "reference.show": reader,
    "api.document": reader,
    "api.me": signed_in,
    "api.waiting": signed_in,
    "api.watches": signed_in,
    "api.watch": signed_in,
    "api.unwatch": signed_in,
    "api.activity": reader,
    "api.search": reader,
    "api.partners": reader,
    "api.partner": reader,
    "api.topics": reader,
    "api.milestones": reader,
    "api.create_milestone": product_owner,
    "api.edit_milestone": product_owner,
    "api.end_milestone": product_owner,
    "api.resume_milestone": product_owner,
    "api.proposals": reader,
    "api.proposal": reader,
    "api.propose": proposer,
    "api.edit": proposer,
    "api.withdraw": signed_in,
    "api.start": product_owner,
    "api.pilot": product_owner,
    "api.publish": product_owner,
    "api.place": product_owner,
    "api.suggest_duplicate": commenter,
    "api.estimates": reader,
    "api.estimate": reader,
    "api.make_estimate": commenter,
    "api.edit_estimate": commenter,
    "api.withdraw_estimate": commenter,
    "api.restore_estimate": commenter,
    "api.ballots": signed_in,
    "api.cast": delegate,
    "api.withdraw_ballot": delegate,
    "api.object": delegate,
    "api.offers": reader,
    "api.offer": delegate,
    "api.confirm_offer": delegate,
    "api.reuse": reader,
    "api.reuse_of": reader,
    "api.record_reuse": delegate,
    "api.remove_reuse": delegate,
    "api.packages": reader,
    "api.packages_of": reader,
    "api.package": reader,
    "api.create_package": packager,
    "api.edit_package": packager,
    "api.depend": public_body_or_owner,
    "api.undepend": public_body_or_owner,
    "api.claim": public_body,
    "api.renew": member,
    "api.hand_back": member,
    "api.start_package": public_body_or_owner,
    "api.submit_package": public_body_or_owner,
    "api.finish_package": public_body_or_owner,
    "api.return_package": public_body_or_owner,
    "api.hold": public_body_or_owner,
    "api.resume": public_body_or_owner,
    "api.commission": public_body,
    "api.bid": provider,
    "api.withdraw_bid": provider,
    "api.comments": reader,
    "api.package_comments": reader,
    "api.comment": reader,
    "api.write_comment": commenter,
    "api.write_package_comment": commenter,
    "api.edit_comment": signed_in,
    "api.delete_comment": signed_in,
    "api.decisions": reader,
    "api.sheet": reader,
    "api.record": reader,
    "api.issues_of_proposal": reader,
    "api.issues_of_package": reader,
    "api.issues": public_body_or_owner,
    "api.issue": public_body_or_owner,
    "api.link_issue": public_body_or_owner,
    "api.propose_issue": public_body_or_owner,
    "api.package_issue": public_body_or_owner,
    "api.snooze_issue": public_body_or_owner,
    "api.dismiss_issue": public_body_or_owner,
    "api.undo_issue": public_body_or_owner,
    "api.learnings": reader,
    "api.learning": reader,
    "api.write_learning": public_body,
    "api.edit_learning": public_body,
    "api.remove_learning": public_body,
    "api.thank": public_body,
    "api.variants": reader,
    "api.record_variant": delegate,
    "api.remove_variant": delegate,
    "api.begin_return": public_body_or_owner,
    "api.stop_return": public_body_or_owner,
    "api.finish_return": public_body_or_owner,
    "api.workshops": signed_in,
    "api.workshop": signed_in,
    "api.minutes": signed_in,
    "api.drafts": signed_in,
    "api.confirm_draft": delegate,
    "api.discard_draft": signed_in,
    # search
    "search.index": reader,
    "search.jump": reader,
    # desk
    "desk.show": reader,
    # live
    "live.stream": reader,
    "live.topics": reader,
    # legal pages, also where reading is not public
    "legal.imprint": anyone,
    "legal.privacy": anyone,
    "legal.accessibility": anyone,
    "legal.licence": anyone,
    # administration
    "admin.index": admin,
    "admin.people": admin,
    "admin.person": admin,
    "admin.appoint": admin,
    "admin.enrol": admin,
    "admin.disable": admin,
    "admin.reset_factor": admin,
    "admin.enable": admin,
    "admin.erase": admin,
    "admin.partners": admin,
    "admin.new_partner": admin,
    "admin.partner": admin,
    "admin.pause": admin,
    "admin.resume": admin,
    "admin.leave": admin,
    "admin.merge": admin,
    "admin.topics": admin,
    "admin.topic": admin,
    "admin.retire_topic": admin,
    "admin.revive_topic": admin,
    "admin.system": admin,
    "admin.try_mail": admin,
    "admin.settings": admin,
    "admin.pages": admin,
    "record.show": admin,
    # issues
    "hooks.receive": anyone,
    "issues.index": public_body_or_owner,
    "issues.import_": operator,
    "issues.news": public_body_or_owner,
    "issues.bulk": public_body_or_owner,
    "issues.bulk_undo": public_body_or_owner,
    "issues.link": public_body_or_owner,
    "issues.propose": public_body_or_owner,
    "issues.package": public_body_or_owner,
    "issues.snooze": public_body_or_owner,
    "issues.dismiss": public_body_or_owner,
    "issues.undo": public_body_or_owner,
    "issues.of_proposal": reader,
    "issues.of_package": reader,
    # connections to the forges, their log and label rules
    "connections.index": operator,
    "connections.new": operator,
    "connections.create": operator,
    "connections.show": operator,
    "connections.state": operator,
    "connections.repositories": operator,
    "connections.edit": operator,
    "connections.rotate": operator,
    "connections.retire": operator,
    "connections.disable": operator,
    "connections.enable": operator,
    "connections.delete": operator,
    "connections.accept": operator,
    "connections.refuse": operator,
    "connections.backfill": operator,
    "deliveries.index": operator,
    "deliveries.show": operator,
    "deliveries.replay": operator,
    "deliveries.replay_failed": operator,
    "rules.index": operator,
    "rules.add": operator,
    "rules.show": operator,
    "rules.enable": operator,
    "rules.disable": operator,
    "rules.remove": operator,
    # outgoing webhooks and their log
    "outgoing.index": operator,
    "outgoing.new": operator,
    "outgoing.create": operator,
    "outgoing.show": operator,
    "outgoing.state": operator,
    "outgoing.edit": operator,
    "outgoing.try": operator,
    "outgoing.rotate": operator,
    "outgoing.retire": operator,
    "outgoing.disable": operator,
    "outgoing.enable": operator,
    "outgoing.delete": operator,
    "sent_log.index": operator,
    "sent_log.show": operator,
    "sent_log.resend": operator,
    "sent_log.resend_failed": operator,
}

FRESH = frozenset({
    "joining.invite", "joining.overview", "joining.invite_anywhere", "joining.resend", "joining.withdraw",
    "joining.assign", "joining.deputise", "joining.undeputise", "joining.end", "issues.import_",
    "credentials.password", "credentials.email",
    "proposals.accept", "proposals.defer", "proposals.decline", "proposals.reopen", "ordering.decide",
    "factors.show", "factors.set_up", "factors.renew", "factors.remove",
    "identities.connect", "identities.disconnect", "identities.suggestions", "identities.accept", "identities.refuse",
    "tokens", "admin", "connections", "deliveries", "rules", "outgoing", "sent_log", "privacy", "record",
})  # fmt: skip
"""Recording decisions, inviting, administering and one's own access: endpoints, or whole features, that ask again who
one is when that was shown more than 12 hours ago. Voting never asks."""

DOORS = frozenset({
    "static", "ground.healthz", "ground.readyz", "accounts.sign_in", "factors.code", "identities.begin",
    "identities.back", "hooks.receive", "metrics.show", "legal.imprint", "legal.privacy", "legal.accessibility",
    "legal.licence", "joining.show", "joining.join", "credentials.forgot",
    "credentials.ask_reset", "credentials.show_reset", "credentials.reset", "credentials.show_confirm",
    "credentials.confirm", "notifications.unsubscribe", "notifications.decline", "roadmap.subscribe",
})  # fmt: skip
"""Open to everybody, also where the board is read by its partners only."""

BEFORE_FACTOR = DOORS | {
    "factors.show", "factors.set_up", "factors.confirm", "accounts.sign_out", "accounts.sign_out_everywhere",
    "accounts.preferences",
}  # fmt: skip
"""What a person may do who needs a second factor and has none yet."""


FOLLOWED = frozenset({"issues.index", "issues.news", "voting.ballots"})
"""Parts of the board that strangers do not see and that are followed live: a browser keeps them and asks each time.
Everything else that strangers may not call is never kept."""


def asks_again(endpoint: str | None) -> bool:
    """Whether this route asks who one is when that was shown long ago."""
    return endpoint is not None and (endpoint in FRESH or endpoint.partition(".")[0] in FRESH)


def allowed(by: Actor, verb: str, on: Any = None) -> bool:
    """Whether the actor may do this; an unknown verb is denied, and to a token what none of its scopes opens."""
    rule = VERBS.get(verb)
    return rule is not None and _opened(by, verb) and rule(by, on)


def _opened(by: Actor, verb: str) -> bool:
    return by.scopes is None or any(verb in SCOPES.get(scope, ()) for scope in by.scopes)


def page_allowed(by: Actor, endpoint: str | None) -> bool:
    """Whether the actor may call this route at all; an undeclared route is denied."""
    rule = PAGES.get(endpoint or "")
    return rule is not None and rule(by)
