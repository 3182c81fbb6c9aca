"""What the addresses in messages lead to: links, the picture, leaving, and what one may choose.

Nobody is logged in here: the token in the address is all the right that there is.
"""

from __future__ import annotations

import base64
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from outreach.addresses import preferences_address, reference_of
from outreach.engine.links import LinkKind, Reference
from outreach.engine.readers import is_machine
from outreach.link_limits import WINDOW_S, is_flooding, is_guessing
from outreach.models import EventKind, OutreachMessage, TrackedLink
from outreach.services.hearing import Heard, hear
from outreach.services.leaving import choices_of, choose, message_named, unsubscribe
from workspaces.ids import uuid7

#: Beyond so many of one message, somebody plays with its address; nothing is kept any more.
_MOST: Final = 1_000
_PIXEL: Final = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


@never_cache
@require_safe
def click(request: HttpRequest, token: str) -> HttpResponse:
    """Lead to where a link of a message leads; only to addresses that a message held."""
    reference = reference_of(LinkKind.CLICK, token)
    if reference is None and is_guessing(request):
        return _busy()
    message = _message(reference)
    link = (
        TrackedLink.objects.filter(pk=reference.link, workspace=message.workspace_id).first()
        if reference and message
        else None
    )
    if message is None or link is None:
        return _gone(request)
    _note(request, message, EventKind.CLICKED, message.click_count, url=link.url)
    answer = HttpResponse(status=302)
    answer["Location"] = link.url
    answer["Referrer-Policy"] = "no-referrer"
    return answer


@never_cache
@require_safe
def pixel(request: HttpRequest, token: str) -> HttpResponse:
    """Answer with the picture, whoever asks."""
    reference = reference_of(LinkKind.OPEN, token)
    if reference is None and is_guessing(request):
        return _busy()
    message = _message(reference)
    if message is not None:
        _note(request, message, EventKind.OPENED, message.open_count)
    answer = HttpResponse(_PIXEL, content_type="image/gif")
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """POST unsubscribes at once, without cookies (RFC 8058); GET asks, since filters follow links.

    A token of nobody is answered like any other: who guesses learns nothing.
    """
    reference = reference_of(LinkKind.UNSUBSCRIBE, token)
    if reference is None and is_guessing(request):
        return _busy()
    message = _message(reference)
    if request.method != "POST":
        return _shown(request, "recipients/leave.html", message)
    if message is not None:
        by = "one click" if "confirm" not in request.POST else "unsubscribe page"
        unsubscribe(message=message, how=by, now=timezone.now())
    return _shown(request, "recipients/left.html", message)


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """Show by which channels marketing comes, and take another choice."""
    reference = reference_of(LinkKind.PREFERENCES, token)
    if reference is None and is_guessing(request):
        return _busy()
    message = _message(reference)
    if message is None:
        return _gone(request)
    is_saved = request.method == "POST"
    if is_saved:
        wanted = request.POST.getlist("channel")
        choices = choose(contact=message.contact, channels=wanted, now=timezone.now())
    else:
        choices = choices_of(message.contact)
    context = {"choices": choices, "is_saved": is_saved}
    return _shown(request, "recipients/preferences.html", message, **context)


def _message(reference: Reference | None) -> OutreachMessage | None:
    return message_named(reference.message) if reference else None


def _note(
    request: HttpRequest, message: OutreachMessage, kind: EventKind, count: int, url: str = ""
) -> None:
    """Keep that somebody looked; not that a machine did, which looks at everything."""
    now = timezone.now()
    headers = {name.lower(): value for name, value in request.headers.items()}
    method = request.method or ""
    if count >= _MOST or is_machine(headers, method=method, sent_at=message.sent_at, now=now):
        return
    if is_flooding(request):
        return
    told = Heard(
        kind=kind,
        at=now,
        key=f"{kind}:{uuid7()}",
        message=message.public_id,
        detail={"url": url} if url else {},
    )
    hear(workspace=message.workspace, events=[told], now=now)


def _shown(
    request: HttpRequest, template: str, message: OutreachMessage | None, **context: object
) -> HttpResponse:
    context |= {
        "sender": message.workspace.name if message else "",
        "address": masked(message.point.address) if message else "",
        "channel": message.get_channel_display() if message else "",
        "preferences": preferences_address(message.public_id) if message else "",
    }
    return render(request, template, context)


def _busy() -> HttpResponse:
    answer = HttpResponse("Too many addresses that nobody sent. Try again in a minute.", status=429)
    answer["Content-Type"] = "text/plain; charset=utf-8"
    answer["Retry-After"] = str(WINDOW_S)
    return answer


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "recipients/gone.html", status=404)


def masked(address: str) -> str:
    """An address that its owner knows again and a passer-by does not learn."""
    name, at, domain = address.partition("@")
    return f"{name[:1]}•••{at}{domain}" if at else f"•••{address[-3:]}"
