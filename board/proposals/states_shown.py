"""What the component of a proposal's state shows: shared by every view that answers with it."""

from typing import Any

from board import i18n
from board.consent import queries as consent
from board.consent.forms import ConsentForm
from board.decisions import queries as decisions
from board.policy import Actor, allowed
from board.proposals.forms import DecisionForm, ReopenForm
from board.proposals.models import Proposal
from board.proposals.states import DECISIONS, LABELS, MOVES
from board.settings.current import current


def of(proposal: Proposal, by: Actor) -> dict[str, Any]:
    """What _state.html shows: the verbs that the state allows and the person may do."""
    may = {verb for verb in MOVES if proposal.can(verb) and allowed(by, f"proposal.{verb}", proposal)}
    running = proposal.consent_until is not None
    may_consent = proposal.is_open and not running and not proposal.n_against and allowed(by, "consent.begin", proposal)
    settings = current()
    return {
        "proposal": proposal,
        "may": may,
        "decisions": [verb for verb in DECISIONS if verb in may],
        "may_edit": allowed(by, "proposal.edit", proposal) and (proposal.is_open or by.is_product_owner),
        "may_consent": may_consent,
        "may_recall": running and allowed(by, "consent.recall", proposal),
        "decision": DecisionForm(data={"decided_on": i18n.today()}),
        "reopening": ReopenForm(data={"vote_by": i18n.in_days(settings.vote_days)}),
        "consenting": ConsentForm(data={"last": i18n.in_days(settings.consent_days)}),
        "asked": "",
        "labels": LABELS,
        "records": decisions.records(proposal.id) if proposal.decisions else set(),
        **consent.for_state(proposal, by),
    }
