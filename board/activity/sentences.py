"""What happened, in sentences: the message id for each verb, by what the row's details say.

A sentence names partners only; the person stands beside it, for signed-in readers. Readers who are not signed in
get the `hidden` sentence of a verb where the partner, or how it voted, is none of theirs.
"""

from collections.abc import Mapping
from typing import Any

from board.activity.connection_sentences import CONNECTIONS, FETCHED
from board.activity.endpoint_sentences import ENDPOINTS

N_ = str  # Marks a message id; it is translated where it is shown.

HIDDEN = {
    "ballot.cast": N_("A partner cast its ballot on %(subject)s"),
    "ballot.change": N_("A partner changed its ballot on %(subject)s"),
    "ballot.withdraw": N_("A partner withdrew its ballot on %(subject)s"),
    "condition.state": N_("A partner stated a condition or reservation on %(subject)s"),
    "condition.clear": N_("A condition or reservation on %(subject)s no longer applies"),
    "consent.object": N_("A partner objects: ballots are now cast on %(subject)s"),
    "ballot.carry": N_("A merger carried a ballot on %(subject)s"),
}

SENTENCES = {
    "person.create": N_("Account created"),
    "person.enrol": N_("Membership of %(about)s arranged"),
    "person.appoint": N_("Product ownership or administration changed"),
    "person.disable": N_("Account disabled"),
    "person.enable": N_("Account opened again"),
    "person.export": N_("Copy of one's own data taken"),
    "person.erase": N_("Account erased"),
    "person.prefer": N_("Language or appearance changed"),
    "session.start": N_("Signed in"),
    "session.switch": N_("Switched to acting for another partner"),
    "session.end": N_("Signed out"),
    "session.end_all": N_("Signed out everywhere"),
    "session.confirm": N_("Showed once more who it is"),
    "device.remember": N_("Device remembered for 30 days"),
    "device.forget": N_("Device forgotten"),
    "factor.set_up": N_("Second factor set up"),
    "factor.renew": N_("New recovery codes made"),
    "factor.remove": N_("Second factor removed"),
    "factor.reset": N_("Second factor reset"),
    "identity.connect": N_("Sign-in with a provider connected"),
    "identity.disconnect": N_("Sign-in with a provider disconnected"),
    "token.create": N_("Access token made"),
    "token.revoke": N_("Access token revoked"),
    "suggestion.make": N_("A provider suggests membership of %(about)s"),
    "suggestion.accept": N_("Suggested membership of %(about)s confirmed"),
    "suggestion.refuse": N_("Suggested membership of %(about)s refused"),
    "mail.try": N_("Mail was tried out"),
    "setting.change": N_("A setting of the board changed"),
    "person.ask_email": N_("Another e-mail address asked for"),
    "person.change_password": N_("Password changed"),
    "person.reset_password": N_("Password set anew by a link"),
    "person.change_email": N_("E-mail address changed"),
    "person.choose_mail": N_("Choice of mail changed"),
    "watch.start": N_("Watching started"),
    "watch.stop": N_("Watching stopped"),
    "invitation.send": N_("Somebody invited to %(about)s"),
    "invitation.resend": N_("Invitation to %(about)s sent again"),
    "invitation.withdraw": N_("Invitation to %(about)s withdrawn"),
    "invitation.accept": N_("Invitation to %(about)s accepted"),
    "membership.assign": N_("Role in %(about)s changed"),
    "membership.deputise": N_("Deputy of %(about)s named"),
    "membership.undeputise": N_("Deputy of %(about)s no longer stands in"),
    "membership.end": N_("Membership of %(about)s ended"),
    "partner.create": N_("%(about)s has joined the partnership"),
    "partner.edit": N_("The entry of %(about)s was revised"),
    "partner.leave": N_("%(about)s has left the partnership"),
    "partner.merge": N_("%(about)s has become part of another partner"),
    "partner.pause": N_("%(about)s pauses its participation"),
    "partner.resume": N_("%(about)s takes part again"),
    "topic.create": N_("A topic was added"),
    "topic.relabel": N_("A topic was renamed"),
    "topic.retire": N_("A topic is no longer offered"),
    "topic.revive": N_("A topic is offered again"),
    "proposal.propose": N_("%(partner)s proposed %(subject)s"),
    "proposal.import": N_("%(subject)s was taken over from its source"),
    "proposal.edit": N_("%(partner)s revised the text of %(subject)s"),
    "proposal.withhold": N_(
        "The text of %(subject)s is no longer shown: the issue it came from is not public any more"
    ),
    "module.take": N_("The module file of %(subject)s was taken in"),
    "module.take_app": N_("The file of the city app was taken in"),
    "proposal.withdraw": N_("%(partner)s withdrew %(subject)s"),
    "proposal.accept": N_("Decision recorded: %(subject)s is accepted"),
    "proposal.defer": N_("Decision recorded: %(subject)s is deferred"),
    "proposal.decline": N_("Decision recorded: %(subject)s is declined"),
    "proposal.start": N_("%(subject)s is being built"),
    "proposal.pilot": N_("%(subject)s is being piloted"),
    "proposal.publish": N_("%(subject)s is available to all"),
    "proposal.reopen": N_("%(subject)s is open for ballots again"),
    "proposal.rate": N_("The product owner rated %(subject)s"),
    "proposal.plan": N_("The product owner planned %(subject)s"),
    "proposal.classify": N_("%(subject)s stands under another topic"),
    "proposal.postpone": N_("Answers on %(subject)s are asked for until another day"),
    "proposal.take_back": N_("A step of %(subject)s that was recorded by mistake was taken back"),
    "estimate.make": N_("%(partner)s estimated the effort of %(subject)s"),
    "estimate.edit": N_("%(partner)s changed its estimate of %(subject)s"),
    "estimate.withdraw": N_("%(partner)s withdrew its estimate of %(subject)s"),
    "estimate.restore": N_("%(partner)s put back its estimate of %(subject)s"),
    "estimate.expire": N_("An estimate of %(subject)s has expired"),
    "view.save": N_("View of the proposals saved"),
    "view.publish": N_("View of the proposals shared with everybody"),
    "view.remove": N_("View of the proposals removed"),
    "view.begin_with": N_("View chosen that the partner begins with"),
    "view.begin_without": N_("The partner begins with the plain list again"),
    "milestone.create": N_("A milestone was added"),
    "milestone.edit": N_("A milestone was changed"),
    "milestone.end": N_("A milestone was ended"),
    "milestone.resume": N_("A milestone goes on"),
    "proposal.merge": N_("%(subject)s was merged into another proposal"),
    "proposal.unmerge": N_("%(subject)s stands by itself again"),
    "proposal.absorb": N_("Another proposal was merged into %(subject)s"),
    "proposal.release": N_("A merger into %(subject)s was taken back"),
    "duplicate.suggest": N_("%(partner)s takes %(subject)s for a duplicate"),
    "duplicate.dismiss": N_("%(subject)s is no duplicate"),
    "ballot.carry": N_("A merger carried the ballot of %(about)s on %(subject)s"),
    "sheet.write": N_("Recommendation or open questions on %(subject)s were revised"),
    "consent.begin": N_("%(subject)s is accepted unless a partner objects"),
    "consent.recall": N_("%(subject)s is open for ballots instead of objections"),
    "consent.object": N_("%(partner)s objects: ballots are now cast on %(subject)s"),
    "consent.pass": N_("Nobody has objected: %(subject)s is accepted"),
    "ballot.cast": N_("%(partner)s cast its ballot on %(subject)s"),
    "ballot.withdraw": N_("%(partner)s withdrew its ballot on %(subject)s"),
    "offer.declare": N_("%(partner)s offered %(offer)s: %(subject)s"),
    "offer.confirm": N_("%(partner)s confirmed its offer %(offer)s: %(subject)s"),
    "offer.withdraw": N_("%(partner)s withdrew its offer %(offer)s: %(subject)s"),
    "condition.state": N_("%(partner)s stated a condition on %(subject)s"),
    "condition.clear": N_("The condition of %(partner)s on %(subject)s no longer applies"),
    "reuse.confirm": N_("%(partner)s confirmed its entry on reusing %(subject)s"),
    "reuse.record": N_("%(partner)s updated its entry on reusing %(subject)s"),
    "variant.record": N_("%(partner)s updated its entry on a variant of %(subject)s"),
    "variant.remove": N_("%(partner)s removed its variant of %(subject)s"),
    "variant.divide": N_("%(partner)s divided the return of a variant of %(subject)s into work packages"),
    "variant.begin_return": N_("The variant of %(about)s returns to the common base: %(subject)s"),
    "variant.stop_return": N_("The variant of %(about)s stays a variant for now: %(subject)s"),
    "variant.finish_return": N_("The variant of %(about)s is part of the common base: %(subject)s"),
    "learning.write": N_("%(partner)s shared a learning about %(subject)s"),
    "learning.edit": N_("%(partner)s revised a learning about %(subject)s"),
    "learning.remove": N_("%(partner)s removed a learning about %(subject)s"),
    "learning.thank": N_("A learning of %(about)s was useful to %(partner)s: %(subject)s"),
    "workshop.plan": N_("A workshop was announced"),
    "workshop.edit": N_("The announcement of a workshop was revised"),
    "workshop.assemble": N_("The agenda of a workshop was assembled"),
    "workshop.arrange": N_("The agenda of a workshop was rearranged"),
    "workshop.open": N_("A workshop has begun"),
    "workshop.turn": N_("A workshop went on to another item"),
    "workshop.join": N_("%(partner)s takes part in a workshop"),
    "workshop.close": N_("A workshop was closed, its minutes are frozen"),
    "workshop.complete": N_("The late answers of a workshop were added to its minutes"),
    "draft.enter": N_("What %(about)s said in a workshop was noted as a draft: %(subject)s"),
    "draft.confirm": N_("%(partner)s confirmed what it said in a workshop: %(subject)s"),
    "draft.discard": N_("A draft of %(about)s from a workshop was discarded: %(subject)s"),
    "package.create": N_("%(partner)s created the work package %(subject)s"),
    "package.edit": N_("%(partner)s revised the work package %(subject)s"),
    "package.withhold": N_("The text of %(subject)s is no longer shown: the issue it came from is not public any more"),
    "package.split": N_("%(partner)s split %(subject)s"),
    "package.merge": N_("%(partner)s merged %(subject)s with another work package"),
    "package.depend": N_("%(partner)s let %(subject)s wait for another work package"),
    "package.undepend": N_("%(partner)s ended that %(subject)s waits for another work package"),
    "package.unblock": N_("%(subject)s waits for no other work package any more"),
    "package.claim": N_("%(partner)s claimed %(subject)s"),
    "package.support": N_("%(partner)s supports %(subject)s"),
    "package.renew": N_("%(partner)s renewed its lease on %(subject)s"),
    "package.hand_back": N_("%(partner)s handed %(subject)s back"),
    "package.lapse": N_("The lease of %(about)s has lapsed: %(subject)s is free again"),
    "package.free": N_("%(about)s has left the partnership: %(subject)s is free again"),
    "package.start": N_("%(partner)s started on %(subject)s"),
    "package.submit": N_("%(partner)s submitted %(subject)s for review"),
    "package.finish": N_("%(partner)s finished %(subject)s"),
    "package.return": N_("%(partner)s returned %(subject)s to work"),
    "package.move_back": N_("%(partner)s moved %(subject)s back to where it was"),
    "package.hold": N_("%(partner)s put %(subject)s on hold"),
    "package.resume": N_("%(partner)s resumed %(subject)s"),
    "package.commission": N_("%(partner)s recorded who carries out %(subject)s"),
    "package.bid": N_("%(partner)s offered to carry out %(subject)s"),
    "package.withdraw_bid": N_("%(partner)s withdrew its offer to carry out %(subject)s"),
    "issue.join": N_("%(partner)s linked an issue with %(subject)s"),
    "issue.part": N_("%(partner)s unlinked an issue from %(subject)s"),
    "issue.mention": N_("%(partner)s names %(subject)s in an issue"),
    "issue.close": N_("%(partner)s closed an issue of %(subject)s"),
    "issue.reopen": N_("%(partner)s reopened an issue of %(subject)s"),
    "issue.hide": N_("An issue of %(subject)s is not public any more"),
    "issue.develop": N_("%(partner)s shows work on %(subject)s"),
    "comment.write": N_("%(partner)s commented on %(subject)s"),
    "comment.edit": N_("%(partner)s edited a comment on %(subject)s"),
    "comment.delete": N_("%(partner)s deleted a comment on %(subject)s"),
    **CONNECTIONS,
    **ENDPOINTS,
}

