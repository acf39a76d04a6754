"""A long fetch in turns: mails and other jobs wait for the same thread."""

import math
import time
from dataclasses import dataclass, field


class Pause(Exception):
    """The turn is over, or the forge asks to wait longer than it lasts: `seconds` until the next."""

    def __init__(self, seconds: float = 0) -> None:
        super().__init__()
        self.seconds = seconds


@dataclass
class Turn:
    """How far a fetch has come (which repositories are done, where the one in hand goes on), and until when it may run.

    `since` is the newest update seen when `url` was made. `ends_at` is a moment of `time.monotonic()`; without one it
    runs to its end, as on the command line. `pause` says in how many seconds another turn is needed, None when not.
    """

    done: list[int] = field(default_factory=list)
    url: str = ""
    since: str = ""
    ends_at: float = math.inf
    pause: float | None = None

    def sleep(self, seconds: float) -> None:
        """Wait for a forge. Raises Pause where that would keep others waiting."""
        if time.monotonic() + seconds > self.ends_at:
            raise Pause(seconds)
        time.sleep(seconds)

    def check(self) -> None:
        """Raise Pause when the turn is over."""
        if time.monotonic() >= self.ends_at:
            raise Pause
