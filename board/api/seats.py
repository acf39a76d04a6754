"""Who carries a work package out: seats, the steps from claimed to done, holds, commissions, providers' offers."""

from typing import Any, Literal

from board.api.fields import Given, PersonDays, days, line, some_line, some_words
from board.api.registry import change
from board.api.work import HERE, TAG, PackageWhole, package
from board.web import actor
from board.work import bids, claims, moves, packages
from board.work.leases import terms
from board.work.models import Seat
from board.work.packages import locked

N_ = str  # Marks a message id; it is translated where it is shown.


class ClaimGiven(Given):
    """A seat, and the person-days that the partner gives; `anyway`: lead it also while it waits for others."""

    seat: Literal["lead", "support"] = "lead"
    days: PersonDays | None = None
    anyway: bool = False


@change("POST", f"{HERE}/claim", "claim", TAG, N_("Claim a work package for one's partner"),
        N_("There is one lead seat; who comes second is told who has it (409). Claiming again changes nothing."),
        body=ClaimGiven, answer=PackageWhole, scope="work", example={"seat": "lead", "days": 5})  # fmt: skip
def claim(package_id: int, body: ClaimGiven) -> Any:
    """Take a seat."""
    claims.claim(locked(package_id), actor(), Seat(body.seat), days(body.days), terms(), anyway=body.anyway)
    return lambda: package(package_id)


class RenewGiven(Given):
    """The person-days that the partner gives from now on; null: as before."""

    days: PersonDays | None = None


@change("POST", f"{HERE}/renew", "renew", TAG, N_("Let one's partner's lease begin anew"), body=RenewGiven,
        answer=PackageWhole, scope="work")  # fmt: skip
def renew(package_id: int, body: RenewGiven) -> Any:
    """A lease begins anew."""
    claims.renew(locked(package_id), actor(), days(body.days), terms())
    return lambda: package(package_id)


@change("POST", f"{HERE}/hand-back", "hand_back", TAG, N_("Give one's partner's seat back"), answer=PackageWhole,
        scope="work")  # fmt: skip
def hand_back(package_id: int) -> Any:
    """Give it back."""
    claims.hand_back(locked(package_id), actor())
    return lambda: package(package_id)


@change("POST", f"{HERE}/start", "start_package", TAG, N_("The work has begun"), answer=PackageWhole, scope="work")
def start_package(package_id: int) -> Any:
    """From claimed to in progress."""
    moves.start(locked(package_id), actor(), terms())
    return lambda: package(package_id)


@change("POST", f"{HERE}/submit", "submit_package", TAG, N_("Hand it in for acceptance"), answer=PackageWhole,
        scope="work")  # fmt: skip
def submit_package(package_id: int) -> Any:
    """From in progress to review."""
    moves.submit(locked(package_id), actor(), terms())
    return lambda: package(package_id)


@change("POST", f"{HERE}/finish", "finish_package", TAG, N_("It is done"), answer=PackageWhole, scope="work")
def finish_package(package_id: int) -> Any:
    """From review to done."""
    moves.finish(locked(package_id), actor(), terms())
    return lambda: package(package_id)


@change("POST", f"{HERE}/return", "return_package", TAG, N_("Send it back from review to work"), answer=PackageWhole,
        scope="work")  # fmt: skip
def return_package(package_id: int) -> Any:
    """From review to in progress."""
    moves.send_back(locked(package_id), actor(), terms())
    return lambda: package(package_id)


class HoldGiven(Given):
    """Why the clock stops."""

    reason: some_line(160)  # type: ignore[valid-type]


@change("POST", f"{HERE}/hold", "hold", TAG, N_("Put it on hold: the lease rests"), body=HoldGiven,
        answer=PackageWhole, scope="work", example={"reason": "Vergabe läuft."})  # fmt: skip
def hold(package_id: int, body: HoldGiven) -> Any:
    """Stop the clock."""
    moves.hold(locked(package_id), actor(), body.reason)
    return lambda: package(package_id)


@change("POST", f"{HERE}/resume", "resume", TAG, N_("Go on after a hold"), answer=PackageWhole, scope="work")
def resume(package_id: int) -> Any:
    """Let the clock run on."""
    moves.resume(locked(package_id), actor())
    return lambda: package(package_id)


class CommissionGiven(Given):
    """Whom the lead commissioned; empty takes it back."""

    whom: line(160) = ""  # type: ignore[valid-type]


@change("POST", f"{HERE}/commission", "commission", TAG, N_("Record whom the lead commissioned"),
        body=CommissionGiven, answer=PackageWhole, scope="work", example={"whom": "Werk GmbH"})  # fmt: skip
def commission(package_id: int, body: CommissionGiven) -> Any:
    """Record it."""
    packages.commission(locked(package_id), actor(), body.whom)
    return lambda: package(package_id)


class BidGiven(Given):
    """What a provider offers."""

    text: some_words(1000)  # type: ignore[valid-type]
    days: PersonDays | None = None


@change("PUT", f"{HERE}/bid", "bid", TAG, N_("Offer, as a provider, to carry it out"), body=BidGiven,
        answer=PackageWhole, scope="work", example={"text": "Wir bauen es.", "days": 5})  # fmt: skip
def bid(package_id: int, body: BidGiven) -> Any:
    """Offer, or offer anew."""
    bids.bid(locked(package_id), actor(), body.text, days(body.days))
    return lambda: package(package_id)


@change("DELETE", f"{HERE}/bid", "withdraw_bid", TAG, N_("Take the provider's offer back"), answer=PackageWhole,
        scope="work")  # fmt: skip
def withdraw_bid(package_id: int) -> Any:
    """Take it back; harmless without one."""
    bids.withdraw_bid(locked(package_id), actor())
    return lambda: package(package_id)
