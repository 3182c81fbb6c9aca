"""Mailboxes over IMAP: each address that the mail server took mails for is one, read by its name.

A part of RFC 3501, as a client needs it that looks for new mail: log in, select, search, fetch,
flag. UIDs are the rows of the mails; `POST imap/renumber` gives every mailbox a new UIDVALIDITY.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import re
import socket
import struct
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from sandbox.faults import Rule, find_fault
from sandbox.imap_text import Mail, Selection, fetched, words_of
from sandbox.store import Store
from sandbox.traffic import Traffic
from sandbox.web import JsonObject, Request

HOST = "127.0.0.1"
MAX_BUFFER = 64 * 1024
CAPABILITIES = "IMAP4rev1 AUTH=PLAIN UNSELECT"
_LITERAL = re.compile(rb"\{(\d{1,6})(\+?)\}$")
_DROPS = ("timeout_before_commit", "timeout_after_commit", "reset")
_VALIDITY = "imap_uidvalidity"


class ImapServer:
    """The server and its thread."""

    def __init__(self, store: Store, port: int) -> None:
        self.store = store
        self.loop = asyncio.new_event_loop()
        self.sessions: set[Session] = set()
        server = self.loop.create_server(lambda: Session(self), HOST, port, backlog=64)
        self._server = self.loop.run_until_complete(server)
        self.port: int = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening and end every session."""
        self.loop.call_soon_threadsafe(self._stop)
        self._thread.join()
        self.loop.close()

    def _stop(self) -> None:
        self._server.close()
        for session in list(self.sessions):
            session.transport.abort()
        self.loop.call_soon(self.loop.stop)

    def fault_of(self, verb: str, target: str) -> Rule | None:
        """Return the fault of a command, if there is one."""
        with self.store.lock:
            if not self.store.query("SELECT 1 FROM fault LIMIT 1"):
                return None
            with self.store.transaction():
                return find_fault(self.store, "imap", Request(verb, target, {}, {}, b""), verb)

    def opens(self, user: str, password: str) -> bool:
        """Whether this name and password open a mailbox; with no accounts seeded all do."""
        with self.store.lock:
            accounts = self.store.accounts("imap")
        return not accounts or any((a.id, a.token) == (user, password) for a in accounts)

    def mails(self, address: str, after: int = 0) -> list[Mail]:
        """Return the mails of a mailbox in the order in which they came."""
        with self.store.lock:
            rows = self.store.query(
                "SELECT m.id, m.at, length(m.raw) AS size, s.message IS NOT NULL AS seen"
                " FROM message m LEFT JOIN imap_seen s ON s.message = m.id WHERE platform = 'smtp'"
                " AND recipient = ? AND m.raw IS NOT NULL AND m.id > ? ORDER BY m.id",
                *(address.lower(), after),
            )
        return [
            Mail(r["id"], datetime.fromtimestamp(r["at"], UTC), r["size"], is_seen=bool(r["seen"]))
            for r in rows
        ]

    def raw(self, uid: int) -> bytes:
        """Return a mail as it came."""
        with self.store.lock:
            return bytes(self.store.query("SELECT raw FROM message WHERE id = ?", uid)[0]["raw"])

    def set_seen(self, uid: int, *, is_seen: bool) -> None:
        """Keep whether a mail was read."""
        change = "INSERT OR IGNORE INTO imap_seen VALUES (?)"
        with self.store.lock, self.store.transaction():
            self.store.execute(
                change if is_seen else "DELETE FROM imap_seen WHERE message = ?", uid
            )

    def validity(self) -> int:
        """Return the number under which UIDs mean what they mean."""
        with self.store.lock:
            return int(self.store.setting(_VALIDITY, "1"))


