"""A template is compiled once for all processes, and nobody loads what others could have written."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jinja2 import FileSystemLoader

from board import compiled, i18n
from board.compiled import KEPT, Compiled, Version
from board.compiling import BoardEnvironment
from board.templating import ROOT, environment, names

WORDS = {"page.html": "{% include 'part.html' %}, {{ _('Proposals') }}", "part.html": "Teil {{ n }}"}
GERMAN = "Teil 1, Vorschläge"


class Asked(BoardEnvironment):
    """An environment that notes what it compiles."""

    compiled: list[Any]

    def compile(self, source: Any, name: str | None = None, *args: Any, **options: Any) -> Any:
        """Compile it."""
        self.compiled.append(name)
        return super().compile(source, name, *args, **options)


class Process:
    """What a process of the board does: it looks at the sources once and then makes pages."""

    def __init__(self, folder: Path, locale: str = "de") -> None:
        cache = Compiled(locale, Version.of(sorted((folder / "templates").iterdir())), folder / "kept")
        loader = FileSystemLoader(folder / "templates")
        self.environment = Asked(locale, loader=loader, bytecode_cache=cache, auto_reload=False)
        self.environment.compiled = []

    def page(self) -> tuple[str, list[str]]:
        """The page, and what was compiled for it."""
        return self.environment.get_template("page.html").render(n=1), self.environment.compiled


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Templates, and nothing compiled."""
    (tmp_path / "templates").mkdir()
    for name, source in WORDS.items():
        (tmp_path / "templates" / name).write_text(source)
    return tmp_path


def files(folder: Path) -> list[Path]:
    """What is kept."""
    return sorted((folder / "kept").rglob("*.code"))


@pytest.fixture
def kept(folder: Path) -> Path:
    """What one process has left for others: one file, with all that is in the page."""
    assert Process(folder).page() == (GERMAN, ["page.html"])
    (found,) = files(folder)
    return found


@pytest.mark.usefixtures("kept")
def test_what_one_process_has_compiled_another_loads(folder: Path) -> None:
    assert Process(folder).page() == (GERMAN, [])


@pytest.mark.usefixtures("kept")
def test_each_language_has_its_own(folder: Path) -> None:
    assert Process(folder, "en").page() == ("Teil 1, Proposals", ["page.html"])
    assert Process(folder).page() == (GERMAN, [])


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("name", WORDS)
def test_a_page_is_compiled_anew_when_anything_that_is_put_into_it_has_changed(folder: Path, name: str) -> None:
    source = folder / "templates" / name
    source.write_text(source.read_text() + "!")
    shown, made = Process(folder).page()
    assert sorted(shown) == sorted(GERMAN + "!")
    assert made == ["page.html"]


@pytest.mark.usefixtures("kept")
def test_a_process_that_began_before_a_change_leaves_nothing_of_it(folder: Path) -> None:
    began = Process(folder, "en")
    (folder / "templates" / "part.html").write_text("Neues {{ n }}")
    assert began.page()[0] == "Neues 1, Proposals"
    assert len(files(folder)) == 1, "under the old name lies nothing new"


def test_a_file_that_is_torn_or_altered_is_compiled_anew_and_replaced(folder: Path, kept: Path) -> None:
    whole = kept.read_bytes()
    for broken in (b"", whole[:-1], bytes(len(whole)), whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:]):
        kept.write_bytes(broken)
        assert Process(folder).page() == (GERMAN, ["page.html"])
        assert Process(folder).page() == (GERMAN, [])


@pytest.mark.parametrize("what", ["file", "folder"])
@pytest.mark.parametrize("mode", [0o020, 0o002])
def test_nothing_is_loaded_that_others_may_write(folder: Path, kept: Path, what: str, mode: int) -> None:
    path = kept if what == "file" else kept.parent
    path.chmod(path.stat().st_mode | mode)
    assert Process(folder).page() == (GERMAN, ["page.html"])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("what", ["file", "folder"])
def test_nothing_is_loaded_that_belongs_to_others(folder: Path, kept: Path, what: str) -> None:
    os.chown(kept if what == "file" else kept.parent, 65534, 65534)
    assert Process(folder).page() == (GERMAN, ["page.html"])


@pytest.mark.parametrize("what", ["file", "folder"])
def test_nothing_is_loaded_through_a_link(folder: Path, kept: Path, what: str) -> None:
    path = kept if what == "file" else kept.parent
    path.rename(folder / "elsewhere")
    path.symlink_to(folder / "elsewhere")
    assert Process(folder).page() == (GERMAN, ["page.html"])


def test_where_nothing_can_be_written_pages_are_made_all_the_same(folder: Path) -> None:
    (folder / "kept").write_text("no folder")
    assert Process(folder).page() == (GERMAN, ["page.html"])
    assert Process(folder).page() == (GERMAN, ["page.html"])


def test_a_few_versions_are_kept_and_nothing_else_is_touched(folder: Path) -> None:
    (folder / "kept").mkdir()
    (folder / "kept" / "of-somebody-else").mkdir()
    for number in range(KEPT + 2):
        (folder / "templates" / "part.html").write_text(f"Teil {number}")
        Process(folder).page()
    assert len(files(folder)) == KEPT
    assert (folder / "kept" / "of-somebody-else").is_dir()
    assert Process(folder).page() == (f"Teil {KEPT + 1}, Vorschläge", [])


def test_the_boards_version_is_named_by_templates_catalogues_and_what_compiles() -> None:
    found = {path.relative_to(ROOT).as_posix() for path in compiled.installed().files}
    assert {"templates/layout.html", "board/locale/de/ground.po", "board/weaving.py", "board/i18n.py"} <= found
    assert {f"templates/{name}" for name in names()} <= found


def test_who_installs_compiles_every_template_in_every_language() -> None:
    """Takes some seconds where nobody has done it since a template has changed."""
    command = [sys.executable, "-m", "deploy.compile", "board/mail"]
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert said == f"{len(names())} templates are compiled.\n"
    for locale in i18n.LOCALES:
        cache = environment(locale).bytecode_cache
        assert isinstance(cache, Compiled)
        assert [name for name in names() if not (cache.folder / cache.get_cache_key(name)).is_file()] == []
