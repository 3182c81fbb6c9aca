"""A mail server that keeps what it is given: no delivery, faults by rule, answers that may wait.

Mails that arrive together are stored in one transaction before any of them is answered, so a
mail that was answered with 250 is kept, and one connection that waits does not stop the others.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import hashlib
import re
import socket
import struct
import threading
from dataclasses import dataclass

from sandbox.faults import Rule, find_fault
from sandbox.store import Store
from sandbox.web import Request

HOST = "127.0.0.1"
MAX_SIZE = 16 * 1024 * 1024
MAX_LINE = 8 * 1024
GREETING = b"220 sandbox ESMTP\r\n"
_PATH = re.compile(rb"<([^<>]*)>")
_OK, _END = b"250 OK\r\n", b"\r\n.\r\n"
#: A fault of these kinds ends the connection without an answer.
_DROPS = ("timeout_before_commit", "timeout_after_commit", "reset", "truncated")


@dataclass(slots=True)
class Envelope:
    """What a connection said about the mail that it is about to give."""

    sender: str
    recipients: list[str]
    account: str


class SmtpServer:
    """The server and its thread."""

    def __init__(self, store: Store, port: int) -> None:
        self.store = store
        self._loop = asyncio.new_event_loop()
        self._waiting: list[tuple[Connection, Envelope, bytes]] = []
        self.connections: set[Connection] = set()
        server = self._loop.create_server(lambda: Connection(self), HOST, port, backlog=256)
        self._server = self._loop.run_until_complete(server)
        self.port: int = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening and end every connection."""
        self._loop.call_soon_threadsafe(self._stop)
        self._thread.join()
        self._loop.close()

    def _stop(self) -> None:
        self._server.close()
        for connection in list(self.connections):
            connection.transport.abort()
        self._loop.call_soon(self._loop.stop)

    def take(self, connection: Connection, envelope: Envelope, raw: bytes) -> None:
        """Keep a mail together with all that came in the same turn of the loop."""
        self._waiting.append((connection, envelope, raw))
        if len(self._waiting) == 1:
            self._loop.call_soon(self._flush)

    def later(self, seconds: float, connection: Connection, answer: bytes | None) -> None:
        """Answer after a while; without an answer the connection ends."""
        if seconds <= 0:
            connection.answer(answer)
        else:
            self._loop.call_later(seconds, connection.answer, answer)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        with self.store.transaction():
            now = self.store.now()
            rules = [self._kept(envelope, raw, now) for _, envelope, raw in waiting]
        for (connection, _, _), (rule, answer) in zip(waiting, rules, strict=True):
            connection.settle(rule, answer)

    def _kept(self, envelope: Envelope, raw: bytes, now: float) -> tuple[Rule | None, bytes]:
        """Store a mail for each of its recipients, unless a fault takes it back."""
        # Rules look for a recipient as they do for a path.
        target = "/".join(envelope.recipients)
        rule = find_fault(self.store, "smtp", _request("DATA", target), "DATA")
        if rule is not None and not rule.commit:
            return rule, b"451 4.3.0 Try again later\r\n"
        text = f"{envelope.sender}:{target}:{now}:".encode()
        digest = hashlib.sha256(text + raw).hexdigest()[:32]
        for recipient in envelope.recipients:
            self.store.execute(
                "INSERT INTO message VALUES (NULL, ?, 'smtp', ?, ?, ?, ?, 0, '{}', ?, NULL)",
                *(now, envelope.account, digest, envelope.sender, recipient.lower(), raw),
            )
        return rule, b"250 2.0.0 OK: queued as " + digest.encode() + b"\r\n"

    def fault_of(self, verb: str, address: str) -> Rule | None:
        """Return the fault of a command, if there is one."""
        with self.store.lock:
            if not self.store.query("SELECT 1 FROM fault LIMIT 1"):
                return None
            with self.store.transaction():
                return find_fault(self.store, "smtp", _request(verb, address), verb)

    def account_for(self, user: str, password: str) -> bool:
        """Whether this name and password open an account; with none seeded all do."""
        with self.store.lock:
            accounts = self.store.accounts("smtp")
        return not accounts or any((a.id, a.token) == (user, password) for a in accounts)

    def wants_login(self) -> bool:
        """Whether mails are only taken after a login: where there are accounts to log in to."""
        with self.store.lock:
            return bool(self.store.query("SELECT 1 FROM account WHERE platform = 'smtp' LIMIT 1"))


