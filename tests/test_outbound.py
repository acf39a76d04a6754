"""Calls that leave the board reach whom the operator listed, at the address that was looked at, and nobody else."""

import datetime
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from board import config, outbound
from board.outbound import Barred, Place
from board.outgoing import wire
from board.outgoing.outcomes import Answer
from tests.conftest import settings
from tests.receiver import Receiver

NAME = "chat.stadt.example"


def told(url: str, *listed: str) -> str:
    """Why an address is refused; empty when it is allowed."""
    try:
        outbound.place(url, listed)
    except Barred as why:
        return why.code
    return ""


# Which addresses an operator allows


@pytest.mark.parametrize(
    ("url", "listed", "why"),
    [
        (f"https://{NAME}/x", (), "not_listed"),
        (f"https://{NAME}/x", (NAME,), ""),
        (f"https://{NAME}:443/x", (NAME,), ""),
        (f"https://{NAME.upper()}./x", (NAME,), ""),
        (f"https://{NAME}:8443/x", (NAME,), "port"),
        (f"https://{NAME}:22/x", ("*",), "port"),
        (f"https://{NAME}:8443/x", (f"{NAME}:8443",), ""),
        (f"https://{NAME}/x", (f"{NAME}:8443",), "port"),
        (f"http://{NAME}/x", (NAME,), "no_https"),
        (f"http://{NAME}/x", ("*",), "no_https"),
        (f"http://{NAME}/x", (f"http://{NAME}",), ""),
        (f"https://{NAME}/x", (f"http://{NAME}",), "port"),
        (f"http://{NAME}:8080/x", (f"http://{NAME}:8080",), ""),
        (f"https://{NAME}/x", ("*.stadt.example",), ""),
        ("https://stadt.example/x", ("*.stadt.example",), "not_listed"),
        ("https://bad-stadt.example/x", ("*.stadt.example", "stadt.example"), "not_listed"),
        (f"https://{NAME}.boese.example/x", (NAME, "*.stadt.example"), "not_listed"),
        ("https://anderswo.example/x", ("*",), ""),
        (f"https://{NAME}@boese.example/x", (NAME,), "address"),
        (f"https://ada:geheim@{NAME}/x", (NAME,), "address"),
        (f"https://{NAME}/x#y", (NAME,), "address"),
        (f"https://{NAME}\\@boese.example/x", (NAME,), "address"),
        (f"ftp://{NAME}/x", ("*",), "address"),
        (f"file:///{NAME}", ("*",), "address"),
        ("https:///x", ("*",), "address"),
        (f"https://{NAME}:99999/x", ("*",), "address"),
        ("https://[::1", ("*",), "address"),
        ("", ("*",), "address"),
        ("https://bücher.example/x", ("xn--bcher-kva.example",), ""),
    ],
)
def test_only_what_is_listed_may_be_called(url: str, listed: tuple[str, ...], why: str) -> None:
    assert told(url, *listed) == why


def test_only_a_host_listed_by_its_own_name_may_be_private() -> None:
    assert outbound.place(f"https://{NAME}/", [NAME]).private
    assert not outbound.place(f"https://{NAME}/", ["*"]).private
    assert not outbound.place(f"https://{NAME}/", ["*.stadt.example"]).private


def test_a_path_cannot_smuggle_a_second_request() -> None:
    found = outbound.place(f"https://{NAME}/a b\u00e4?x=1 HTTP/1.1&y=\u2028", [NAME])
    assert found.path == "/a%20b%C3%A4?x=1%20HTTP/1.1&y=%E2%80%A8"
    smuggled = outbound.place(f"https://{NAME}/a\r\nX-Evil: 1", [NAME])
    assert "\r" not in smuggled.path
    assert "\n" not in smuggled.path
    assert " " not in smuggled.path


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1%eth0", "fc00::1",
        "fec0::1", "ff02::1", "2001:db8::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "2002:7f00:1::", "64:ff9b::a00:1",
        "2001:0:1::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_everybodys_are_not_public(address: str) -> None:
    assert not outbound.public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2a00:1450:4001::1", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are(address: str) -> None:
    assert outbound.public(address)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]",
             "0.0.0.0"],
)  # fmt: skip
def test_whatever_stands_for_this_machine_is_refused_before_anything_is_sent(host: str) -> None:
    answer = wire.post(f"https://{host}/", {}, b"{}", ["*"], 2)
    assert (answer.status, answer.problem) == (None, "private")


