"""The house rules, checked: what the design promises about the code is read from the code."""

import ast
import hashlib
import re
import tomllib
from pathlib import Path

import pytest
from flask import Flask

from board import config, navigation, policy
from board.proposals.states import MOVES
from board.templating import STATIC, TEMPLATES
from tests.conftest import Browser

ROOT = Path(__file__).parent.parent
BOARD = ROOT / "board"
MODULES = sorted(p for p in BOARD.rglob("*.py") if "migrations" not in p.parts)
PAGES = sorted(TEMPLATES.rglob("*.html"))
MAP = ROOT / "docs" / "map.md"
ROOMS = ("models", "queries", "forms", "views")
FORBIDDEN_IDIOMS = {
    "hx-on": "needs eval, which our CSP forbids; use addEventListener in static/js",
    "js:": "needs eval",
    "hx-boost": "not used here",
    "hx-swap-oob": "use <hx-partial>",
    "hx-ext=": "extensions are named in the config",
    "sse-connect": "htmx 2; use hx-sse:connect",
    "sse-swap": "htmx 2; events are topics",
    "hx-disabled-elt": "htmx 2; and hx-disable drops the focus",
    "htmx:afterSwap": "htmx 2; htmx:after:swap",
    "from:body": "topics arrive at document",
    "<script>": "inline script",
    " onclick=": "inline handler",
    "javascript:": "inline script",
    "http://": "third-party or unencrypted request",
}


def name(path: Path) -> str:
    """How a test names a file."""
    return path.relative_to(ROOT).as_posix()


def test_every_module_tells_its_story() -> None:
    assert [name(path) for path in MODULES if not ast.get_docstring(ast.parse(path.read_text()))] == []


def test_the_map_shows_every_file_and_folder_once_and_none_that_is_not_there() -> None:
    parts = {part.partition("\n")[0]: part for part in re.split(r"^## ", MAP.read_text(), flags=re.MULTILINE)}
    rows = {head: re.findall(r"^\| (?!for).+$", part, re.MULTILINE) for head, part in parts.items()}
    files = [path.stem for path in BOARD.glob("*.py") if path.name != "__init__.py"]
    folders = [path.name for path in BOARD.iterdir() if path.is_dir() and path.name != "__pycache__"]
    for head, there in (("The ground: files in `board/`", files), ("The features: folders in `board/`", folders)):
        shown = re.findall(r"`([a-z0-9]+)`", "".join(rows[head]))
        assert sorted(word for word in shown if word in {*files, *folders}) == sorted(there)
    inside: dict[str, list[str]] = {}
    for row in rows["Inside the four largest folders"][1:]:
        folder, _for, modules = (cell.strip() for cell in row.strip("|").split("|"))
        inside.setdefault(folder.strip("`") or list(inside)[-1], []).extend(re.findall(r"`([a-z_]+)`", modules))
    for folder, shown in inside.items():
        there = {path.stem for path in (BOARD / folder).iterdir()} - {"__init__", "__pycache__", *ROOMS}
        assert sorted(shown) == sorted(there), folder


def test_only_db_and_its_session_commit_and_only_web_knows_htmx() -> None:
    for path in MODULES:
        text = path.read_text()
        assert path.name in {"db.py", "joined.py"} or ".commit(" not in text, name(path)
        assert path == BOARD / "web.py" or "HX-" not in text, name(path)
        assert path == BOARD / "db.py" or "datetime.now(" not in text, f"{name(path)}: use board.db.now()"


def test_only_one_module_writes_csv() -> None:
    """Each spreadsheet that leaves the board is written by `board.csv`, which takes the power to compute from cells."""
    for path in MODULES:
        text = path.read_text()
        own = path == BOARD / "csv.py"
        assert own or not re.search(r"\bcsv\.(writer|DictWriter)\b|from csv import", text), name(path)
        assert own or '"text/csv' not in text, f"{name(path)}: use csv.CONTENT_TYPE"


def test_templates_use_no_forbidden_idiom() -> None:
    for path in PAGES:
        text = path.read_text()
        found = {idiom: why for idiom, why in FORBIDDEN_IDIOMS.items() if idiom in text}
        assert not found, name(path)
        assert not re.search(r"<\w[^>{%]*\sstyle=", text), f"{name(path)}: inline style"


def test_templates_import_only_what_they_use() -> None:
    taken = re.compile(r'{%-?\s*(?:import "[^"]+" as (\w+)|from "[^"]+" import ([\w, ]+?))\s*-?%}')
    for path in PAGES:
        text = re.sub(r"{#.*?#}", "", path.read_text(), flags=re.DOTALL)
        names = {found.strip() for pair in taken.findall(text) for found in "".join(pair).split(",")}
        rest = taken.sub("", text)
        assert {found for found in names if not re.search(rf"\b{found}\b", rest)} == set(), name(path)


def test_every_class_that_is_styled_is_written_somewhere() -> None:
    """Some are put together: `"part-" ~ state`, `state_badge("offer", state, …)`."""
    sheet = re.sub(r"/\*.*?\*/", "", (STATIC / "css" / "board.css").read_text(), flags=re.DOTALL)
    styled = {found for rule in re.findall(r"([^{}]+){", sheet) for found in re.findall(r"\.([a-z][\w-]*)", rule)}
    scripts = (STATIC / "js").glob("*.js")
    text = "\n".join(path.read_text() for path in (*PAGES, *MODULES, *scripts)).lower()
    words = set(re.findall(r"[\w-]+", text)) | {"htmx-request"}
    begun = words | {f"{kind}-" for kind in re.findall(r'state_badge\("(\w+)"', text)}
    assert {
        found for found in styled - words if "-" not in found or f"{found.rpartition('-')[0]}-" not in begun
    } == set()


