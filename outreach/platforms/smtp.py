"""A mail server, one kept connection, and the knowledge of whether a mail may be out."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from collections.abc import Mapping
from typing import Final

from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import sanitize_address

from outreach.platforms.base import of_recipient
from workspaces.platforms.errors import ErrorKind, PlatformError

TIMEOUT_S: Final = 30
DEFAULT_PORTS: Final[Mapping[str, int]] = {"": 587, "tls": 587, "ssl": 465, "none": 25}
#: Replies by which a server refuses the recipient, and not the mail or us (RFC 3463 5.1, 5.2.1).
_REFUSED_RECIPIENT: Final = frozenset({550, 551, 553})
_BUSY: Final = frozenset({421, 450, 451, 452, 454})
#: After these the server ends the connection.
_ENDS: Final = frozenset({-1, 421})
_LOGIN: Final = frozenset({530, 534, 535, 538})
_ENCODING: Final = "utf-8"


class MailServer(EmailBackend):
    """Django's backend in steps: only what happens after the mail was handed over is unclear."""

    def hand_over(self, mail: EmailMessage) -> str:
        """Send one mail to one recipient over the kept connection; the server's words.

        Raises
        ------
        PlatformError : unknown where the server may have taken it, else by its reply
        """
        # Django's own messages take it; the stubs name only the base of them.
        raw = mail.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]
        is_over = False
        try:
            server = self._opened()
            self._step(server.mail(sanitize_address(mail.from_email, _ENCODING)))
            self._step(server.rcpt(sanitize_address(mail.to[0], _ENCODING)), of_to=True)
            is_over = True
            return self._step(server.data(raw))
        except smtplib.SMTPDataError as error:  # DATA itself was refused: nothing was handed over
            raise self._refused(error.smtp_code, error.smtp_error, of_to=False) from None
        except smtplib.SMTPResponseException as error:
            raise self._refused(error.smtp_code, error.smtp_error, of_to=False) from None
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise _lost(error, is_over=is_over) from None

    def _opened(self) -> smtplib.SMTP:
        if self.connection is None:
            self.open()
        if self.connection is None:
            raise smtplib.SMTPServerDisconnected("no connection")
        return self.connection

    def _step(self, reply: tuple[int, bytes], *, of_to: bool = False) -> str:
        code, words = reply
        if 200 <= code < 300:
            return words.decode("utf-8", "replace")
        raise self._refused(code, words, of_to=of_to)

    def _refused(self, code: int, words: bytes | str, *, of_to: bool) -> PlatformError:
        said = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
        if code in _ENDS:
            self._drop()
        else:
            self._forget()
        text = f"The mail server answered {code}: {said[:300]}"
        if code in _LOGIN:
            return PlatformError(ErrorKind.AUTH, text, provider_code=str(code))
        if code in _BUSY:
            return PlatformError(ErrorKind.TRANSIENT, text, provider_code=str(code))
        if of_to and code in _REFUSED_RECIPIENT:
            return of_recipient(ErrorKind.INVALID, text, str(code))
        return PlatformError(ErrorKind.INVALID, text, provider_code=str(code))

    def _forget(self) -> None:
        """Begin the next mail afresh on the same connection."""
        if self.connection is None:
            return
        try:
            self.connection.rset()
        except (smtplib.SMTPException, OSError):
            self._drop()

    def _drop(self) -> None:
        with contextlib.suppress(smtplib.SMTPException, OSError):
            if self.connection is not None:
                self.connection.close()
        self.connection = None

    def close(self) -> None:
        """Say goodbye; whoever does not answer is left."""
        with contextlib.suppress(smtplib.SMTPException, OSError):
            super().close()


def _lost(error: Exception, *, is_over: bool) -> PlatformError:
    what = type(error).__name__
    if is_over:
        return PlatformError(
            ErrorKind.UNKNOWN,
            f"The mail server broke off after the mail was handed over ({what}); it may be out.",
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return PlatformError(
            ErrorKind.PERMISSION, "The mail server's certificate is not valid; nothing was sent."
        )
    return PlatformError(
        ErrorKind.TRANSIENT, f"The mail server could not be reached ({what}); nothing was sent."
    )


def server_of(secret: Mapping[str, str]) -> MailServer:
    """Return the server of a connection; it is called with the first mail.

    Raises
    ------
    PlatformError : no host, or a port that is none
    """
    host, security = secret.get("host", "").strip(), secret.get("security", "").lower()
    if not host:
        raise PlatformError(
            ErrorKind.AUTH, "The connection names no mail server; enter its host.", field="host"
        )
    if security not in DEFAULT_PORTS:
        raise PlatformError(
            ErrorKind.AUTH, "Security of a mail server is tls, ssl or none.", field="security"
        )
    port = secret.get("port", "") or str(DEFAULT_PORTS[security])
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        raise PlatformError(ErrorKind.AUTH, "The port is a number up to 65535.", field="port")
    return MailServer(
        host=host, port=int(port), username=secret.get("username", ""),
        password=secret.get("password", ""), use_ssl=security == "ssl",
        use_tls=security in ("", "tls"), timeout=TIMEOUT_S,
    )  # fmt: skip