class Session(asyncio.Protocol):
    """One client."""

    transport: asyncio.Transport

    def __init__(self, server: ImapServer) -> None:
        self._server = server
        self._buffer = bytearray()
        #: Lines and literals of a command that is not complete yet.
        self._parts: list[bytes] = []
        self._wanted = 0
        self._auth_tag = ""
        self._user = ""
        self._box: Selection | None = None
        self._is_waiting = False

    # Names of asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # what TCP has
        self.transport = transport
        self._server.sessions.add(self)
        transport.write(f"* OK [CAPABILITY {CAPABILITIES}] sandbox\r\n".encode())

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the client."""
        self._server.sessions.discard(self)

    def data_received(self, data: bytes) -> None:
        """Take what came and do what is complete."""
        self._buffer += data
        self._work()

    def _work(self) -> None:
        while not self._is_waiting and not self.transport.is_closing():
            if self._wanted:
                if len(self._buffer) < self._wanted:
                    return
                self._parts.append(bytes(self._buffer[: self._wanted]))
                del self._buffer[: self._wanted]
                self._wanted = 0
            end = self._buffer.find(b"\r\n")
            if end < 0:
                if len(self._buffer) > MAX_BUFFER:
                    self.transport.close()
                return
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 2]
            self._take(line)

    def _take(self, line: bytes) -> None:
        found = _LITERAL.search(line)
        self._parts.append(line[: found.start()] if found else line)
        if found:
            self._wanted = int(found[1])
            if not found[2]:
                self.transport.write(b"+ go on\r\n")
            return
        parts, self._parts = self._parts, []
        if self._auth_tag:
            tag, self._auth_tag = self._auth_tag, ""
            self._plain(tag, parts[0])
            return
        self._command(words_of(parts))

    # Commands

    def _command(self, words: list[str]) -> None:
        if len(words) < 2:
            self._write(b"* BAD A command has a tag and a name\r\n")
            return
        tag, verb, arguments = words[0], words[1].upper(), words[2:]
        is_uid = verb == "UID" and bool(arguments)
        if is_uid:
            verb, arguments = arguments[0].upper(), arguments[1:]
        rule = self._server.fault_of(verb, f"{self._user}/{' '.join(arguments)}")
        if rule is not None and (rule.kind in _DROPS or rule.kind == "imap_reply"):
            self._fail(rule, tag)
            return
        answer = self._answer(tag, verb, arguments, is_uid=is_uid)
        if rule is not None and rule.kind == "truncated":
            self._write(answer[: len(answer) // 2])
            self._later(rule.hold_s, self._reset)
        elif rule is not None and rule.hold_s:
            self._later(rule.hold_s, lambda: self._write(answer))
        else:
            self._write(answer)

    def _answer(self, tag: str, verb: str, arguments: list[str], *, is_uid: bool) -> bytes:
        try:
            if verb in ("SEARCH", "FETCH", "STORE"):
                if self._box is None:
                    return f"{tag} BAD Select a mailbox first\r\n".encode()
                return self._of_box(self._box, tag, verb, arguments, is_uid=is_uid)
            handler: Callable[[str, list[str]], bytes] | None
            handler = getattr(self, f"_do_{verb.lower()}", None) if verb.isalpha() else None
            if handler is None:
                return f"{tag} BAD Unknown command\r\n".encode()
            answer: bytes = handler(tag, arguments)
            return answer
        except (IndexError, ValueError):
            return f"{tag} BAD The arguments of {verb} are not understood\r\n".encode()

    def _do_capability(self, tag: str, arguments: list[str]) -> bytes:
        return f"* CAPABILITY {CAPABILITIES}\r\n{tag} OK done\r\n".encode()

    def _do_noop(self, tag: str, arguments: list[str]) -> bytes:
        return self._news() + f"{tag} OK done\r\n".encode()

    def _do_logout(self, tag: str, arguments: list[str]) -> bytes:
        self._server.loop.call_soon(self.transport.close)
        return f"* BYE until next time\r\n{tag} OK done\r\n".encode()

    def _do_login(self, tag: str, arguments: list[str]) -> bytes:
        return self._opened(tag, arguments[0], arguments[1])

    def _do_authenticate(self, tag: str, arguments: list[str]) -> bytes:
        if arguments[0].upper() != "PLAIN":
            return f"{tag} NO PLAIN only\r\n".encode()
        self._auth_tag = tag
        return b"+ \r\n"

    def _plain(self, tag: str, line: bytes) -> None:
        try:
            _, user, password = base64.b64decode(line).decode().split("\0")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            self._write(f"{tag} BAD This is no PLAIN\r\n".encode())
            return
        self._write(self._opened(tag, user, password))

    def _opened(self, tag: str, user: str, password: str) -> bytes:
        if not self._server.opens(user, password):
            return f"{tag} NO [AUTHENTICATIONFAILED] Wrong name or password\r\n".encode()
        self._user = user
        return f"{tag} OK welcome\r\n".encode()

    def _do_list(self, tag: str, arguments: list[str]) -> bytes:
        return f'* LIST (\\HasNoChildren) "/" INBOX\r\n{tag} OK done\r\n'.encode()

    def _do_select(self, tag: str, arguments: list[str]) -> bytes:
        return self._select(tag, arguments[0], is_writable=True)

    def _do_examine(self, tag: str, arguments: list[str]) -> bytes:
        return self._select(tag, arguments[0], is_writable=False)

    def _select(self, tag: str, name: str, *, is_writable: bool) -> bytes:
        if not self._user:
            return f"{tag} BAD Log in first\r\n".encode()
        if name.upper() != "INBOX":
            self._box = None
            return f"{tag} NO [NONEXISTENT] There is only INBOX\r\n".encode()
        mails = self._server.mails(self._user)
        self._box = Selection(mails, is_writable=is_writable)
        next_uid = mails[-1].uid + 1 if mails else 1
        mode = "READ-WRITE" if is_writable else "READ-ONLY"
        return (
            f"* {len(mails)} EXISTS\r\n* 0 RECENT\r\n* FLAGS (\\Seen)\r\n"
            f"* OK [PERMANENTFLAGS (\\Seen)] kept\r\n"
            f"* OK [UIDVALIDITY {self._server.validity()}] valid\r\n"
            f"* OK [UIDNEXT {next_uid}] next\r\n{tag} OK [{mode}] done\r\n"
        ).encode()

    def _do_close(self, tag: str, arguments: list[str]) -> bytes:
        self._box = None
        return f"{tag} OK done\r\n".encode()

    _do_unselect = _do_close

    def _news(self) -> bytes:
        """Tell of mails that came since the mailbox was selected."""
        if self._box is None:
            return b""
        last = self._box.mails[-1].uid if self._box.mails else 0
        new = self._server.mails(self._user, after=last)
        self._box.mails += new
        return f"* {len(self._box.mails)} EXISTS\r\n".encode() if new else b""

    def _of_box(
        self, box: Selection, tag: str, verb: str, arguments: list[str], *, is_uid: bool
    ) -> bytes:
        done = f"{tag} OK done\r\n".encode()
        if verb == "SEARCH":
            news = self._news()
            found = " ".join(str(one) for one in box.search(arguments, is_uid=is_uid))
            return news + f"* SEARCH {found}".rstrip().encode() + b"\r\n" + done
        chosen = box.chosen(arguments[0], is_uid=is_uid)
        out = b""
        for place, mail in chosen:
            if verb == "FETCH":
                answer, marks = fetched(mail, arguments[1:], self._server.raw, is_uid=is_uid)
                if marks and box.is_writable and not mail.is_seen:
                    self._mark(mail, is_seen=True)
                out += f"* {place} FETCH (".encode() + answer + b")\r\n"
                continue
            if not box.is_writable:
                return f"{tag} NO The mailbox is open for reading only\r\n".encode()
            if "\\SEEN" in " ".join(arguments[2:]).upper():
                self._mark(mail, is_seen=not arguments[1].startswith("-"))
            flags = "\\Seen" if mail.is_seen else ""
            out += f"* {place} FETCH (FLAGS ({flags}) UID {mail.uid})\r\n".encode()
        return out + done

    def _mark(self, mail: Mail, *, is_seen: bool) -> None:
        mail.is_seen = is_seen
        self._server.set_seen(mail.uid, is_seen=is_seen)

    # Answers

    def _write(self, answer: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(answer)

    def _fail(self, rule: Rule, tag: str) -> None:
        if rule.kind != "imap_reply":
            self._later(rule.hold_s, self._reset)
            return
        code, text = rule.text("code", "NO"), rule.text("error", "Not now")
        if code == "BYE":
            self._write(f"* BYE {text}\r\n".encode())
            self.transport.close()
        else:
            self._later(rule.hold_s, lambda: self._write(f"{tag} {code} {text}\r\n".encode()))

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        self._is_waiting = True

        def go_on() -> None:
            self._is_waiting = False
            act()
            self._work()

        self._server.loop.call_later(max(seconds, 0), go_on)

    def _reset(self) -> None:
        # Linger of zero: closing sends RST in place of FIN.
        connection = self.transport.get_extra_info("socket")
        with contextlib.suppress(OSError):
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.transport.abort()


def _renumber(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """Give mailboxes another UIDVALIDITY, as servers do that lost their index."""
    value = int(store.setting(_VALIDITY, "1")) + 1
    store.set_setting(_VALIDITY, str(value))
    return {"uidvalidity": value}


ACTIONS: dict[tuple[str, str], Callable[[Store, Traffic, Request], JsonObject]] = {
    ("POST", "imap/renumber"): _renumber,
}