class Connection(asyncio.Protocol):
    """One client."""

    transport: asyncio.Transport

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._buffer = bytearray()
        self._envelope: Envelope | None = None
        self._is_data = False
        #: Commands wait while the answer to an earlier one does.
        self._is_waiting = False
        self._is_working = False
        self._account = ""
        self._login: list[str] | None = None

    # Names of asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # what TCP has
        self.transport = transport
        self._server.connections.add(self)
        transport.write(GREETING)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the client."""
        self._server.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        """Take what came and do what is complete."""
        self._buffer += data
        self._work()

    def _work(self) -> None:
        if self._is_working:  # an answer within the loop below, which goes on by itself
            return
        self._is_working = True
        try:
            self._do_all()
        finally:
            self._is_working = False

    def _do_all(self) -> None:
        while not self._is_waiting and not self.transport.is_closing():
            part = self._next_mail() if self._is_data else self._next_line()
            if part is None:
                return
            if self._is_data:
                self._take(part)
            else:
                self._command(part)

    def _next_line(self) -> bytes | None:
        end = self._buffer.find(b"\n")
        if end < 0:
            if len(self._buffer) > MAX_LINE:
                self.answer(b"500 5.5.2 Line too long\r\n")
                self.transport.close()
            return None
        line = bytes(self._buffer[:end]).rstrip(b"\r")
        del self._buffer[: end + 1]
        return line

    def _next_mail(self) -> bytes | None:
        if self._buffer.startswith(_END[2:]):  # a mail of no lines
            del self._buffer[:3]
            return b""
        end = self._buffer.find(_END)
        if end < 0:
            if len(self._buffer) > MAX_SIZE:
                self.answer(b"552 5.3.4 Message too big\r\n")
                self.transport.close()
            return None
        mail = bytes(self._buffer[: end + 2])
        del self._buffer[: end + 5]
        return mail.replace(b"\r\n..", b"\r\n.").removeprefix(b".")

    def _take(self, raw: bytes) -> None:
        self._is_data, self._is_waiting = False, True
        assert self._envelope is not None  # noqa: S101  # DATA is refused without one
        envelope, self._envelope = self._envelope, None
        self._server.take(self, envelope, raw)

    def settle(self, rule: Rule | None, answer: bytes) -> None:
        """Answer a mail that was stored, the way its fault wants it."""
        self._is_waiting = True
        if rule is None:
            self.answer(answer)
        elif rule.kind in _DROPS:
            self._server.later(rule.hold_s, self, None)
        elif rule.kind == "smtp_reply":
            self._server.later(rule.hold_s, self, _reply(rule))
        else:
            self._server.later(rule.hold_s, self, answer)

    def answer(self, text: bytes | None) -> None:
        """Write an answer and go on with what came meanwhile; None ends the connection."""
        if self.transport.is_closing():
            return
        if text is None:
            self._reset()
            return
        self.transport.write(text)
        if text.startswith(b"421"):
            self.transport.close()
        was_waiting, self._is_waiting = self._is_waiting, False
        if was_waiting:
            self._work()

    def _reset(self) -> None:
        # Linger of zero: closing sends RST in place of FIN.
        connection = self.transport.get_extra_info("socket")
        with contextlib.suppress(OSError):
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.transport.abort()

    # Commands

    def _command(self, line: bytes) -> None:
        if self._login is not None:
            self._go_on_with_login(line)
            return
        verb = line[:4].upper().decode("ascii", "replace").strip()
        handler = getattr(self, f"_do_{verb.lower()}", None) if verb.isalpha() else None
        if handler is None:
            self.answer(b"500 5.5.1 Unknown command\r\n")
            return
        handler(line)

    def _do_ehlo(self, line: bytes) -> None:
        self.answer(
            b"250-sandbox\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
            b"250-AUTH PLAIN LOGIN\r\n250 SIZE %d\r\n" % MAX_SIZE
        )

    def _do_helo(self, line: bytes) -> None:
        self.answer(b"250 sandbox\r\n")

    def _do_noop(self, line: bytes) -> None:
        self.answer(_OK)

    def _do_rset(self, line: bytes) -> None:
        self._envelope = None
        self.answer(_OK)

    def _do_quit(self, line: bytes) -> None:
        self.transport.write(b"221 2.0.0 Bye\r\n")
        self.transport.close()

    def _do_mail(self, line: bytes) -> None:
        found = _PATH.search(line)
        if found is None:
            self.answer(b"501 5.5.4 MAIL FROM:<address>\r\n")
        elif not self._account and self._server.wants_login():
            self.answer(b"530 5.7.0 Authentication required\r\n")
        else:
            sender = found[1].decode("utf-8", "replace")
            self._envelope = Envelope(sender, [], self._account)
            if not self._unless_fault("MAIL", sender, _OK):
                self._envelope = None

    def _do_rcpt(self, line: bytes) -> None:
        found, envelope = _PATH.search(line), self._envelope
        if envelope is None:
            self.answer(b"503 5.5.1 MAIL first\r\n")
        elif found is None or b"@" not in found[1]:
            self.answer(b"501 5.1.3 RCPT TO:<address>\r\n")
        else:
            recipient = found[1].decode("utf-8", "replace")
            if self._unless_fault("RCPT", recipient, _OK):
                envelope.recipients.append(recipient)

    def _do_data(self, line: bytes) -> None:
        if self._envelope is None or not self._envelope.recipients:
            self.answer(b"503 5.5.1 RCPT first\r\n")
        else:
            self._is_data = True
            self.answer(b"354 End with a dot\r\n")

    def _unless_fault(self, verb: str, address: str, answer: bytes) -> bool:
        """Answer a command, or have its fault do it; whether it counts."""
        rule = self._server.fault_of(verb, address)
        self.settle(rule, answer)
        return rule is None or rule.commit

    # Logging in

    def _do_auth(self, line: bytes) -> None:
        words = line.decode("ascii", "replace").split()
        kind = words[1].upper() if len(words) > 1 else ""
        self._login = [kind]
        if kind in ("PLAIN", "LOGIN") and len(words) > 2:  # the first part came along
            self._go_on_with_login(words[2].encode())
        elif kind in ("PLAIN", "LOGIN"):
            self.answer(b"334 \r\n" if kind == "PLAIN" else b"334 VXNlcm5hbWU6\r\n")
        else:
            self._login = None
            self.answer(b"504 5.5.4 PLAIN or LOGIN\r\n")

    def _go_on_with_login(self, line: bytes) -> None:
        assert self._login is not None  # noqa: S101  # only called while it is going on
        try:
            text = base64.b64decode(line).decode("utf-8", "replace")
        except binascii.Error:
            text = ""
        self._login.append(text)
        if self._login[0] == "LOGIN" and len(self._login) == 2:
            self.answer(b"334 UGFzc3dvcmQ6\r\n")
            return
        given = text.split("\0")[1:] if self._login[0] == "PLAIN" else self._login[1:]
        self._login = None
        if len(given) == 2 and self._server.account_for(given[0], given[1]):
            self._account = given[0]
            self.answer(b"235 2.7.0 Welcome\r\n")
        else:
            self.answer(b"535 5.7.8 Wrong name or password\r\n")


def _request(verb: str, address: str) -> Request:
    return Request(verb, address, {}, {}, b"")


def _reply(rule: Rule) -> bytes:
    code = rule.number("code", 550)
    words = {421: "4.3.2 Going down", 450: "4.2.0 Busy", 451: "4.3.0 Later", 452: "4.2.2 Full"}
    text = rule.text("error", words.get(code, "5.1.1 No such user"))
    return f"{code} {text}\r\n".encode()
