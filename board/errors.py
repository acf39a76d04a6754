"""What the domain answers when it refuses: the sentence a person reads and the status of the answer."""


class Refusal(Exception):
    """A wish that is not granted. `message` is already in the person's language."""

    status = 400

    def __init__(self, message: str = "", **hints: object) -> None:
        super().__init__(message)
        self.message = message
        self.hints = hints


class Unknown(Refusal):
    """Nobody is signed in, or the session has ended."""

    status = 401


class Stale(Unknown):
    """The person has shown who they are too long ago for this; it is asked for again, and nothing typed is lost."""


class FactorMissing(Refusal):
    """The person's role needs a second factor, and there is none yet."""

    status = 403


class Denied(Refusal):
    """The object may be seen, but this verb is not for this person."""

    status = 403


class Missing(Refusal):
    """There is no such object, or it is none of this person's business."""

    status = 404


class Conflict(Refusal):
    """The world has moved on: the state does not allow it any more. `hints` says what stands in the way."""

    status = 409


class TooMany(Refusal):
    """Too many attempts; `hints["seconds"]` says how long to wait."""

    status = 429


class Busy(Refusal):
    """The database is away or too busy to write; trying again helps."""

    status = 503
