"""E-mail and phone as each platform wants them hashed: nearly the same, and not quite.

All hash SHA-256 over normalised text, in hexadecimal. Meta takes phones as digits with country code
and no plus, Google and TikTok in E.164 with the plus; Google takes Gmail addresses without dots and
without what follows a plus.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

import phonenumbers

_HASHED: Final = re.compile(r"[0-9a-f]{64}")
_GMAIL: Final = frozenset({"gmail.com", "googlemail.com"})


def is_hashed(value: str) -> bool:
    """Whether a text is a SHA-256 in hexadecimal, which is hashed no second time."""
    return _HASHED.fullmatch(value.strip().lower()) is not None


def sha256(text: str) -> str:
    """SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def email_hash(email: str) -> str:
    """Hash of an address for Meta and TikTok; empty where it is none."""
    text = email.strip().lower()
    if is_hashed(text):
        return text
    return sha256(text) if _is_address(text) else ""


def google_email_hash(email: str) -> str:
    """Hash of an address for Google; empty where it is none, or hashed by another's rule."""
    text = email.strip().lower()
    if not _is_address(text):
        return ""
    local, _, domain = text.rpartition("@")
    if domain in _GMAIL:
        local = local.partition("+")[0].replace(".", "")
    return sha256(f"{local}@{domain}") if local else ""


def e164(phone: str, region: str = "") -> str:
    """Phone in E.164, ``+`` and digits; empty where it is no number that can be dialled.

    Parameters
    ----------
    phone : as somebody wrote it; an extension is left out
    region : two letters of the country whose rules hold for a number without country code; without
        one such a number belongs to any of two hundred people, so none is guessed
    """
    text = phone.strip()
    found = _number(text, region.upper())
    if not found and text.startswith("00"):
        # How half of the world dials out, which people write also where it is dialled otherwise.
        found = _number(f"+{text[2:]}", "")
    return found


def _number(text: str, region: str) -> str:
    try:
        number = phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def phone_hash(phone: str, region: str = "") -> str:
    """Hash of a phone for Meta: digits with country code, no plus; empty where it has no E.164."""
    number = e164(phone, region)
    return sha256(number[1:]) if number else ""


def e164_hash(phone: str, region: str = "") -> str:
    """Hash of a phone for Google and TikTok: E.164 with its plus; empty where it has none."""
    number = e164(phone, region)
    return sha256(number) if number else ""


def _is_address(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    return bool(at and local and "." in domain and " " not in text)
