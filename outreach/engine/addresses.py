"""Addresses of people in one spelling each, so that one person is not written to twice."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Final

from outreach.engine.phones import e164

#: Channels whose address is a phone number.
PHONES: Final = ("sms", "whatsapp")
CHANNELS: Final = (
    "email", "sms", "whatsapp", "instagram", "facebook", "linkedin", "twitter", "chat",
)  # fmt: skip
_LONGEST: Final = 254
_LOCAL: Final = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
_DOMAIN: Final = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})"
)
_LOCALE: Final = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_PLATFORM_ID: Final = re.compile(r"[\w.:@/+-]+")


class AddressError(ValueError):
    """No address of this channel; the text says what one looks like."""


def normal(channel: str, text: str, country: str = "") -> str:
    """Return the one spelling of an address.

    Parameters
    ----------
    channel : one of ``CHANNELS``
    text : as somebody wrote it
    country : two letters of the country whose rules hold for a phone without country code

    Returns
    -------
    e-mail in small letters with its domain in IDNA, phone in E.164, a platform's own id as it is

    Raises
    ------
    AddressError : it is none
    """
    text = text.strip()
    if channel == "email":
        return email(text)
    if channel in PHONES:
        return phone(text, country)
    if channel not in CHANNELS:
        raise AddressError(f"There is no channel {channel!r}; known: {', '.join(CHANNELS)}.")
    text = text.removeprefix("@")
    if not _PLATFORM_ID.fullmatch(text) or len(text) > _LONGEST:
        raise AddressError(f"{text[:80]!r} is no id of that platform: it has no spaces or signs.")
    return text


def email(text: str) -> str:
    """Return an e-mail address in small letters, its domain in IDNA.

    Raises
    ------
    AddressError : it is none
    """
    local, at, name = text.strip().lower().rpartition("@")
    try:
        found = f"{local}@{domain(name)}" if at else ""
    except AddressError:
        found = ""
    if not found or not _is_local(local) or len(found) > _LONGEST:
        raise AddressError(f"{text[:80]!r} is no e-mail address such as ann@example.com.")
    return found


def _is_local(local: str) -> bool:
    return bool(
        _LOCAL.fullmatch(local)
        and not local.startswith(".")
        and not local.endswith(".")
        and ".." not in local
    )


@lru_cache(maxsize=4096)
def domain(text: str) -> str:
    """Return a domain in small letters and IDNA.

    Raises
    ------
    AddressError : it is none
    """
    name = text.strip().lower().rstrip(".")
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            name = ""
    if not _DOMAIN.fullmatch(name) or len(name) > 253:
        raise AddressError(f"{text[:80]!r} is no domain such as example.com.")
    return name


def phone(text: str, country: str = "") -> str:
    """Return a phone number in E.164: ``+`` and digits.

    Raises
    ------
    AddressError : it is no number that can be dialled, or its country is not known
    """
    if found := e164(text, country.upper()):
        return found
    if text.startswith("00") and (found := e164(f"+{text[2:]}", "")):
        return found
    hint = "" if country or text.startswith("+") else " Give it with its country code."
    raise AddressError(f"{text[:40]!r} is no phone number such as +491701234567.{hint}")


def is_locale(text: str) -> bool:
    """Whether a text is a language tag such as ``de`` or ``de-AT``."""
    return _LOCALE.fullmatch(text) is not None


def domain_of(address: str) -> str:
    """Return the domain of an e-mail address; empty where it is none."""
    return address.rpartition("@")[2] if "@" in address else ""


def hashed(address: str) -> str:
    """Return what stands for an address of somebody erased: its SHA-256 in hexadecimal."""
    return hashlib.sha256(address.encode()).hexdigest()
