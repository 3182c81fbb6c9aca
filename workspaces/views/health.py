"""Is the process up (liveness), can it work (readiness)."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from workspaces.services import health


@require_safe
@never_cache
def live(request: HttpRequest) -> JsonResponse:
    """The process answers; nothing else is asked, so that a slow database restarts nobody."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """Everything that work needs answers; else 503 with what is wrong."""
    checks = health.readiness()
    is_ready = all(check.is_ok for check in checks)
    body = {
        "status": "ok" if is_ready else "failed",
        "checks": {check.name: {"ok": check.is_ok, "words": check.words} for check in checks},
    }
    return JsonResponse(body, status=200 if is_ready else 503)
