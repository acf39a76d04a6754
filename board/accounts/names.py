"""The name of a person as a column: erased people keep an empty one, which reads as “erased person” in any language."""

from sqlalchemy import Dialect, String
from sqlalchemy.types import TypeDecorator

from board.i18n import gettext as _


class PersonName(TypeDecorator[str]):
    """Empty in the database means erased: whoever reads it gets the word for that in the reader's language."""

    impl = String(120)
    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """From the database."""
        return _("erased person") if value == "" else value
