"""Mails that no person wrote to us: automatic answers, lists, delivery reports, our own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from inbox.engine.mail.model import Address, OwnMarks
from outreach.engine.mail_loops import LOOP_HEADER

#: Fields by name in lower case, in their order.
Fields = Mapping[str, Sequence[str]]

_SUBJECT: Final = re.compile(
    r"\s*(?:auto(?:matic|mated)?[ -]?(?:reply|response|generated)?\s*:"
    r"|(?:re:\s*)?out of (?:the )?office"
    r"|automatic reply|auto-?reply|autoreply|vacation (?:reply|response)|on vacation\b"
    r"|abwesenheit(?:snotiz|sassistent|smeldung)?\b|automatische antwort"
    r"|auto(?:matisches)?-?antwort"
    r"|nicht im büro|réponse automatique|absence du bureau|respuesta automática|fuera de la oficina"
    r"|risposta automatica|fuori sede|automatisch antwoord|afwezig(?:heid)?\b|resposta automática"
    r"|fora do escritório|autosvar|automatiskt svar|automatisk svar|automaattinen vastaus"
    r"|odpowiedź automatyczna|automatická odpověď|自動応答|自动回复)",
    re.IGNORECASE,
)
_BOUNCE_SUBJECT: Final = re.compile(
    r"\s*(?:undeliver(?:able|ed)|delivery (?:status notification|has failed|failure)"
    r"|mail delivery (?:failed|failure|system)|returned mail|failure notice|unzustellbar"
    r"|non remis|no se puede entregar|mancato recapito)",
    re.IGNORECASE,
)
_MACHINES: Final = frozenset({"mailer-daemon", "mail-daemon", "mailerdaemon", "postmaster"})
_NO_REPLY: Final = re.compile(
    r"(?:no|do[._-]?not|dont)[._-]?reply(?:[._+-].*)?|bounces?(?:[._+-].*)?"
)
_PRECEDENCE: Final = ("bulk", "junk", "list", "auto_reply", "auto-reply")
_SUPPRESS: Final = frozenset({"all", "oof", "autoreply", "dr", "ndr", "rn", "nrn"})


def automatic_because(fields: Fields, subject: str, sender: str) -> str:
    """Return by what a mail is known that no machine may answer, empty for one of a person.

    References
    ----------
    RFC 3834 sections 2 and 5; RFC 2919; MS-OXCMAIL 2.1.3.2.21.
    """
    automatic = _first(fields, "auto-submitted").partition(";")[0].strip().lower()
    if automatic and automatic != "no":
        return f"Auto-Submitted: {automatic[:40]}"
    precedence = _first(fields, "precedence").lower()
    if precedence in _PRECEDENCE:
        return f"Precedence: {precedence}"
    for name in ("x-autoreply", "x-autorespond", "x-auto-reply"):
        if _first(fields, name).lower() not in ("", "no"):
            return f"{name.title()} is set"
    for name in ("list-id", "list-unsubscribe", "feedback-id"):
        if name in fields:
            return f"{name.title()}: a list sent it"
    asked = {word.strip() for word in _first(fields, "x-auto-response-suppress").lower().split(",")}
    if asked & _SUPPRESS:
        return "X-Auto-Response-Suppress: it wants no automatic answers"
    local = sender.rpartition("@")[0]
    if has_no_return_path(fields):
        return "Return-Path is empty"
    if local in _MACHINES or _NO_REPLY.fullmatch(local):
        return f"{local} is the address of a machine"
    return "The subject is that of an automatic answer" if _SUBJECT.match(subject) else ""


def is_bounce(
    content_type: str, report_type: str, fields: Fields, subject: str, sender: str
) -> bool:
    """Whether a mail reports on the delivery of another (RFC 3464, or as old servers write)."""
    if content_type == "multipart/report":
        return report_type == "delivery-status"
    is_machine = sender.rpartition("@")[0] in _MACHINES
    if "x-failed-recipients" in fields:
        return True
    return (is_machine or has_no_return_path(fields)) and _BOUNCE_SUBJECT.match(subject) is not None


def form_writer(
    sender: Address | None, reply_to: Sequence[Address], own: OwnMarks
) -> Address | None:
    """Return who filled in a form that our own address mailed to us, if it is such a mail.

    Forms of websites send from an address of the site and name the visitor in Reply-To. What
    names none but ourselves is no form.
    """
    if sender is None or sender.address not in own.addresses:
        return None
    return next((one for one in reply_to if one.address not in own.addresses), None)


def loop_because(
    fields: Fields, message_id: str, sender: str, own: OwnMarks, max_received: int
) -> str:
    """Return by what a mail is known as one that went in a circle, empty for all others.

    ``sender`` is who wrote it: of a form not our own address.
    """
    if message_id and message_id in own.message_ids:
        return "Its Message-ID is one of ours"
    values = {value.strip() for value in fields.get(LOOP_HEADER.lower(), ())}
    if values & own.loop_values:
        return f"It carries our {LOOP_HEADER}"
    if sender and sender in own.addresses:
        return "It comes from our own address"
    hops = len(fields.get("received", ()))
    return f"It went over {hops} servers" if hops > max_received else ""


def has_no_return_path(fields: Fields) -> bool:
    """Whether the envelope named nobody, as those of reports do."""
    return _first(fields, "return-path") == "<>"


def _first(fields: Fields, name: str) -> str:
    return next((value.strip() for value in fields.get(name, ())), "")