def test_nobody_knocks_at_a_private_door() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(0.2)
        with pytest.raises(Barred):
            outbound.connect(Place(False, "127.0.0.1", door.getsockname()[1], "/", private=False), 2)
        with pytest.raises(TimeoutError):
            door.accept()


@pytest.mark.parametrize("wrong", ["chat", "https://chat.stadt.example", "chat.stadt.example/x", "*.*.example", "a b"])
def test_a_slip_of_the_pen_in_the_list_stops_the_board_from_starting(tmp_path: Path, wrong: str) -> None:
    if wrong == "chat":
        assert settings(tmp_path, BOARD_WEBHOOKS="chat, HTTP://Relay:8080/").webhooks == ("chat", "http://relay:8080")
        return
    with pytest.raises(config.BadSetting, match="BOARD_WEBHOOKS"):
        settings(tmp_path, BOARD_WEBHOOKS=wrong)


# Names, and the address that is called


@contextmanager
def names(monkeypatch: pytest.MonkeyPatch, **known: list[str]) -> Iterator[list[str]]:
    """The name service of the test: names with `_` for a dot; every question for a name is noted."""
    real, asked = socket.getaddrinfo, []
    table = {name.replace("_", "."): found for name, found in known.items()}

    def look_up(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        if host not in table:
            return real(host, port, *args, **kwargs)
        asked.append(host)
        return [(socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
                for one in table[host]]  # fmt: skip

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    yield asked


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    with names(monkeypatch, chat_stadt_example=["8.8.8.8", "10.0.0.1"]):
        assert wire.post(f"https://{NAME}/", {}, b"{}", ["*"], 2).problem == "private"


def test_a_name_is_looked_up_once_and_that_address_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver() as receiver, names(monkeypatch, chat_stadt_example=["127.0.0.1"]) as asked:
        url = f"http://{NAME}:{receiver.port}/x"
        assert wire.post(url, {}, b"{}", [f"http://{NAME}:{receiver.port}"], 5).status == 204
    assert asked == [NAME], "a second look-up could have given another address"
    assert receiver.messages[0].headers["host"] == f"{NAME}:{receiver.port}"


def test_an_address_where_nobody_answers_does_not_hide_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver() as receiver, names(monkeypatch, chat_stadt_example=["127.0.0.9", "127.0.0.1"]):
        url, listed = f"http://{NAME}:{receiver.port}/x", [f"http://{NAME}:{receiver.port}"]
        assert wire.post(url, {}, b"{}", listed, 5).status == 204


def test_no_proxy_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver() as proxy, Receiver() as receiver:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert wire.post(receiver.url, {}, b"{}", [receiver.listed], 5).status == 204
    assert proxy.messages == []
    assert len(receiver.messages) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    with Receiver() as inside, Receiver([(status, {"Location": inside.url})]) as receiver:
        answer = wire.post(receiver.url, {}, b"{}", [receiver.listed, inside.listed], 5)
    assert (answer.status, answer.good, answer.reason) == (status, False, "redirected")
    assert inside.messages == []


# Encryption


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate authority of this test, with a certificate for NAME (server.pem) in its folder."""
    folder = tmp_path_factory.mktemp("authority")
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    day, now = datetime.timedelta(days=1), datetime.datetime.now(datetime.UTC)

    def certificate(subject: str, public: Any, *more: tuple[Any, bool]) -> x509.Certificate:
        named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Testamt")])
        made = x509.CertificateBuilder().subject_name(named).issuer_name(issuer).public_key(public)
        made = made.serial_number(x509.random_serial_number()).not_valid_before(now - day).not_valid_after(now + day)
        for extension, critical in more:
            made = made.add_extension(extension, critical)
        return made.sign(ca_key, hashes.SHA256())

    ca_id = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())
    ca_uses = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    ca = certificate("Testamt", ca_key.public_key(), (x509.BasicConstraints(True, None), True), (ca_uses, True),
                     (ca_id, False))  # fmt: skip
    issued_by = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ca_id)
    server = certificate(NAME, key.public_key(), (x509.SubjectAlternativeName([x509.DNSName(NAME)]), False),
                         (issued_by, False))  # fmt: skip
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(ca.public_bytes(pem))
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.pem").write_bytes(secret + server.public_bytes(pem))
    return folder


@pytest.mark.parametrize(
    ("host", "trusted", "problem"), [(NAME, True, ""), (NAME, False, "tls"), ("anders.stadt.example", True, "tls")]
)
def test_the_certificate_must_be_trusted_and_made_for_the_name(
    monkeypatch: pytest.MonkeyPatch, authority: Path, host: str, trusted: bool, problem: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server.pem")
    named: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: named.append(name)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority / "ca.pem"))
    with Receiver(tls=context) as receiver, names(monkeypatch, **{host.replace(".", "_"): ["127.0.0.1"]}):
        answer = wire.post(f"https://{host}:{receiver.port}/x", {}, b"{}", [f"{host}:{receiver.port}"], 5)
    assert (answer.good, answer.problem) == (not problem, problem)
    assert named == [host], "the name is told, though an address is called"
    assert len(receiver.messages) == (0 if problem else 1)


def test_a_receiver_without_encryption_gets_nothing_of_a_message_for_https() -> None:
    with Receiver() as receiver:
        host = f"127.0.0.1:{receiver.port}"
        answer = wire.post(f"https://{host}/", {}, b"geheim", [host], 5)
    assert answer.problem in {"tls", "away"}
    assert receiver.messages == []


# Receivers that misbehave


@contextmanager
def answering(*parts: bytes, pause: float = 0.0, for_ever: bool = False) -> Iterator[str]:
    """A server that answers every connection with these bytes, one after the other, then closes; its address."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def run() -> None:
            try:
                one, _address = server.accept()
            except OSError:
                return
            with one:
                one.recv(65536)
                try:
                    while True:
                        for part in parts:
                            one.sendall(part)
                            if stop.wait(pause):
                                return
                        if not for_ever:
                            return
                except OSError:
                    return

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        stop.set()
    thread.join(5)


def call(url: str, seconds: float = 5.0) -> Answer:
    return wire.post(f"{url}/", {}, b"{}", [url], seconds)


@pytest.mark.parametrize(
    "part", [b"", b"H", b"HTTP/1.1 200 OK\r\nX: ", b"x" * 10], ids=["silent", "status", "header", "noise"]
)
def test_the_time_is_up_for_the_whole_call_however_the_answer_drips(part: bytes) -> None:
    began = time.monotonic()
    with answering(part, pause=0.05, for_ever=True) as url:
        answer = call(url, 0.6)
    assert answer.problem == "timeout"
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("parts", "status", "problem"),
    [
        ((b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 204 No Content\r\n\r\n"), 204, ""),
        ((b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc",), 200, ""),
        ((b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 3_000_000,), 200, ""),
        ((b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000,), None, "odd"),
        ((b"SSH-2.0-OpenSSH_9.2\r\n\r\n",), None, "odd"),
        ((b"HTTP/1.1 abc\r\n\r\n",), None, "odd"),
        ((b"",), None, "odd"),
    ],
    ids=["early", "old", "long", "endless", "ssh", "word", "closed"],
)
def test_little_is_read_of_an_answer_and_anything_else_is_told_in_a_word(
    parts: tuple[bytes, ...], status: int | None, problem: str
) -> None:
    with answering(*parts) as url:
        answer = call(url)
    assert answer.status == status
    assert answer.problem in ({problem, "away"} if problem else {""})


def test_where_nobody_listens_the_answer_says_so() -> None:
    assert call("http://127.0.0.1:9").problem == "away"
    assert wire.post("https://gibt-es-nicht.invalid/", {}, b"", ["*"], 5).problem in {"unknown_host", "timeout"}


def test_an_ip_address_is_no_name() -> None:
    for host in ("127.0.0.1", "::1"):
        assert ipaddress.ip_address(outbound.addresses(host, 80, private=True)[0]).is_loopback
