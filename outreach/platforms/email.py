"""E-mail by a mail server or a provider, through django-anymail."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import formataddr
from typing import Any, Final

from anymail.exceptions import AnymailError
from django.core.mail import EmailMultiAlternatives, get_connection

from outreach.platforms.base import Found, Outgoing, OutgoingFile, Sent, of_recipient
from outreach.platforms.email_errors import error_of
from outreach.platforms.postmark import PostmarkSearch
from outreach.platforms.smtp import MailServer, server_of
from workspaces.platforms.client import checked_base_url, checked_secret
from workspaces.platforms.errors import ErrorKind, PlatformError

#: The touch that a provider hands back with its news.
TOUCH: Final = "touch_id"


@dataclass(frozen=True, slots=True)
class Provider:
    """How anymail is told whose account it is, and what the provider can do."""

    label: str
    backend: str
    key_name: str = "api_key"
    path: str = ""
    more: tuple[str, ...] = ()
    is_idempotent: bool = False
    takes_message_id: bool = True


PROVIDERS: Final[Mapping[str, Provider]] = {
    "postmark": Provider("Postmark", "postmark", "server_token", takes_message_id=False),
    "resend": Provider("Resend", "resend", is_idempotent=True),
    "mailgun": Provider("Mailgun", "mailgun", path="/v3", more=("sender_domain",)),
    "brevo": Provider("Brevo", "brevo", path="/v3"),
    "sendgrid": Provider("SendGrid", "sendgrid", path="/v3", takes_message_id=False),
    "mandrill": Provider("Mailchimp Transactional", "mandrill", path="/api/1.0"),
}
SMTP: Final = "smtp"
CHOICES: Final = (SMTP, *PROVIDERS)


def mail_of(message: Outgoing, *, with_message_id: bool) -> EmailMultiAlternatives:
    """Write a message as a mail of text and, where there is one, HTML."""
    headers = dict(message.headers)
    if with_message_id:
        domain = message.sender.rpartition("@")[2].strip("> ") or "localhost"
        headers["Message-ID"] = f"<{message.key}@{domain}>"
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        from_email=message.sender,
        to=[formataddr((message.to_name, message.to)) if message.to_name else message.to],
        reply_to=[message.reply_to] if message.reply_to else None,
        headers=headers,
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    mail.attachments += [
        (one.name, _content_of(one), _attached_as(one.content_type)) for one in message.files
    ]
    return mail


def _content_of(file: OutgoingFile) -> bytes:
    try:
        return file.read()
    except OSError:
        raise of_recipient(
            ErrorKind.INVALID, f"The file {file.name} is not there any more."
        ) from None


def _attached_as(content_type: str) -> str:
    """Texts and mails go as data: parsed and encoded anew they would not be the same file."""
    is_data = content_type.startswith(("text/", "message/"))
    return "application/octet-stream" if is_data else content_type


class Smtp:
    """A mail server. It cannot be asked, so a mail that may be out is never sent again."""

    name = SMTP
    is_idempotent = False
    can_look_up = False
    lag_s = 0.0

    def __init__(self, server: MailServer) -> None:
        self._server = server

    def send(self, message: Outgoing) -> Sent:
        """Hand it over; the id is ours, for servers give none that anybody else knows."""
        mail = mail_of(message, with_message_id=True)
        self._server.hand_over(mail)
        return Sent(str(mail.extra_headers["Message-ID"]), "sent")

    def look_up(self, message: Outgoing, called_at: datetime, known: frozenset[str]) -> Found:
        """Say that nobody can tell."""
        return Found("unsupported")

    def check(self) -> str:
        """Log in."""
        try:
            self._server.open()
        except OSError as error:  # smtplib's errors are of this kind too
            raise PlatformError(
                ErrorKind.AUTH, f"The mail server refused us ({type(error).__name__})."
            ) from None
        self._server.close()
        return f"The mail server {self._server.host} lets us in."

    def close(self) -> None:
        """Say goodbye."""
        self._server.close()


class Provided:
    """A provider of e-mail, by anymail's backend for it."""

    can_look_up = False
    lag_s = 0.0

    def __init__(
        self, name: str, backend: Any, search: PostmarkSearch | None, secrets: tuple[str, ...]
    ) -> None:
        self._provider = PROVIDERS[name]
        self.name = name
        self.is_idempotent = self._provider.is_idempotent
        self._backend, self._search, self._secrets = backend, search, secrets
        if search is not None:
            self.can_look_up, self.lag_s = True, search.lag_s

    def send(self, message: Outgoing) -> Sent:
        """Send one mail over the kept session."""
        mail: Any = mail_of(message, with_message_id=self._provider.takes_message_id)
        mail.metadata = {TOUCH: message.key}
        try:
            self._backend.open()
            if self.is_idempotent:
                self._backend.session.headers["Idempotency-Key"] = message.key
            self._backend.send_messages([mail])
        except AnymailError as error:
            raise error_of(error, self._provider.label, self._secrets) from None
        told = next(iter(mail.anymail_status.recipients.values()), None)
        return Sent((told.message_id if told else None) or message.key)

    def look_up(self, message: Outgoing, called_at: datetime, known: frozenset[str]) -> Found:
        """Ask, where the provider can be asked."""
        if self._search is None:
            return Found("unsupported")
        return self._search.find(message.to, TOUCH, message.key)

    def check(self) -> str:
        """Ask for the account, where that can be done without sending."""
        if self._search is not None:
            return self._search.check()
        return f"{self._provider.label}: the credentials are complete; a test send tries them."

    def close(self) -> None:
        """Give the sessions back."""
        self._backend.close()
        if self._search is not None:
            self._search.close()


def build(
    secret: Mapping[str, str], base_url: str | None, *, allow_loopback: bool
) -> Smtp | Provided:
    """Return the sender of a connection of kind ``email``.

    Raises
    ------
    PlatformError : unknown provider, refused address, missing credential
    """
    name = secret.get("provider", "").strip().lower()
    if name == SMTP:
        return Smtp(server_of(secret))
    if name not in PROVIDERS:
        raise PlatformError(
            ErrorKind.AUTH,
            f"{name!r} is no provider of e-mail here; there are {', '.join(CHOICES)}.",
            field="provider",
        )
    provider = PROVIDERS[name]
    key = checked_secret(secret.get("api_key", ""), "API key")
    options: dict[str, Any] = {provider.key_name: key}
    options |= {one: secret[one] for one in provider.more if secret.get(one)}
    if base_url:
        url = checked_base_url(base_url, allow_loopback=allow_loopback)
        options["api_url"] = f"{url}{provider.path}/"
    with warnings.catch_warnings():
        # Anymail tells each time that it does not support SendGrid any more; our docs do.
        warnings.simplefilter("ignore")
        backend = get_connection(f"anymail.backends.{provider.backend}.EmailBackend", **options)
    search = (
        PostmarkSearch(key, base_url, allow_loopback=allow_loopback) if name == "postmark" else None
    )
    return Provided(name, backend, search, (key,))
