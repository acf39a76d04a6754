"""What comes off a package when it is split."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Part:
    """A title, and how much of the package's effort and of its story points."""

    title: str
    effort: Decimal | None = None
    points: Decimal | None = None
