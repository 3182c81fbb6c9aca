"""E-mail and phone as each platform wants them hashed: nearly the same, and not quite.

All hash SHA-256 over normalised text, in hexadecimal. Meta takes phones as digits with country code
and no plus, Google and TikTok in E.164 with the plus; Google takes Gmail addresses without dots and
without what follows a plus.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

_HASHED: Final = re.compile(r"[0-9a-f]{64}")
_GMAIL: Final = frozenset({"gmail.com", "googlemail.com"})
# An extension is no part of the number; without this it would become its last digits.
_EXTENSION: Final = re.compile(r"(?:ext\.?|x|#|;ext=)\s*\d+\s*$", re.IGNORECASE)
_SEPARATORS: Final = re.compile(r"[\s().\-/\u00a0\u2010-\u2015]")
_TRUNK_ZERO: Final = re.compile(r"\(\s*0\s*\)")
_E164: Final = re.compile(r"\+[1-9]\d{7,14}")


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


def e164(phone: str) -> str:
    """Phone in E.164, ``+`` and digits; empty where its country is not told.

    A number without country code belongs to any of two hundred people, so none is guessed.
    """
    text = _EXTENSION.sub("", phone.strip())
    text = _SEPARATORS.sub("", _TRUNK_ZERO.sub("", text))
    if text.startswith("00"):
        text = f"+{text[2:]}"
    return text if _E164.fullmatch(text) else ""


def phone_hash(phone: str) -> str:
    """Hash of a phone for Meta: digits with country code, no plus; empty where that is not told."""
    number = e164(phone)
    return sha256(number[1:]) if number else ""


def e164_hash(phone: str) -> str:
    """Hash of a phone for Google and TikTok: E.164 with its plus; empty where that is not told."""
    number = e164(phone)
    return sha256(number) if number else ""


def _is_address(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    return bool(at and local and "." in domain and " " not in text)
