"""The words of buttons in the website chat, by language, and colours that can be read."""

from __future__ import annotations

import re
from typing import Final

#: What is taken where a page asks for a language that is not here.
FALLBACK: Final = "en"
#: Colour of the chat where nobody chose one.
ACCENT: Final = "#1f4fd8"
_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")
_DARK, _LIGHT = "#000000", "#ffffff"

_NAMES: Final = (
    "open", "close", "unread", "log", "write", "send", "sending", "sent", "seen", "failed",
    "retry", "name", "email", "optional", "typing", "back", "lost", "thanks", "to_form", "to_chat",
    "form",
)  # fmt: skip
_ROWS: Final[dict[str, tuple[str, ...]]] = {
    "en": (
        "Open the chat", "Close the chat", "Open the chat, {n} unread", "Messages",
        "Your message", "Send", "Sending…", "Sent", "Seen", "Not sent.", "Try again", "Your name",
        "E-mail", "(optional)", "Somebody is writing…", "We are back {at}.",
        "No connection. We keep trying.", "Thank you. We answer by e-mail.",
        "Write us an e-mail instead", "Back to the chat",
        "Leave us a message. We answer by e-mail.",
    ),
    "de": (
        "Chat öffnen", "Chat schließen", "Chat öffnen, {n} ungelesen", "Nachrichten",
        "Ihre Nachricht", "Senden", "Wird gesendet …", "Gesendet", "Gesehen", "Nicht gesendet.",
        "Noch einmal", "Ihr Name", "E-Mail", "(freiwillig)", "Jemand schreibt …",
        "Wir sind wieder da: {at}.", "Keine Verbindung. Wir versuchen es weiter.",
        "Danke. Wir antworten per E-Mail.", "Lieber eine E-Mail schreiben", "Zurück zum Chat",
        "Hinterlassen Sie uns eine Nachricht. Wir antworten per E-Mail.",
    ),
    "fr": (
        "Ouvrir le chat", "Fermer le chat", "Ouvrir le chat, {n} non lus", "Messages",
        "Votre message", "Envoyer", "Envoi…", "Envoyé", "Vu", "Non envoyé.", "Réessayer",
        "Votre nom", "E-mail", "(facultatif)", "Quelqu’un écrit…", "De retour {at}.",
        "Pas de connexion. Nous réessayons.", "Merci. Nous répondons par e-mail.",
        "Écrire plutôt un e-mail", "Retour au chat",
        "Laissez-nous un message. Nous répondons par e-mail.",
    ),
    "es": (
        "Abrir el chat", "Cerrar el chat", "Abrir el chat, {n} sin leer", "Mensajes",
        "Su mensaje", "Enviar", "Enviando…", "Enviado", "Visto", "No enviado.",
        "Intentar de nuevo", "Su nombre", "Correo electrónico", "(opcional)",
        "Alguien está escribiendo…", "Volvemos el {at}.", "Sin conexión. Seguimos intentando.",
        "Gracias. Respondemos por correo.", "Mejor escribir un correo", "Volver al chat",
        "Déjenos un mensaje. Respondemos por correo.",
    ),
    "it": (
        "Apri la chat", "Chiudi la chat", "Apri la chat, {n} non letti", "Messaggi",
        "Il suo messaggio", "Invia", "Invio…", "Inviato", "Visto", "Non inviato.", "Riprova",
        "Il suo nome", "E-mail", "(facoltativo)", "Qualcuno sta scrivendo…", "Torniamo {at}.",
        "Nessuna connessione. Riproviamo.", "Grazie. Rispondiamo per e-mail.",
        "Scrivere piuttosto un’e-mail", "Torna alla chat",
        "Ci lasci un messaggio. Rispondiamo per e-mail.",
    ),
    "nl": (
        "Chat openen", "Chat sluiten", "Chat openen, {n} ongelezen", "Berichten", "Uw bericht",
        "Versturen", "Wordt verstuurd…", "Verstuurd", "Gezien", "Niet verstuurd.",
        "Opnieuw proberen", "Uw naam", "E-mail", "(optioneel)", "Iemand schrijft…",
        "We zijn terug: {at}.", "Geen verbinding. We blijven proberen.",
        "Dank u. We antwoorden per e-mail.", "Liever een e-mail schrijven", "Terug naar de chat",
        "Laat een bericht achter. We antwoorden per e-mail.",
    ),
}  # fmt: skip

WORDS: Final[dict[str, dict[str, str]]] = {
    language: dict(zip(_NAMES, row, strict=True)) for language, row in _ROWS.items()
}
#: Languages by their own names, as the settings offer them.
LANGUAGES: Final = (
    ("en", "English"), ("de", "Deutsch"), ("fr", "Français"), ("es", "Español"),
    ("it", "Italiano"), ("nl", "Nederlands"),
)  # fmt: skip


def language_of(asked: str) -> str:
    """Find the nearest language that there is: ``de`` for ``de-AT``.

    Parameters
    ----------
    asked : tag as browsers write it, or anything else
    """
    found = asked.strip().lower().replace("_", "-").partition("-")[0]
    return found if found in WORDS else FALLBACK


def colours_of(accent: str) -> tuple[str, str]:
    """Return a colour, and that of words on it: black or white, whichever is easier to read.

    Parameters
    ----------
    accent : as ``#1f4fd8``; anything else is taken for the usual one

    Returns
    -------
    accent and ink; their contrast is at least 4.5, whatever the accent is
    """
    ground = accent.lower() if _COLOUR.fullmatch(accent) else ACCENT
    light = contrast(ground, _LIGHT)
    return ground, _LIGHT if light >= 4.5 or light >= contrast(ground, _DARK) else _DARK


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, 1 to 21.

    Parameters
    ----------
    one, other : as ``#1f4fd8``

    References
    ----------
    WCAG 2.2, contrast ratio and relative luminance
    """
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
