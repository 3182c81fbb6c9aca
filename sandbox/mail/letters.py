"""E-mails in one form for all providers: taken for delivery, with what happens to them."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import getaddresses, parseaddr

from sandbox import messages
from sandbox.context import Context
from sandbox.entities import Account
from sandbox.messages import Message
from sandbox.store import Store
from sandbox.web import JsonObject, as_list, as_object

_ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\"]+")
_LINK = re.compile(r"https?://[^\s\"'<>)\]]+")


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail to one recipient."""

    sender: str
    recipient: str
    subject: str = ""
    text: str = ""
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, object] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    #: What else is kept: names of attachments, a template, the visible recipients.
    more: JsonObject = field(default_factory=dict)

    def content(self) -> JsonObject:
        """Return what is kept and shown of it."""
        return {
            "subject": self.subject,
            "headers": dict(self.headers),
            "metadata": dict(self.metadata),
            "tags": self.tags,
            "text": self.text,
            "html": self.html,
            **self.more,
        }


def is_address(value: str) -> bool:
    """Whether this can be an e-mail address."""
    return _ADDRESS.fullmatch(value) is not None


def address(value: str) -> str:
    """Return the bare address, in lower case, of `Name <address>`."""
    return parseaddr(value)[1].lower()


def addresses(values: str | list[str]) -> list[str]:
    """Return the bare addresses of a list or of a text with commas."""
    given = values if isinstance(values, list) else [values]
    return [found.lower() for _, found in getaddresses(given) if found]


def names(values: object, name: str) -> dict[str, str]:
    """Return `[{"Name": …, "Value": …}]` as a mapping; `name` says how the first is written."""
    other = {"Name": "Value", "name": "value"}[name]
    return {str(row.get(name)): str(row.get(other)) for row in map(as_object, as_list(values))}


def texts(value: object) -> list[str]:
    """Return a JSON list as texts; a single text as a list of one."""
    return [value] if isinstance(value, str) else [str(item) for item in as_list(value)]


def trouble(context: Context, account: Account, recipient: str) -> str:
    """Return why the provider sends nothing more to an address, or nothing."""
    return messages.trouble(context.store, account, recipient, context.now)


def take(context: Context, account: Account, letter: Letter, message_id: str) -> Message:
    """Keep a letter and decide what happens to it; a closed address only gets `dropped`."""
    store = context.store
    reason = trouble(context, account, letter.recipient)
    message = messages.keep(
        store, account, message_id, letter.sender, letter.recipient, letter.content()
    )
    if reason:
        messages.note(store, message, "dropped", context.now + 1, reason=reason)
        return message
    for step in messages.decide(store, message, "email"):
        detail = {"link": _a_link(letter)} if step.kind == "clicked" else {}
        messages.note(store, message, step.kind, context.now + step.after_s, **detail)
    return message


def _a_link(letter: Letter) -> str:
    found = _LINK.findall(letter.html or letter.text)
    wanted = [link for link in found if "unsub" not in link.lower()]
    return str((wanted or found or ["https://example.com/"])[0])


def account_by_token(store: Store, platform: str, token: str) -> Account | None:
    """Return the account that a token opens, or nothing."""
    return next(
        (a for a in store.accounts() if token and (a.platform, a.token) == (platform, token)), None
    )


def as_uuid(digits: str) -> str:
    """Write 32 hexadecimal digits as a UUID."""
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def hmac_sha256(key: str, text: str) -> bytes:
    """Sign a text."""
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