CAST = {
    "for": N_("%(partner)s voted for %(subject)s"),
    "against": N_("%(partner)s voted against %(subject)s"),
    "abstain": N_("%(partner)s abstained on %(subject)s"),
}
RECAST = N_("%(partner)s changed its ballot on %(subject)s from %(before)s to %(after)s")
REASONED = N_("%(partner)s confirmed its ballot on %(subject)s: %(after)s")
CHOICES = {"for": N_("in favour"), "against": N_("opposed"), "abstain": N_("abstaining")}

OFFERS = {
    "lead": N_("to lead"),
    "pilot": N_("to pilot"),
    "co_fund": N_("to co-fund"),
    "use": N_("to reuse it"),
    "days": N_("to give %(days)s person-days"),
}
ONE_DAY = N_("to give one person-day")
OFFER_CHANGED = N_("%(partner)s changed its offer %(offer)s: %(subject)s")
UNCONFIRMED = N_("%(partner)s took back the confirmation of its offer %(offer)s: %(subject)s")
RESERVED = N_("%(partner)s reserved its stance on %(subject)s for its committee")

REUSED = {
    "examining": N_("%(partner)s is examining the reuse of %(subject)s"),
    "planned": N_("%(partner)s plans to reuse %(subject)s"),
    "pilot": N_("%(partner)s pilots %(subject)s"),
    "live": N_("%(partner)s uses %(subject)s"),
    "ended": N_("%(partner)s no longer uses %(subject)s"),
}
REUSE_REMOVED = N_("%(partner)s removed its entry on reusing %(subject)s")

