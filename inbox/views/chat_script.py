"""The script of the website chat: what a site loads, with its own settings in it."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from attribution.selectors.website.keys import site_of_key
from attribution.site_door import SiteCaller, origin_of, seconds_to_wait
from inbox.selectors.chat import widget_of
from inbox.selectors.chat_script import chat_config

MAX_AGE_S: Final = 60  # how long a chat that was switched off is still shown
_BUILT: Final = Path(__file__).parents[1] / "widget" / "dist" / "chat.js"
_SHARED: Final = {
    "Content-Type": "text/javascript; charset=utf-8",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}


@require_safe
def chat_script(request: HttpRequest) -> HttpResponseBase:
    """Answer with the script of a site's key; an empty one where its chat is off."""
    _forget_cookie(request)
    found = site_of_key(request.GET.get("site", ""))
    if found is None:
        return _answer(request, "// There is no active website of this key.\n", status=404)
    site, rates = found
    caller = SiteCaller(site.workspace, None, "", None, site, rates)
    if wait_s := seconds_to_wait(caller, origin_of(request), "chat-script"):
        return _too_many(wait_s)
    widget, is_preview = widget_of(site), "preview" in request.GET
    if widget is None or not (widget.is_on or is_preview):
        return _answer(request, "")
    head, tail = _script()
    config = chat_config(widget, language=request.GET.get("lang", ""), is_preview=is_preview)
    return _answer(request, head + config + tail)


def _forget_cookie(request: HttpRequest) -> None:
    """Nothing here depends on who is logged in, as the log asks: caches keep one copy for all."""
    request.session.accessed = False
    request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)


@cache
def _script() -> tuple[str, str]:
    head, _, tail = _BUILT.read_text().partition("CONFIG")
    return head, tail


def _answer(request: HttpRequest, text: str, *, status: int = 200) -> HttpResponseBase:
    body = text.encode()
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:24]}"'
    headers = _SHARED | {
        "Cache-Control": f"max-age={MAX_AGE_S}, public",
        "ETag": etag,
        "Vary": "Accept-Encoding",
    }
    if "gzip" in request.headers.get("Accept-Encoding", "") and len(body) > 200:
        body = gzip.compress(body, 6, mtime=0)
        headers["Content-Encoding"] = "gzip"
    answer = HttpResponse(body, status=status, headers=headers)
    if status != 200:
        return answer
    return get_conditional_response(request, etag=etag, response=answer) or answer


def _too_many(wait_s: int) -> HttpResponse:
    """No script: the page has no chat. Nobody keeps that."""
    headers = _SHARED | {"Cache-Control": "no-store", "Retry-After": str(wait_s)}
    return HttpResponse("// Too many calls.\n", status=429, headers=headers)
