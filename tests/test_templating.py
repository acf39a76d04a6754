"""Templates put out what is safe, and nothing else."""

from typing import Any

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup, escape

from board.templating import environment, shown

NASTY = "<script>alert('1 & \"2\"')</script>"


class Tagged:
    """Something that knows its own markup."""

    def __html__(self) -> str:
        return "<b>fett</b>"


class Named(str):
    """A text of another kind."""


VALUES: list[Any] = [
    NASTY, Markup("<i>gut</i>"), Markup("<i>%s</i>") % NASTY, 0, -7, 1.5, True, None, Tagged(), Named(NASTY), [NASTY],
    "Grünanlage", "", "\x00", "😀",
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_is_shown_as_markupsafe_would_escape_it(value: Any) -> None:
    assert shown(value) == str(escape(value))
    assert environment("de").from_string("{{ value }}").render(value=value) == str(escape(value))


@pytest.mark.parametrize(
    "template",
    [
        "{% macro one(x) %}{{ x }}{% endmacro %}{{ one(value) }}",
        "{% set kept %}{{ value }}{% endset %}{{ kept }}",
        "{% macro box() %}{{ caller() }}{% endmacro %}{% call box() %}{{ value }}{% endcall %}",
        "{% filter trim %}{{ value }}{% endfilter %}",
        "{% for one in [value] %}{{ one }}{% endfor %}",
        '{{ "" ~ value }}',
        "{{ [value]|join }}",
        '{{ "%s"|format(value) }}',
    ],
)
def test_a_value_is_escaped_once_wherever_it_passes_through(template: str) -> None:
    assert environment("de").from_string(template).render(value=NASTY) == str(escape(NASTY))


def test_a_name_that_nobody_gave_still_raises() -> None:
    with pytest.raises(UndefinedError):
        environment("de").from_string("{{ nobody }}").render()
