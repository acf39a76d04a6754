"""Templates put out what is safe, and nothing else."""

from typing import Any

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup, escape
from wtforms.widgets import html_params

from board.compiling import cut, shown
from board.forms import attributes
from board.i18n import number, translate, translate_plural
from board.templating import environment

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


# Translations that are put in when a template is compiled


def put_in(template: str, **values: Any) -> str:
    return environment("de").from_string(template).render(**values)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_in_a_translation_is_escaped_as_by_markup(value: Any) -> None:
    message = translate("de", "by %(partner)s")
    assert put_in('{{ _("by %(partner)s", partner=value) }}', value=value) == Markup(message) % {"partner": value}


@pytest.mark.parametrize("n", [0, 1, 2, 1234])
def test_singular_and_plural_are_chosen_and_their_number_is_written_for_the_reader(n: int) -> None:
    written = put_in('{{ ngettext("%(n)s comment", "%(n)s comments", n) }}', n=n)
    message = translate_plural("de", "%(n)s comment", "%(n)s comments", n)
    assert written == message % {"n": number(n, "de")}
    given = put_in('{{ ngettext("%(n)s comment", "%(n)s comments", n, n=value) }}', n=n, value=NASTY)
    assert given == Markup(message) % {"n": NASTY}


@pytest.mark.parametrize(
    ("text", "names", "pieces"),
    [
        ("ohne", ["n"], (("ohne",), ())),
        ("%(n)s von %(all)s", ["all", "n"], (("", " von ", ""), (1, 0))),
        ("%(n)s und %(n)s", ["n"], (("", " und ", ""), (0, 0))),
        ("Quorum %(percent)s %%: fehlt", ["percent"], (("Quorum ", " %: fehlt"), (0,))),
        ("%(other)s", ["n"], None),
        ("%(n)d", ["n"], None),
        ("100 %", ["n"], None),
    ],
)
def test_a_translation_is_cut_where_its_values_go_in_or_left_alone(text: str, names: list[str], pieces: Any) -> None:
    assert cut(text, names) == pieces


def test_a_translation_that_asks_for_a_value_nobody_gave_raises_as_before() -> None:
    with pytest.raises(KeyError):
        put_in('{{ _("by %(partner)s", somebody=1) }}')


MACROS = """{% macro plain(a, b="zwei", c=none) %}{{ a }}-{{ b }}-{{ c }}{% endmacro %}
{% macro open(a) %}{{ a }}{{ kwargs.items()|list }}{{ varargs }}{% endmacro %}
{% macro around() %}<p>{{ caller() }}</p>{% endmacro %}"""


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("{{ plain(1) }}", "1-zwei-None"),
        ("{{ plain(1, 2, 3) }}", "1-2-3"),
        ("{{ plain(1, c=value) }}", f"1-zwei-{escape(NASTY)}"),
        ("{{ plain(c=3, a=1) }}", "1-zwei-3"),
        ("{{ plain(*[1, 2]) }}", "1-2-None"),
        ("{{ plain(**{'a': 1}) }}", "1-zwei-None"),
        ("{{ open(1, 2, x=3) }}", "1[(&#39;x&#39;, 3)](2,)"),
        ("{% call around() %}{{ value }}{% endcall %}", f"<p>{escape(NASTY)}</p>"),
        ("{{ value.class }}", None),
    ],
)
def test_macros_are_called_as_jinja_calls_them(call: str, expected: str | None) -> None:
    template = environment("de").from_string(MACROS + call)
    if expected is None:
        with pytest.raises(UndefinedError):
            template.render(value=NASTY)
    else:
        assert template.render(value=NASTY).strip() == expected


@pytest.mark.parametrize("call", ["{{ plain(1, 2, 3, 4) }}", "{{ plain(1, d=4) }}", "{{ plain(1, a=2) }}"])
def test_a_macro_that_is_called_wrongly_raises(call: str) -> None:
    with pytest.raises(TypeError):
        environment("de").from_string(MACROS + call).render()


@pytest.mark.parametrize(
    "given",
    [
        {"name": "days", "id": "a", "value": "<\"&'>", "maxlength": 5},
        {"class_": "small", "data_what_else": "x", "aria_label": "ä", "aria-describedby": "a-hint", "for_": "b"},
        {"required": True, "disabled": False, "value": Markup('<b title="x">'), "step": 0.5, "min": 0},
        {},
    ],
)
def test_attributes_are_what_wtforms_writes(given: dict[str, Any]) -> None:
    assert attributes(**given) == html_params(**given)
    assert type(attributes(**given)) is Markup
