"""The link that ends a sort of mail by one click (RFC 8058): person, sort and a mark that only we can make."""

import hmac

from board.accounts import links
from board.notifications.models import Sort


def path(person_id: int, sort: Sort) -> str:
    """The address that stands in the mail and its header."""
    return f"/unsubscribe/{person_id}-{sort}-{links.token(f'unsubscribe-{sort}', person_id, '')}"


def read(token: str) -> tuple[int, Sort] | None:
    """Who does not want which sort; None for a link that we did not make."""
    person, _dash, rest = token.partition("-")
    sort, _dash, mark = rest.partition("-")
    if not (person.isascii() and person.isdigit() and len(person) <= 9) or sort not in set(Sort):
        return None
    right = links.token(f"unsubscribe-{sort}", int(person), "")
    return (int(person), Sort(sort)) if hmac.compare_digest(mark.encode(), right.encode()) else None
