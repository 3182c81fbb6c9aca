"""What the script of a website's chat is told."""

from __future__ import annotations

import json
from typing import Any

from inbox.engine.chat_texts import WORDS, colours_of, language_of
from inbox.models import ChatWidget


def chat_config(widget: ChatWidget, *, language: str, is_preview: bool = False) -> str:
    """Settings of a chat as JSON that stands in a script: no text in it can end that."""
    lang = language_of(language or widget.language)
    accent, ink = colours_of(widget.accent)
    told: dict[str, Any] = {
        "key": widget.site.key,
        "lang": lang,
        "title": widget.title or widget.site.name,
        "greeting": widget.greeting,
        "offline": widget.offline_text,
        "consent": widget.consent_text,
        "asks_name": widget.asks_name,
        "asks_email": widget.asks_email,
        "accent": accent,
        "ink": ink,
        "words": WORDS[lang],
    }
    if is_preview:
        told["preview"] = True
    return json.dumps(told, separators=(",", ":"))
