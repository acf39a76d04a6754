"""Templates in one piece say what Jinja says of the same files apart."""

from typing import Any

import pytest
from jinja2 import DictLoader, StrictUndefined

from board.compiling import BoardEnvironment
from board.templating import TEMPLATES, environment
from board.weaving import LARGEST, ONCE, Loom

PARTS = {
    "_ui.html": """
{% macro badge(kind, label) -%}<b class="{{ kind }}">{{ label }}</b>{%- endmacro %}
{% macro pair(a, b=2) -%}{{ a }}/{{ b }}{%- endmacro %}
{% macro nested(x) -%}({{ badge("in", x) }}){%- endmacro %}
{% macro counted(n) -%}{% set left = n - 1 %}{{ left }}{% for one in range(n) %}{{ loop.index }}{{ one }}{% endfor %}{%- endmacro %}
{% macro hinted(x, hint='') -%}{% set hint = hint or 'none' %}{{ x }}{{ hint }}{%- endmacro %}
{% macro deep(n) -%}{{ n }}{% if n > 0 %}{{ deep(n - 1) }}{% endif %}{%- endmacro %}
{% macro box() -%}[{{ caller() }}]{%- endmacro %}
{% macro open(a) -%}{{ a }}{{ kwargs|length }}{%- endmacro %}
{% macro foreign() -%}{{ somebody is defined }}{%- endmacro %}
{% macro buttons(options, chosen) -%}{% for value, text in options %}<i{% if value == chosen %} on{% endif %}>{{ text }}</i>{% endfor %}{%- endmacro %}
""",
    "_set.html": "{% set x = 'inner' %}{{ x }}{{ value }}",
    "_loop.html": "{{ loop.index if loop is defined else 'none' }}{% for one in rows %}{{ loop.index }}{% endfor %}",
    "_face.html": "{% if face == 'card' %}card{% elif face %}{{ face }}{% else %}row{% endif %}{{ face is defined }}",
    "_own.html": "{% import '_ui.html' as ui %}{% set card = value %}{% macro same() %}{{ card }}{{ ui.pair(value) }}{% endmacro %}{{ same() }}{% set card = 3 %}{{ same() }}",
    "_self.html": "{{ n }}{% if n > 0 %}{% set n = n - 1 %}{% include '_self.html' %}{% endif %}",
    "_borrows.html": "{% from '_ui.html' import badge as sign, nested %}{{ sign('a', value) }}{{ nested(value) }}",
    "frame.html": "{% set told = 'frame' %}<{% block content %}{% endblock %}>{% include '_set.html' %}",
    "page.html": "{% extends 'frame.html' %}{% import '_ui.html' as ui %}{% set x = 'page' %}{% block content %}{% include '_set.html' %}{{ x }}{{ ui.badge('k', value) }}{% endblock %}",
    "macros.html": "{% set face, form = '', none %}{% macro face_of(row) %}{% include '_face.html' %}{{ row }}{{ form is none }}{% endmacro %}",
}
USES = [
    "{% import '_ui.html' as ui %}{{ ui.badge('a', value) }}{{ ui.badge(label=value, kind='b') }}",
    "{% import '_ui.html' as ui %}{{ ui.pair(value) }}{{ ui.pair(1, value) }}{{ ui.pair(b=1, a=value) }}",
    "{% import '_ui.html' as ui %}{% set a = 1 %}{% set b = 5 %}{{ ui.pair(b, a) }}{{ a }}{{ b }}",
    "{% import '_ui.html' as ui %}{% for a in rows %}{{ ui.pair(a, loop.index) }}{% endfor %}",
    "{% import '_ui.html' as ui %}{% for one in rows %}{{ ui.counted(one) }}{{ ui.counted(loop.index) }}{% endfor %}",
    "{% import '_ui.html' as ui %}{% set left = 9 %}{{ ui.counted(left) }}{{ left }}",
    "{% import '_ui.html' as ui %}{{ ui.nested(value) }}{{ ui.deep(3) }}{{ ui.open(1, b=2) }}{{ ui.foreign() }}",
    "{% import '_ui.html' as ui %}{% call ui.box() %}{{ value }}{% endcall %}{% set made = ui.badge('a', value) %}{{ made }}",
    "{% import '_ui.html' as ui %}{{ ui.buttons((('a', 'A'), ('b', value)), 'b') }}{{ ui.buttons((('a', 'A'), ('b', 'B')), 'b') }}",
    "{% import '_ui.html' as ui %}{{ ui.buttons((('a', 'A'), ('b', 'B')), chosen) }}",
    "{% import '_ui.html' as ui %}{{ ui.badge('a', value) if rows else '' }}{{ ui.badge('a', 1) if not rows }}",
    "{% import '_ui.html' as ui %}{% for ui in rows %}{{ ui }}{% endfor %}{{ ui.badge('a', 1) }}",
    "{% set x = 'outer' %}{% include '_set.html' %}{{ x }}",
    "{% for x in rows %}{% include '_set.html' %}{{ x }}{% endfor %}",
    "{% include '_loop.html' %}{% for one in rows %}{% include '_loop.html' %}{% endfor %}",
    "{% include '_face.html' %}", "{% set face = 'card' %}{% include '_face.html' %}",
    "{% set face = '' %}{% include '_face.html' %}{% set face = 'x' %}{% include '_face.html' %}",
    "{% set face = '' %}{% for one in rows %}{% set face = one %}{% include '_face.html' %}{% endfor %}{% include '_face.html' %}",
    "{% set face = '' %}{% if rows %}{% set face = 'card' %}{% endif %}{% include '_face.html' %}",
    "{% set face = '' %}{% macro told() %}{% include '_face.html' %}{% endmacro %}{{ told() }}{% set face = 'card' %}{{ told() }}",
    "{% if rows %}{% set face = 'card' %}{% endif %}{% include '_face.html' %}",
    "{% include '_own.html' %}", "{% include '_self.html' %}", "{% include '_borrows.html' %}",
    "{% include ['_none.html', '_set.html'] %}{% include '_none.html' ignore missing %}{% include part %}",
    "{% import '_ui.html' as ui %}{{ ui.hinted(1) }}{{ ui.hinted(value, 'h') }}{% set x = 2 %}{{ ui.hinted(x, x) }}",
    "{% import 'macros.html' as made %}{{ made.face_of(value) }}",
    "{% with x = value %}{% include '_set.html' %}{{ x }}{% endwith %}",
    "{% macro one(x) %}{% include '_set.html' %}{{ x }}{% endmacro %}{{ one(value) }}{{ one(1) }}",
    "{{ '<' ~ value ~ 1 }}{{ ('<' ~ value) if rows else ('>' ~ value) }}{{ rows and value }}{{ not rows }}",
    "{% if none or '' %}a{% elif rows %}b{% else %}c{% endif %}{% if 1 %}d{% else %}e{% endif %}{{ none and value }}{{ 'x' or value }}",
    "{% for a, b in ((1, 2), (3, 4)) %}{{ a }}{{ b }}{{ value }}{% set a = 7 %}{{ a }}{% endfor %}",
    "{% for a in (1, 2) %}{{ loop.last }}{{ a }}{% endfor %}{% for a in () %}{% else %}none{% endfor %}",
]  # fmt: skip
GIVEN: dict[str, Any] = {
    "value": "<&\"'>", "rows": [1, 2, 3], "face": "given", "n": 3, "part": "_set.html", "chosen": "a", "somebody": 1,
}  # fmt: skip