FREE = {
    "learning.write": N_("%(partner)s shared a learning"),
    "learning.edit": N_("%(partner)s revised a learning"),
    "learning.remove": N_("%(partner)s removed a learning"),
    "learning.thank": N_("A learning of %(about)s was useful to %(partner)s"),
}
"""Of learnings that are about nothing on the board."""
UNTHANKED = N_("%(partner)s no longer marks a learning of %(about)s as useful")

SUPPORT_ENDED = {
    "package.hand_back": N_("%(partner)s no longer supports %(subject)s"),
    "package.lapse": N_("The lease of %(about)s has lapsed: it no longer supports %(subject)s"),
    "package.free": N_("%(about)s has left the partnership and no longer supports %(subject)s"),
}
UNCOMMISSIONED = N_("%(partner)s removed the record of who carries out %(subject)s")

DEVELOPED = {
    "merged": N_("%(partner)s merged work on %(subject)s"),
    "closed": N_("%(partner)s ended work on %(subject)s"),
}

OWNER = N_("The product owner")
FORGE = N_("The repository")


def sentence(verb: str, details: Mapping[str, Any], *, hidden: bool = False) -> str:
    """The message id that tells this event; its parts are partner, about, subject, before, after and offer."""
    before, after = details.get("from"), details.get("to")
    if hidden and verb in HIDDEN:
        return HIDDEN["ballot.change"] if verb == "ballot.cast" and before else HIDDEN[verb]
    plain = SENTENCES[verb]
    if verb == "ballot.cast":
        return _cast(before, after)
    if verb == "offer.declare":
        return {None: plain, "confirmed": UNCONFIRMED}.get(before, OFFER_CHANGED)
    if verb == "condition.state":
        return RESERVED if details.get("reserved") and not details.get("text") else plain
    if verb == "reuse.record":
        return (
            REUSE_REMOVED if after is None and before else plain if before == after else REUSED.get(after or "", plain)
        )
    if verb in FREE:
        return _learning(verb, details)
    if verb == "issue.develop":
        return DEVELOPED.get(after or "", plain)
    if verb == "connection.fetch":
        return FETCHED if details.get("ended") else plain
    if verb == "package.commission":
        return plain if details.get("given", True) else UNCOMMISSIONED
    return SUPPORT_ENDED.get(verb, plain) if details.get("seat") == "support" else plain


