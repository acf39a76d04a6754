"""The headers of a delivery as the fast lane reads them: straight from the WSGI environment."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class Sent:
    """What `signatures` and `providers` ask of Werkzeug's headers, without its way round an exception for each."""

    def __init__(self, environ: "WSGIEnvironment") -> None:
        self._environ = environ

    def get(self, name: str, default: str) -> str:
        """The header's text."""
        return str(self._environ.get(_key(name), default))

    def __contains__(self, name: str) -> bool:
        return _key(name) in self._environ

    def __getitem__(self, name: str) -> str:
        return str(self._environ[_key(name)])


@cache
def _key(name: str) -> str:
    return "HTTP_" + name.upper().replace("-", "_")
