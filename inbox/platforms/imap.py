"""A mailbox over IMAP (RFC 3501), by the standard library's client kept within bounds."""

from __future__ import annotations

import contextlib
import imaplib
import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from ipaddress import ip_address
from typing import Any, Final

from inbox.platforms.mailbox import Fetched, Place, RawMail
from workspaces.platforms.errors import ErrorKind, PlatformError

TIMEOUT_S: Final = 30
DEFAULT_PORTS: Final[Mapping[str, int]] = {"ssl": 993, "tls": 143, "none": 143}
#: One answer may hold one mail; what a server announces beyond it is not read.
MAX_LITERAL: Final = 42 * 1024 * 1024
MAX_MAIL: Final = 40 * 1024 * 1024
#: One poll takes as much as a worker may hold.
MAX_MAILS: Final = 100
MAX_BATCH: Final = 64 * 1024 * 1024
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun",
                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")  # fmt: skip
_UID: Final = re.compile(rb"\bUID (\d+)")
_SIZE: Final = re.compile(rb"\bRFC822\.SIZE (\d+)")
_ARRIVAL: Final = re.compile(rb'\bINTERNALDATE "([^"]{1,40})"')
_CODE: Final = re.compile(r"\[([A-Z\-]+)[^\]]*\]")
#: RFC 5530, and what Gmail and Outlook say.
_KINDS: Final[Mapping[str, ErrorKind]] = {
    "AUTHENTICATIONFAILED": ErrorKind.AUTH, "AUTHORIZATIONFAILED": ErrorKind.AUTH,
    "EXPIRED": ErrorKind.AUTH, "PRIVACYREQUIRED": ErrorKind.AUTH, "ALERT": ErrorKind.AUTH,
    "WEBALERT": ErrorKind.AUTH, "UNAVAILABLE": ErrorKind.TRANSIENT, "INUSE": ErrorKind.TRANSIENT,
    "SERVERBUG": ErrorKind.TRANSIENT, "LIMIT": ErrorKind.THROTTLED,
    "OVERQUOTA": ErrorKind.THROTTLED, "THROTTLED": ErrorKind.THROTTLED,
    "NOPERM": ErrorKind.PERMISSION, "NONEXISTENT": ErrorKind.INVALID,
}  # fmt: skip
_ADVICE: Final[Mapping[ErrorKind, str]] = {
    ErrorKind.AUTH: "Enter the name and password of the mailbox again; many providers want a"
    " password made for one program.",
    ErrorKind.THROTTLED: "It goes on by itself.",
    ErrorKind.TRANSIENT: "It is tried again.",
    ErrorKind.PERMISSION: "Let the account read this folder.",
    ErrorKind.INVALID: "Look at the folder and the settings of the connection.",
}
_Answer = tuple[str, Sequence[Any]]


class _Bounded(imaplib.IMAP4):
    """The client, but it does not read whatever a server announces."""

    def read(self, size: int) -> bytes:
        if size > MAX_LITERAL:
            raise self.abort(f"literal of {size} bytes")
        return super().read(size)


class _BoundedSsl(_Bounded, imaplib.IMAP4_SSL):
    """The same over TLS from the start."""


