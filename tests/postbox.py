"""A real mail server on localhost that keeps what it is given, and can be told to refuse or to stall."""

import socket
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

Refuse = Callable[[str], str | None]


class Postbox:
    """What arrived, in order. `at_rcpt` and `at_data` may answer instead of accepting (or do something meanwhile)."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        self.to: list[str] = []
        self.at_rcpt: Refuse = lambda _address: None
        self.at_data: Refuse = lambda _address: None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port: int = probe.getsockname()[1]

    def open(self) -> None:
        """Begin to listen."""
        self._controller = Controller(self, hostname="127.0.0.1", port=self._port)
        self._controller.start()

    def close(self) -> None:
        """Be away."""
        self._controller.stop()

    def __enter__(self) -> "Postbox":
        self.open()
        return self

    def __exit__(self, *_why: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """The setting that sends mail here."""
        return f"smtp+plain://127.0.0.1:{self._port}"

    @property
    def mails(self) -> list[EmailMessage]:
        """All mails, parsed."""
        return [message_from_bytes(raw, policy=policy.default) for raw in self.raw]

    def text(self, n: int = -1) -> str:
        """The plain text of one mail (the last)."""
        body = self.mails[n].get_body(("plain",))
        assert body is not None
        content: str = body.get_content()
        return content.replace("\xa0", " ")

    def html(self, n: int = -1) -> str:
        """The HTML of one mail (the last)."""
        body = self.mails[n].get_body(("html",))
        assert body is not None
        content: str = body.get_content()
        return content

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        """Accept a recipient, unless told otherwise."""
        if answer := self.at_rcpt(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Keep the mail, unless told otherwise."""
        if answer := self.at_data(envelope.rcpt_tos[0]):
            return answer
        self.raw.append(envelope.original_content)
        self.to.append(envelope.rcpt_tos[0])
        return "250 2.0.0 taken"