class Apart(BoardEnvironment):
    """The same, but each file is left where it is."""

    def _parse(self, source: str, name: str | None, filename: str | None) -> Any:
        return self._folded(source, name, filename)


def said(kind: type[BoardEnvironment], template: str) -> str:
    env = kind(
        "de", loader=DictLoader({**PARTS, "this.html": template}), autoescape=True, undefined=StrictUndefined,
        extensions=["jinja2.ext.do"],
    )  # fmt: skip
    return env.get_template("this.html").render(GIVEN)


@pytest.mark.parametrize("template", [*USES, PARTS["page.html"]])
def test_a_template_in_one_piece_says_what_its_files_say_apart(template: str) -> None:
    assert said(BoardEnvironment, template) == said(Apart, template)


def compiled(template: str) -> str:
    env = BoardEnvironment("de", loader=DictLoader(PARTS), autoescape=True)
    return str(env.compile(template, "this.html", "this.html", raw=True))


def test_partials_and_small_macros_are_put_where_they_are_called_and_constants_decide() -> None:
    code = compiled("{% import '_ui.html' as ui %}{{ ui.buttons((('a', 'A'), ('b', 'B')), 'b') }}")
    assert "<i>A</i><i on>B</i>" in code, "a loop over constants is no loop"
    code = compiled("{% set face = '' %}{% include '_face.html' %}")
    assert "card" not in code, "a branch that cannot be taken is left out"
    assert "'row" in code
    assert "get_template" not in compiled("{% for one in rows %}{% include '_borrows.html' %}{% endfor %}")


def test_what_is_large_and_shown_once_stays_apart_so_that_pages_stay_small() -> None:
    large = PARTS | {"_large.html": "{{ value }}<br>" * ONCE, "_calls.html": "{% import '_huge.html' as huge %}"}
    large["_huge.html"] = "{% macro huge(x) %}" + "{{ x }}<br>" * LARGEST + "{% endmacro %}"
    env = BoardEnvironment("de", loader=DictLoader(large), autoescape=True)
    once = env.compile("{% include '_large.html' %}", "a.html", "a.html", raw=True)
    again = env.compile("{% for value in rows %}{% include '_large.html' %}{% endfor %}", "b.html", "b.html", raw=True)
    calls = env.compile("{% import '_huge.html' as huge %}{{ huge.huge(1) }}", "c.html", "c.html", raw=True)
    assert "get_template" in str(once)
    assert "get_template" not in str(again)
    assert len(str(calls)) < 5_000


def test_an_error_in_a_partial_is_told_with_the_line_that_shows_it() -> None:
    env = BoardEnvironment(
        "de", loader=DictLoader({"_bad.html": "\n\n\n{{ 1 / zero }}", "this.html": "a\n{% include '_bad.html' %}"})
    )
    with pytest.raises(ZeroDivisionError) as caught:
        env.get_template("this.html").render(zero=0)
    assert caught.traceback[-1].lineno == 1, "counted from 0"


def test_no_page_of_the_board_has_become_unwieldy() -> None:
    env = environment("de")
    for path in sorted(TEMPLATES.rglob("*.html")):
        name = path.relative_to(TEMPLATES).as_posix()
        if name in {"proposals/show.html", "issues/index.html", "desk/show.html", "_ui.html"}:
            source = env.loader.get_source(env, name)[0]  # type: ignore[union-attr]
            assert len(str(env.compile(source, name, name, raw=True))) < 80_000, name


def test_names_that_weaving_gives_are_never_given_twice() -> None:
    loom = Loom(lambda _name: None, frozenset())  # type: ignore[arg-type, return-value]
    assert len({loom.name(name) for name in ("x", "x", loom.name("x"), "y")}) == 4