class Imap:
    """One mailbox; it is called with the first question, and read without a change."""

    def __init__(
        self, *, host: str, port: int, security: str, username: str, password: str, folder: str
    ) -> None:
        self._host, self._port, self._security = host, port, security
        self._username, self._password, self._folder = username, password, folder
        self._client: imaplib.IMAP4 | None = None
        self._is_in = False

    def fetch_since(self, place: Place, *, not_before: date | None = None) -> Fetched:
        """Return the mails behind a place, oldest first."""
        with self._errors():
            client, validity = self._opened()
            is_restarted = bool(place.uid_validity) and place.uid_validity != validity
            after = place.uid if place.uid_validity == validity else 0
            uids = self._found(client, after, not_before)
            mails, last = self._batch(client, uids[:MAX_MAILS])
            return Fetched(
                tuple(mails),
                Place(validity, last or after),
                bool(uids) and last < uids[-1],
                is_restarted,
            )

    def _batch(self, client: imaplib.IMAP4, uids: Sequence[int]) -> tuple[list[RawMail], int]:
        """Return mails up to what one poll may hold, and the last UID that was looked at."""
        mails: list[RawMail] = []
        last = held = 0
        sizes = self._sizes(client, uids)
        for uid in uids:
            size = sizes.get(uid, 0)
            if mails and held + size > MAX_BATCH:
                break
            content, arrived_at = None, None
            if 0 < size <= MAX_MAIL:
                content, arrived_at = self._content(client, uid)
            last = uid
            if content is not None or size > MAX_MAIL:  # others were deleted meanwhile
                mails.append(RawMail(uid, size, content, arrived_at))
                held += len(content or b"")
        return mails, last

    def check(self) -> str:
        """Log in and look into the folder."""
        with self._errors():
            client, _ = self._opened()
            (_, told) = client.response("EXISTS")
            return f"{self._folder} of {self._username} opens. Mails in it: {_number(told):,}."

    def close(self) -> None:
        """Say goodbye; whoever does not answer is left."""
        client, self._client, self._is_in = self._client, None, False
        if client is not None:
            with contextlib.suppress(imaplib.IMAP4.error, OSError, ValueError):
                client.logout()

    # Steps

    def _opened(self) -> tuple[imaplib.IMAP4, int]:
        """Return the client with the folder open for reading, and under which validity."""
        if self._client is None:
            self._client = self._connected()
            self._log_in(self._client)
            self._is_in = True
        client = self._client
        answer = client.select(f'"{self._folder}"', readonly=True)
        _require(answer, f"The folder {self._folder} cannot be opened")
        (_, told) = client.response("UIDVALIDITY")
        if not (validity := _number(told)):
            raise PlatformError(
                ErrorKind.INVALID, "The mail server numbers its mails for one session only."
            )
        return client, validity

    def _connected(self) -> imaplib.IMAP4:
        context = ssl.create_default_context()
        if self._security == "ssl":
            return _BoundedSsl(self._host, self._port, ssl_context=context, timeout=TIMEOUT_S)
        client = _Bounded(self._host, self._port, timeout=TIMEOUT_S)
        if self._security == "tls":
            client.starttls(context)
        return client

    def _log_in(self, client: imaplib.IMAP4) -> None:
        if "AUTH=PLAIN" in client.capabilities:  # takes letters beyond ASCII too
            secret = f"\0{self._username}\0{self._password}".encode()
            client.authenticate("PLAIN", lambda _: secret)
        else:
            client.login(self._username, self._password)

    def _found(self, client: imaplib.IMAP4, after: int, not_before: date | None) -> list[int]:
        keys = [f"UID {after + 1}:*"]
        if not after and not_before is not None:
            month = _MONTHS[not_before.month - 1]
            keys.append(f"SINCE {not_before.day:02}-{month}-{not_before.year}")
        found = _require(client.uid("SEARCH", *keys), "The folder cannot be searched")
        numbers = (int(one) for part in found if part for one in part.split())
        # A star means the last mail, even where that is not behind the place.
        return sorted(one for one in numbers if one > after)

    def _sizes(self, client: imaplib.IMAP4, uids: Sequence[int]) -> dict[int, int]:
        if not uids:
            return {}
        chosen = ",".join(str(uid) for uid in uids)
        answer = _require(
            client.uid("FETCH", chosen, "(UID RFC822.SIZE)"), "Mails cannot be listed"
        )
        told: dict[int, int] = {}
        for line in answer:
            text = line if isinstance(line, bytes) else b""
            uid, size = _UID.search(text), _SIZE.search(text)
            if uid and size:
                told[int(uid[1])] = int(size[1])
        return told

    def _content(self, client: imaplib.IMAP4, uid: int) -> tuple[bytes | None, datetime | None]:
        answer = _require(
            client.uid("FETCH", str(uid), "(UID INTERNALDATE BODY.PEEK[])"),
            "A mail cannot be fetched",
        )
        content = next((bytes(one[1]) for one in answer if isinstance(one, tuple)), None)
        return content, _arrival(answer)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        """Tell every way in which it can fail as one of ours; after it, connect afresh."""
        try:
            yield
        except PlatformError:
            self._drop()
            raise
        except (imaplib.IMAP4.error, OSError, ValueError, EOFError) as error:
            otherwise = ErrorKind.INVALID if self._is_in else ErrorKind.AUTH
            self._drop()
            raise _error_of(error, otherwise) from None

    def _drop(self) -> None:
        client, self._client, self._is_in = self._client, None, False
        if client is not None:
            with contextlib.suppress(imaplib.IMAP4.error, OSError, ValueError):
                client.shutdown()


