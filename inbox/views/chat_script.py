"""The script of the website chat: what a site loads, with its own settings in it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from attribution.site_door import (
    caller_of_script,
    no_script,
    origin_of,
    script_answer,
    seconds_to_wait,
    too_many_scripts,
)
from inbox.selectors.chat import widget_of
from inbox.selectors.chat_script import chat_config

MAX_AGE_S: Final = 60  # how long a chat that was switched off is still shown
_BUILT: Final = Path(__file__).parents[1] / "widget" / "dist" / "chat.js"


@require_safe
def chat_script(request: HttpRequest) -> HttpResponseBase:
    """Answer with the script of a site's key; an empty one where its chat is off."""
    caller = caller_of_script(request)
    if caller is None or caller.site is None:
        return no_script(MAX_AGE_S)
    if wait_s := seconds_to_wait(caller, origin_of(request), "chat-script"):
        return too_many_scripts(wait_s)
    widget, is_preview = widget_of(caller.site), "preview" in request.GET
    if widget is None or not (widget.is_on or is_preview):
        return script_answer(request, "", max_age_s=MAX_AGE_S)
    head, tail = _script()
    config = chat_config(widget, language=request.GET.get("lang", ""), is_preview=is_preview)
    return script_answer(request, head + config + tail, max_age_s=MAX_AGE_S)


@cache
def _script() -> tuple[str, str]:
    head, _, tail = _BUILT.read_text().partition("CONFIG")
    return head, tail