def _learning(verb: str, details: Mapping[str, Any]) -> str:
    if not details.get("useful", True):
        return UNTHANKED
    return FREE[verb] if details.get("free") else SENTENCES[verb]


def _cast(before: str | None, after: str | None) -> str:
    if after not in CHOICES:
        return SENTENCES["ballot.cast"]
    if before == after:
        return REASONED
    return RECAST if before in CHOICES else CAST[after]


def offer(details: Mapping[str, Any]) -> str:
    """The message id of what is offered; empty where the event is no offer."""
    if details.get("kind") == "days" and details.get("days") == 1:
        return ONE_DAY
    return OFFERS.get(details.get("kind") or "", "")


def choice(value: object) -> str:
    """The message id of what a ballot says; empty for anything else."""
    return CHOICES.get(value, "") if isinstance(value, str) else ""


def phrases() -> list[str]:
    """Every message id that can be told: all of them are translated (a test checks it)."""
    tables = (HIDDEN, SENTENCES, CAST, CHOICES, OFFERS, REUSED, SUPPORT_ENDED, DEVELOPED, FREE)
    single = (
        RECAST,
        REASONED,
        ONE_DAY,
        OFFER_CHANGED,
        UNCONFIRMED,
        RESERVED,
        REUSE_REMOVED,
        UNCOMMISSIONED,
        FETCHED,
        UNTHANKED,
    )
    return [*(text for table in tables for text in table.values()), *single, OWNER, FORGE]