def _arrival(answer: Sequence[Any]) -> datetime | None:
    """When the server took a mail in: told before the mail, or behind it."""
    for one in answer:
        line = one[0] if isinstance(one, tuple) else one
        found = _ARRIVAL.search(line) if isinstance(line, bytes) else None
        if found:
            with contextlib.suppress(ValueError):
                return datetime.strptime(found[1].decode().strip(), "%d-%b-%Y %H:%M:%S %z")
    return None


def _number(told: Sequence[Any]) -> int:
    return int(told[-1]) if told and told[-1] else 0


def _require(answer: _Answer, what: str) -> Sequence[Any]:
    status, told = answer
    if status == "OK":
        return told
    words = b" ".join(one for one in told if isinstance(one, bytes)).decode("utf-8", "replace")
    kind = _kind_of(words, ErrorKind.INVALID)
    raise PlatformError(
        kind, f"{what}: {words[:200]} {_ADVICE[kind]}", provider_code=_code_of(words)
    )


def _error_of(error: Exception, otherwise: ErrorKind) -> PlatformError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return PlatformError(ErrorKind.PERMISSION, "The mail server's certificate is not valid.")
    words = str(error)
    if words.startswith(("b'", 'b"')):  # how imaplib tells a server's words
        words = words[2:-1]
    is_answer = isinstance(error, imaplib.IMAP4.error) and not isinstance(
        error, imaplib.IMAP4.abort
    )
    if is_answer:
        kind = _kind_of(words, otherwise)
        return PlatformError(
            kind,
            f"The mail server refused us: {words[:200]} {_ADVICE[kind]}",
            provider_code=_code_of(words),
        )
    return PlatformError(
        ErrorKind.TRANSIENT,
        f"The mail server could not be reached or broke off ({type(error).__name__}).",
    )


def _code_of(words: str) -> str:
    found = _CODE.search(words)
    return found[1] if found else ""


def _kind_of(words: str, otherwise: ErrorKind) -> ErrorKind:
    if "too many" in words.lower():
        return ErrorKind.THROTTLED
    return _KINDS.get(_code_of(words), otherwise)


def build(secret: Mapping[str, str], *, allow_loopback: bool) -> Imap:
    """Return the mailbox of a connection of kind ``imap``; it is called with the first question.

    Raises
    ------
    PlatformError : a setting that is missing or none
    """
    host, security = secret.get("host", "").strip(), secret.get("security", "").lower() or "ssl"
    if not host or any(sign.isspace() or sign in "/@" for sign in host):
        raise _wrong("host", "The connection names no mail server; enter its host.")
    if security not in DEFAULT_PORTS:
        raise _wrong("security", "Security of a mail server is ssl, tls or none.")
    if security == "none" and not (allow_loopback and _is_loopback(host)):
        raise _wrong("security", "A password is not sent in clear; choose ssl or tls.")
    port = secret.get("port", "") or str(DEFAULT_PORTS[security])
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        raise _wrong("port", "The port is a number up to 65535.")
    username, password = secret.get("username", ""), secret.get("password", "")
    folder = secret.get("folder", "") or "INBOX"
    for name, value in (("username", username), ("password", password), ("folder", folder)):
        if not value or any(ord(sign) < 32 for sign in value):
            raise _wrong(name, f"Enter the {name} of the mailbox again.")
    if not folder.isascii() or any(sign in '"\\*%' for sign in folder):
        raise _wrong("folder", "The folder is named by letters of ASCII, without quotes.")
    return Imap(
        host=host, port=int(port), security=security, username=username, password=password,
        folder=folder,
    )  # fmt: skip


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _wrong(field: str, words: str) -> PlatformError:
    return PlatformError(ErrorKind.AUTH, words, field=field)
