"""Files of people: what their columns mean, and what their cells say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal

ATTRIBUTE: Final = "attribute:"
#: Our fields, and headers that mean them, in small letters without signs.
FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "email": ("email", "email address", "e mail", "mail", "e mail address", "emailadresse"),
    "phone": ("phone", "phone number", "mobile", "mobile phone", "telephone", "sms",
              "sms phone number", "cell", "tel", "telefon", "handy"),
    "external_id": ("external id", "id", "customer id", "contact id", "crm id", "kundennummer"),
    "first_name": ("first name", "firstname", "fname", "given name", "vorname"),
    "last_name": ("last name", "lastname", "lname", "surname", "family name", "nachname"),
    "locale": ("locale", "language", "lang", "sprache"),
    "time_zone": ("time zone", "timezone"),
    "country": ("country", "country code", "cc", "land"),
    "region": ("region", "state", "province", "bundesland"),
    "consent": ("consent", "status", "subscribed", "opt in", "optin", "email consent",
                "email status", "marketing consent", "marketing permission"),
}  # fmt: skip
# Of Mailchimp's export: bookkeeping of theirs, and nothing about the person.
_THEIRS: Final = frozenset(
    ("leid", "euid", "gmtoff", "dstoff", "optin ip", "confirm ip", "latitude", "longitude",
     "last changed", "notes", "tags", "unsub campaign title", "unsub campaign id",
     "unsub reason", "unsub reason other", "clean campaign title", "clean campaign id")
)  # fmt: skip
_MAILCHIMP: Final = frozenset(("leid", "euid", "member rating", "optin time", "confirm time"))
Word = Literal["given", "withdrawn", "bounced", ""]
_WORDS: Final[dict[Word, tuple[str, ...]]] = {
    "given": ("subscribed", "yes", "y", "true", "1", "opted in", "opt in", "active", "ja"),
    "withdrawn": ("unsubscribed", "no", "n", "false", "0", "opted out", "opt out", "nein",
                  "archived", "withdrawn"),
    "bounced": ("cleaned", "bounced", "invalid"),
}  # fmt: skip
_SAYS: Final = {word: kind for kind, words in _WORDS.items() for word in words}
_OTHER: Final = re.compile(r"[^0-9a-zäöüß]+")
_NUMBER: Final = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?")


def normalise(header: str) -> str:
    """Return a header in small letters, without signs: ``E-Mail_Address`` → ``e mail address``."""
    return _OTHER.sub(" ", header.lower()).strip()


def is_mailchimp(headers: Sequence[str]) -> bool:
    """Whether the columns are those of Mailchimp's export of an audience."""
    return len({normalise(one) for one in headers} & _MAILCHIMP) >= 2


def guess(headers: Sequence[str]) -> dict[str, str]:
    """Return what each column means: a field of ours, ``attribute:<name>`` or nothing.

    Parameters
    ----------
    headers : all different

    Returns
    -------
    column → meaning, for all columns; a field is meant by one column only
    """
    known = {word: name for name, words in FIELDS.items() for word in (*words, name)}
    taken: set[str] = set()
    found: dict[str, str] = {}
    for header in headers:
        word = normalise(header)
        meaning = known.get(word, "")
        if meaning in taken:
            meaning = ""
        elif not meaning and word and word not in _THEIRS:
            meaning = ATTRIBUTE + word.replace(" ", "_")[:70]
        taken |= {meaning} - {""}
        found[header] = meaning
    return found


def problems(columns: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong with a mapping, by column; ``""`` says it of the whole."""
    found: dict[str, str] = {}
    seen: dict[str, str] = {}
    for column, meaning in columns.items():
        if not meaning:
            continue
        name = meaning.removeprefix(ATTRIBUTE)
        if meaning.startswith(ATTRIBUTE):
            if not 1 <= len(name) <= 80:
                found[column] = "Name the attribute, in 1 to 80 characters."
        elif meaning not in FIELDS:
            found[column] = f"Choose one of {', '.join(FIELDS)}, or attribute:<name>."
        if meaning in seen:
            found[column] = f"The column {seen[meaning]} has this meaning already."
        seen[meaning] = column
    if not {"email", "phone", "external_id"} & set(seen):
        found[""] = "Say which column holds the e-mail address, the phone or the external id."
    return found


def said(cell: str) -> Word:
    """Return what a cell says of consent; nothing where nobody can tell."""
    return _SAYS.get(normalise(cell), "")


def plain(cell: str) -> str | int | float | bool:
    """Return an attribute as a number, yes or no, or text."""
    text = cell.strip()
    if _NUMBER.fullmatch(text) and not (len(text) > 1 and text[0] == "0" and text[1] != "."):
        return float(text) if "." in text else int(text)
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    return text[:500]
