"""The door for webhooks: the signature is the authentication."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from workspaces.inbound.base import Call, UnreadableError
from workspaces.services import inbound


@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST"])
def receive(
    request: HttpRequest, provider: str, connection: UUID, sender: str = ""
) -> HttpResponse:
    """Verify, store, answer; GET is the handshake of senders that ask first.

    ``sender`` of an address names the provider for people; the connection knows which it is.
    """
    try:
        call = _call(request, provider, connection)
        if request.method == "GET":
            text = inbound.challenge(provider=provider, connection=connection, call=call)
            what = "application/json" if text.startswith("{") else "text/plain; charset=utf-8"
            return HttpResponse(text, content_type=what)
        receipt = inbound.receive(
            provider=provider, connection=connection, call=call, now=timezone.now()
        )
    except _TooLargeError as error:
        return _problem(413, f"The body is larger than {error.limit:,} bytes.")
    except inbound.NotAcceptedError:
        # One answer for a wrong address and for a wrong signature: neither tells about the other.
        return _problem(401, "This call is not signed for this address.")
    except UnreadableError as error:
        return _problem(400, str(error))
    except UnreadablePostError:
        return _problem(400, "The body ended too early; send it again.")
    if receipt.connection_id is not None:
        inbound.wake(connection_id=receipt.connection_id)
    return HttpResponse(receipt.provider.answer, content_type=receipt.provider.answer_type)


class _TooLargeError(Exception):
    """The body is not even read."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit


def _call(request: HttpRequest, provider: str, connection: UUID) -> Call:
    body = _body(request, provider, connection)
    query = request.META.get("QUERY_STRING", "")
    # From the configured address, never from Host: whoever calls may write anything there.
    url = settings.PUBLIC_BASE_URL.rstrip("/") + request.path + (f"?{query}" if query else "")
    return Call(
        method=request.method or "",
        url=url,
        headers={name.lower(): value for name, value in request.headers.items()},
        query=request.GET.dict(),
        body=body,
    )


def _body(request: HttpRequest, provider: str, connection: UUID) -> bytes:
    length = _length(request)
    if length <= inbound.MAX_BODY_BYTES:
        return request.body
    if length > (limit := inbound.body_limit(provider=provider, connection=connection)):
        raise _TooLargeError(limit)
    # Not by `body`, which refuses what is larger than forms of people are.
    return bytes(request.read(length))


def _length(request: HttpRequest) -> int:
    text = request.META.get("CONTENT_LENGTH") or ""
    return int(text[:20]) if text.isascii() and text.isdigit() else 0


def _problem(status: int, detail: str) -> JsonResponse:
    body = {"type": "about:blank", "status": status, "detail": detail}
    return JsonResponse(body, status=status, content_type="application/problem+json")
