"""Which workspace a browser request is in; how many requests there are."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from workspaces.selectors import current_membership
from workspaces.telemetry import count_request

SESSION_KEY = "workspace_id"


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class CountingMiddleware:
    """Count requests by their route, never by their address: those are without number."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response = self.get_response(request)
        found = request.resolver_match
        count_request(
            method=request.method if request.method in _METHODS else "other",
            route=_route(found.route) if found else "unknown",
            status=response.status_code,
            seconds=time.perf_counter() - started,
        )
        return response


def _route(pattern: str) -> str:
    return pattern if pattern.startswith("^") else f"/{pattern}"


class WorkspaceMiddleware:
    """Put ``membership`` and ``workspace`` on the request; both ``None`` for strangers.

    The session names the workspace; a membership that ended is not found any more, so the next
    one of the person is taken. Times are shown in the person's zone, else the workspace's.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        membership = None
        if request.user.is_authenticated:
            membership = current_membership(
                user=request.user,
                workspace_id=request.session.get(SESSION_KEY),
                now=timezone.now(),
            )
        request.membership = membership  # type: ignore[attr-defined]  # ours, typed by WorkspaceRequest
        request.workspace = membership.workspace if membership else None  # type: ignore[attr-defined]  # ours
        if membership is None:
            return self.get_response(request)
        zone = membership.user.time_zone or membership.workspace.time_zone
        with timezone.override(zone):
            return self.get_response(request)