def test_no_field_hides_what_its_form_can_do() -> None:
    """A field named `remove` stands before `form.remove()`, by which a component takes the form away."""
    named = re.compile(r"""\bname=["'](remove|before|after|contains|matches|closest|cloneNode|children|submit)["']""")
    assert [name(path) for path in PAGES if named.search(path.read_text())] == []


def test_a_trail_of_crumbs_ends_with_a_place_and_not_with_a_stroke() -> None:
    stroke = re.compile(r'class="crumbs".*<span aria-hidden="true">/</span>\s*</p>')
    assert [name(path) for path in PAGES if stroke.search(path.read_text())] == []


def test_forms_that_change_something_post_and_queue_their_requests() -> None:
    for path in PAGES:
        for form in re.findall(r"<form\b[^>]*\bhx-post[^>]*>", path.read_text()):
            assert 'method="post"' in form, (name(path), form)
            assert "action=" in form, (name(path), form)
            assert "hx-sync" in form, (name(path), form)


def test_browser_tests_wait_for_what_they_expect() -> None:
    """`is_visible()` and `count()` answer at once, before a slow machine has swapped the page: `expect(…)` waits."""
    hasty = re.compile(r"(assert .*\.(count|input_value)|\.is_(visible|hidden|enabled|disabled|checked))\(\)")
    for path in sorted((ROOT / "tests" / "browser").glob("*.py")):
        assert not hasty.findall(path.read_text()), name(path)


def test_vendored_files_are_what_their_sources_published() -> None:
    vendor = STATIC / "vendor"
    lines = [line.split("\t") for line in (vendor / "VERSIONS").read_text().splitlines() if "\t" in line]
    listed = {columns[0]: columns[-1] for columns in lines}
    files = {p.relative_to(vendor).as_posix(): p for p in vendor.rglob("*") if p.is_file() and p.name != "VERSIONS"}
    assert files.keys() == listed.keys()
    for file, path in files.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == listed[file], file


def test_every_verb_that_is_acted_is_ruled_and_every_rule_is_used() -> None:
    acted = {f"proposal.{verb}" for verb in MOVES}
    for path in MODULES:
        acted |= (
            set(re.findall(r'"((?:[a-z_]+)\.(?:[a-z_]+))"', path.read_text()))
            if path.name not in {"policy.py", "sentences.py"}
            else set()
        )
    assert policy.VERBS.keys() <= acted, policy.VERBS.keys() - acted
    for path in MODULES:
        for verb in re.findall(r'\bact\(\s*[\w.()]+,\s*"([a-z_.]+)"', path.read_text()):
            assert verb in policy.VERBS, (name(path), verb)


def test_every_route_is_declared_and_every_declaration_has_its_route(board: Flask) -> None:
    routes = {rule.endpoint for rule in board.url_map.iter_rules()} | {"static"}
    assert routes == policy.PAGES.keys()


def test_an_undeclared_route_is_denied_at_run_time() -> None:
    everything = policy.Actor(person_id=1, is_admin=True, is_product_owner=True)
    assert not policy.page_allowed(everything, "surprise.show")
    assert not policy.allowed(everything, "surprise.act")


def test_a_stranger_can_post_nowhere_but_to_the_doors(board: Flask, gast: Browser) -> None:
    doors = {"credentials.ask_reset", "accounts.sign_in", "factors.code", "hooks.receive"}
    samples = {"token": "nothing", "proposal_id": 1, "package_id": 1, "slug": "aalen"}
    for rule in board.url_map.iter_rules():
        if "POST" not in (rule.methods or set()) or rule.endpoint in doors:
            continue
        with board.test_request_context():
            url = board.url_for(rule.endpoint, **{a: samples.get(a, 1) for a in rule.arguments})
        assert gast.post(url).status_code in {401, 404, 405}, rule.endpoint


def test_the_navigation_shows_only_what_exists(board: Flask) -> None:
    assert {endpoint for endpoint, _label in navigation.NAV} <= board.view_functions.keys()


def test_every_setting_and_command_is_in_the_operating_guide(board: Flask) -> None:
    guide = (ROOT / "docs" / "operating.md").read_text()
    assert not [s.name for s in config.SETTINGS if f"`{s.name}`" not in guide]
    ours = [c for c in board.cli.commands if c not in {"db", "run", "shell", "routes"}]
    assert not [c for c in ours if f"flask {c}" not in guide]


def test_every_package_that_the_board_uses_is_named_with_its_licence() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    ours = {*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)}
    rows = re.compile(r"^\| ([a-z0-9-]+)(?: \(extra `[a-z]+`\))? \| .+ \|$", re.MULTILINE)
    named = set(rows.findall((ROOT / "THIRD-PARTY.md").read_text()))
    assert {re.split(r"[^a-z0-9-]", one)[0] for one in ours} == named - {"package", "what"}


def test_the_core_stays_light() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert len(project["dependencies"]) <= 20


@pytest.mark.parametrize("lock", sorted(ROOT.glob("requirements*.lock")), ids=name)
def test_locks_carry_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text()
    assert "--hash=sha256:" in text
    assert "://" not in text
    assert "--index-url" not in text
