"""Who must show a second factor: by role, as the administrators have set it."""

from collections.abc import Iterable

from board.settings.current import current


def needs_factor(*, is_product_owner: bool, is_admin: bool, roles: Iterable[str]) -> bool:
    """Whether a person with these flags and seats needs one; any seat counts, whomever they act for at the moment."""
    return current().needs_second_factor(delegate="delegate" in roles, product_owner=is_product_owner, admin=is_admin)
