"""Figures for Prometheus, for those who hold the token only."""

from __future__ import annotations

from ipaddress import ip_address
from secrets import compare_digest

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from workspaces.services import metrics


@require_safe
@never_cache
def figures(request: HttpRequest) -> HttpResponse:
    """All figures; without ``METRICS_TOKEN`` only for this machine itself."""
    token = settings.METRICS_TOKEN
    if token and not _holds(request, token):
        return _refusal(
            "Send the installation's METRICS_TOKEN: Authorization: Bearer …", status=401
        )
    if not token and not _is_from_here(request):
        return _refusal("Only this machine may read figures; set METRICS_TOKEN.", status=403)
    return HttpResponse(metrics.exposition(now=timezone.now()), content_type=CONTENT_TYPE_LATEST)


def _holds(request: HttpRequest, token: str) -> bool:
    given = request.headers.get("Authorization", "")
    return compare_digest(given.encode(), f"Bearer {token}".encode())


def _is_from_here(request: HttpRequest) -> bool:
    """Whether a program of this machine asks, and not a proxy on it for somebody else."""
    if any(name in request.headers for name in ("Forwarded", "X-Forwarded-For", "X-Real-IP")):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _refusal(words: str, *, status: int) -> HttpResponse:
    response = HttpResponse(f"{words}\n", content_type="text/plain; charset=utf-8", status=status)
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="metrics"'
    return response
