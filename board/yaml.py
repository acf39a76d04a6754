"""YAML that people send, read as nothing but texts, numbers, lists and mappings; and YAML that the board writes.

It is read by the safe loader's nodes, never into objects; aliases, which can blow a small file up, and deep nesting are
refused. The extra `yaml` brings the package; without it every call says so.
"""

import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

from board import text
from board.i18n import gettext as _

try:
    import yaml
except ImportError:  # The extra `yaml` is not installed.
    yaml = None

MOST_DEPTH = 8
LONG = 30
"""Names up to here stand before their colon wherever they are written; C counts bytes, Python letters."""
CONTENT_TYPE = "application/yaml; charset=utf-8"


class BadFile(Exception):
    """The file as a whole cannot be read; the message names the line and says why."""


def read(content: str) -> Any:
    """The root node of a file, None where it is empty. Raises BadFile with the line."""
    if yaml is None:
        raise BadFile(_("This board reads no YAML: the package for it is not installed."))
    try:
        _harmless(content)
        return yaml.compose(content, Loader=yaml.SafeLoader)
    except yaml.YAMLError as why:
        mark = getattr(why, "problem_mark", None)
        raise BadFile(_("Line %(n)s: the file is not readable as YAML.", n=mark.line + 1 if mark else 1)) from None


def mapping(content: str) -> dict[str, Any]:
    """A file that is one mapping, as JSON can keep it. Raises BadFile."""
    root = read(content)
    if not is_mapping(root) or not root.value:
        raise BadFile(_("A file with fields such as “name:” is expected."))
    fields(root)
    found: dict[str, Any] = kept(root)
    return found


def is_mapping(node: Any) -> bool:
    """Whether it is one."""
    return isinstance(node, yaml.MappingNode)


def is_list(node: Any) -> bool:
    """Whether it is one."""
    return isinstance(node, yaml.SequenceNode)


def is_empty(node: Any) -> bool:
    """Whether nothing stands there: null, ~ or no value."""
    return bool(node.tag == "tag:yaml.org,2002:null")


def fields(node: Any) -> dict[str, Any]:
    """A mapping's fields with their nodes. Raises BadFile where one stands there twice or has no name."""
    found: dict[str, Any] = {}
    for key, value in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else ""
        if not name or name in found:
            raise BadFile(_("Line %(n)s: a field stands there twice or has no name.", n=key.start_mark.line + 1))
        found[str(name)] = value
    return found


def kept(node: Any) -> Any:
    """An unknown field, as JSON can keep it. Raises BadFile where a name stands twice: one of them would be lost."""
    if isinstance(node, yaml.SequenceNode):
        return [kept(item) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        return _kept_mapping(node)
    value = yaml.SafeLoader("").construct_object(node) if node.tag.endswith((":int", ":float", ":bool")) else None
    plain = isinstance(value, (int, float)) and str(value).lower() == node.value and math.isfinite(value)
    if plain or node.tag.endswith(":null"):
        return value
    return text.clean(str(node.value))  # Also “yes”, 0x10 and 1:30, which would come back as something else.


def _kept_mapping(node: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.value:
        name = str(kept(key))
        if name in found:
            raise BadFile(_("Line %(n)s: a field stands there twice or has no name.", n=key.start_mark.line + 1))
        found[name] = kept(value)
    return found


def written(values: Any) -> str:
    """A mapping or a list as YAML; texts of several lines as blocks. Raises BadFile where YAML is not installed.

    Written in C where it can be, which takes a quarter of the time. The two break texts in double quotes at other
    places; so whatever may need such quotes is written in Python, and a file is the same wherever it is written.
    """
    _check_writes()
    try:
        return _dumped(values, FAST)
    except _Odd:
        if isinstance(values, list) and len(values) > 1:
            return "".join(written([one]) for one in values)
        return _dumped(values, SAFE)


def pieces(batches: Iterable[list[Any]]) -> Iterator[str]:
    """A list as `written` writes it, batch by batch: for what is too long to be held. Raises BadFile at once."""
    _check_writes()
    return _pieces(batches)


def _pieces(batches: Iterable[list[Any]]) -> Iterator[str]:
    empty = True
    for batch in batches:
        if batch:
            empty = False
            yield written(batch)
    if empty:
        yield written([])


def _check_writes() -> None:
    if yaml is None:
        raise BadFile(_("This board writes no YAML: the package for it is not installed."))


class _Odd(Exception):
    """A text that may need double quotes, or a name that may be too long for its line."""


_MAY_NEED_QUOTES = re.compile(r"\A\Z|[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]| \n| \Z|\n\Z")


def _dumped(values: Any, dumper: Any) -> str:
    told: str = yaml.dump(
        values, Dumper=dumper, allow_unicode=True, sort_keys=False, default_flow_style=False, width=110
    )
    return told


def _harmless(content: str) -> None:
    """Refuse aliases and deep nesting before anything is built of them."""
    depth = 0
    for event in yaml.parse(content, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise BadFile(_("Line %(n)s: aliases are not read.", n=event.start_mark.line + 1))
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MOST_DEPTH:
            raise BadFile(_("Line %(n)s: the file is nested too deeply.", n=event.start_mark.line + 1))


def _dumper(kind: Any, *, any_text: bool) -> Any:
    class Dumper(kind):  # type: ignore[misc]
        def ignore_aliases(self, _data: Any) -> bool:
            return True

        def represent_mapping(self, tag: str, mapping: Any, flow_style: Any = None) -> Any:
            if not any_text and any(len(str(key)) > LONG or "\n" in str(key) for key in mapping):
                raise _Odd
            return super().represent_mapping(tag, mapping, flow_style)

    def words(dumper: Any, value: str) -> Any:
        if not any_text and _MAY_NEED_QUOTES.search(value):
            raise _Odd
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Dumper.add_representer(str, words)
    return Dumper


SAFE = yaml and _dumper(yaml.SafeDumper, any_text=True)
FAST = yaml and (_dumper(yaml.CSafeDumper, any_text=False) if yaml.__with_libyaml__ else SAFE)
