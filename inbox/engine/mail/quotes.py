"""What was newly written in a mail, apart from quotes and signature.

Own rules in place of mail-parser-reply 1.36: that took ``- one`` for the begin of a signature, so
a list of wishes was lost, and its expressions take quadratic time (6 000 characters: one second).
Here each line is looked at a fixed number of times.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_LOOK: Final = 300
_TAIL: Final = 12
#: "On Monday … wrote:" in the languages of the large mail programs.
_ATTRIBUTION: Final = re.compile(
    r"(?:(?:On|Am|Le|El|Il|Op|Em|A|Den|Dne|Dnia|W dniu|Pe|På|Fre|Man|Tir|Ons|Tor|Lør|Søn|Mån|Tis)\b"
    r"|\d{1,4}[.\-/ ]).*"
    r"(?:wrote|writes|schrieb(?:en)?|a écrit|escribió|ha scritto|scrisse|schreef|geschreven"
    r"|escreveu|skrev|kirjoitti|napisał(?:\(a\)|a)?|napsal(?:\(a\))?|a scris)\b.*[:\uff1a]",
    re.IGNORECASE,
)
_OPENING: Final = re.compile(
    r"(?:On|Am|Le|El|Il|Op|Em|A|Den|Dne|Dnia|W dniu|Pe|På)\b.*\d|\d{1,4}[.\-/ ]", re.IGNORECASE
)
_ORIGINAL: Final = re.compile(
    r"(?:-{2,}|_{2,})\s*(?:Original[ -]?(?:Message|Appointment)|Ursprüngliche Nachricht"
    r"|Original-Nachricht|Message d'origine|Message original|Mensaje original|Messaggio originale"
    r"|Oorspronkelijk bericht|Mensagem original|Originalmeddelande|Oprindelig meddelelse"
    r"|Forwarded message|Weitergeleitete Nachricht|Message transféré|Mensaje reenviado"
    r"|Messaggio inoltrato)\s*(?:-{2,}|_{2,})"
    r"|(?:Begin forwarded message|Anfang der weitergeleiteten Nachricht|Début du message réexpédié"
    r"|Début du message transféré|Inizio messaggio inoltrato|Inicio del mensaje reenviado)\s*:",
    re.IGNORECASE,
)
_FROM: Final = re.compile(r"\*?(?:From|Von|De|Da|Van|Från|Fra|Od|Lähettäjä)\s?:\*?\s*\S", re.I)
_HEADER: Final = re.compile(
    r"\*?(?:Sent|Date|To|Cc|Subject|Gesendet|Datum|An|Betreff|Envoyé|À|Objet|Enviado(?: el)?"
    r"|Fecha|Para|Asunto|Inviato|Data|A|Oggetto|Verzonden|Aan|Onderwerp|Assunto|Skickat|Till"
    r"|Ämne|Sendt|Til|Emne|Wysłano|Do|Temat)\s?:\*?\s*",
    re.IGNORECASE,
)
_RULE: Final = re.compile(r"[_\-]{10,}|[—–]{5,}")
_PHONE: Final = re.compile(
    r"(?:Sent from (?:my |Yahoo|Outlook|Mail|Proton)|Get Outlook for|Von meinem .{2,40} gesendet"
    r"|Gesendet (?:von|mit) |Envoyé (?:de|depuis) mon|Télécharger Outlook|Verzonden vanaf mijn"
    r"|Enviado desde mi|Enviado do meu|Inviato da(?:l mio)? |Skickat från min|Sendt fra min"
    r"|Hol(?:e)? dir Outlook|Diese Nachricht wurde von meinem)",
    re.IGNORECASE,
)
_CLOSING: Final = re.compile(
    r"(?:(?:(?:with )?(?:best|kind|kindest|warm|warmest) )?regards|best wishes|sincerely"
    r"|yours (?:sincerely|faithfully|truly)|cheers|best"
    r"|(?:mit )?(?:(?:freundlichen|freundliche|besten|beste|vielen|viele|lieben|liebe|herzlichen"
    r"|herzliche|schönen|schöne) )?gr(?:ü|ue)(?:ß|ss)(?:en|e)?|mfg|lg|vg|hochachtungsvoll"
    r"|(?:bien )?cordialement|bien à vous|sincères salutations"
    r"|(?:un )?(?:saludos?|cordial saludo)(?: cordiales)?|atentamente"
    r"|(?:cordiali|distinti) saluti|met vriendelijke groet(?:en)?|groet(?:en|jes)?"
    r"|atenciosamente|med vänliga? hälsning(?:ar)?|med venlig hilsen|mvh|pozdrawiam|s pozdravem)"
    r"(?: (?:aus|from) [\w .\-]{1,30})?[,.!]?",
    re.IGNORECASE,
)
_LEGAL: Final = re.compile(
    r"(?:\*?(?:confidentiality|legal|privacy) (?:notice|note)|disclaimer\s*:"
    r"|this (?:e-?mail|message)(?: \(?(?:and|including) any (?:attachments?|files).{0,40})? (?:is"
    r"|are|contains?|may contain) .{0,60}confidential|diese e-?mail (?:enthält|kann)"
    r" .{0,40}vertraulich"
    r"|ce (?:message|courriel) .{0,60}confidentiel|este (?:mensaje|correo) .{0,60}confidencial)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Split:
    """A text in three: nothing is lost, whatever is not quoted or signed is the reply."""

    reply: str
    quoted: str = ""
    signature: str = ""


def split_text(text: str) -> Split:
    """Take quotes and signature off a mail.

    Answers between quotes stay, in their order. A mail that is nothing but quotes or signature
    (one passed on without a word) is its own reply.
    """
    lines = text.split("\n")
    own, quoted = _without_quotes(lines)
    own, signed = _without_signature(own)
    reply = _joined(own)
    if not reply:
        return Split(text.strip("\n "))
    return Split(reply, _joined(quoted), _joined(signed))


def _without_quotes(lines: list[str]) -> tuple[list[str], list[str]]:
    own: list[str] = []
    quoted: list[str] = []
    place = 0
    while place < len(lines):
        line = lines[place].strip()
        if line.startswith(">"):
            quoted.append(lines[place])
            place += 1
            continue
        if _ends_reply(lines, place):
            quoted += lines[place:]
            break
        if length := _attribution_length(lines, place):
            after = _next_text(lines, place + length)
            quoted += lines[place : place + length]
            place += length
            if after is None or not lines[after].lstrip().startswith(">"):
                quoted += lines[place:]
                break
            continue
        own.append(lines[place])
        place += 1
    return own, quoted


def _ends_reply(lines: list[str], place: int) -> bool:
    """Whether another mail begins here, headers and all."""
    line = lines[place].strip()[:_LOOK]
    if not line:
        return False
    if _ORIGINAL.match(line):
        return True
    if _RULE.fullmatch(line):
        after = _next_text(lines, place + 1)
        return after is not None and _is_header_block(lines, after)
    return _is_header_block(lines, place)


def _is_header_block(lines: list[str], place: int) -> bool:
    if not _FROM.match(lines[place].strip()[:_LOOK]):
        return False
    following = [line.strip()[:_LOOK] for line in lines[place + 1 : place + 9] if line.strip()]
    return sum(_HEADER.match(line) is not None for line in following[:6]) >= 2


def _attribution_length(lines: list[str], place: int) -> int:
    """Return over how many lines "On …, … wrote:" goes, 0 where there is none."""
    first = lines[place].strip()[:_LOOK]
    if not _OPENING.match(first):
        return 0
    joined = ""
    for length in (1, 2, 3):
        if place + length > len(lines):
            return 0
        line = lines[place + length - 1].strip()[:_LOOK]
        if not line or line.startswith(">"):
            return 0
        joined = f"{joined} {line}".strip()
        if line.endswith((":", "\uff1a")) and _ATTRIBUTION.fullmatch(joined):
            return length
    return 0


def _next_text(lines: list[str], place: int) -> int | None:
    return next((n for n in range(place, min(place + 6, len(lines))) if lines[n].strip()), None)


def _without_signature(lines: list[str]) -> tuple[list[str], list[str]]:
    cut = _signature_start(lines)
    return (lines, []) if cut is None else (lines[:cut], lines[cut:])


def _signature_start(lines: list[str]) -> int | None:
    """Return where the signature begins: by its mark anywhere, by its words near the end."""
    last = max((n for n, line in enumerate(lines) if line.strip()), default=-1)
    found: int | None = None
    has_text = False
    for place, raw in enumerate(lines):
        line = raw.strip()
        left = last - place
        if has_text and (
            raw in ("-- ", "--\xa0")
            or (left <= _TAIL and line in ("--", "—", "---", "___"))
            or (left <= _TAIL and _PHONE.match(line[:_LOOK]))
            or (left <= _TAIL * 2 and _LEGAL.match(line[:_LOOK]))
            or (left <= _TAIL and len(line) <= 60 and _is_closing(lines, place, last))
        ):
            found = place
            break
        has_text = has_text or bool(line)
    return found


def _is_closing(lines: list[str], place: int, last: int) -> bool:
    """Whether these are the words before a name, with short lines after them to the end."""
    if not _CLOSING.fullmatch(lines[place].strip()):
        return False
    return all(len(line.strip()) <= 90 for line in lines[place + 1 : last + 1])


def _joined(lines: list[str]) -> str:
    text = "\n".join(line.rstrip() for line in lines).strip("\n")
    return re.sub(r"\n{3,}", "\n\n", text)
