"""Server time of pages, opened by a browser of the tests; beside each a view that reads nothing."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings

from benchmarks.figures import Figure, quantile
from workspaces.middleware import SESSION_KEY
from workspaces.models import Membership, User, Workspace

MOST_QUERIES = 12
_WARM_UP = 3
_HTMX = {"HX-Request": "true"}


@dataclass(frozen=True)
class Request:
    """One kind of request: what a person does, its address, what the answer shows."""

    name: str
    path: str
    shows: str
    is_fragment: bool = False


def figures_of(
    client: Client,
    requests: Sequence[Request],
    openings: int,
    *,
    size: str,
    target_ms: int,
    peak: Callable[[], float],
) -> list[Figure]:
    """Open each so many times; the first figure says of what ``size`` the tables are."""
    # As a web process does, see config.wsgi.
    gc.collect()
    gc.freeze()
    limit = quantile(times_of(client, Request("", "/healthz", ""), openings), 0.95)
    figures = []
    for number, request in enumerate(requests):
        times = times_of(client, request, openings)
        sys.stderr.write(f"{request.name}: {quantile(times, 0.5):.0f} ms\n")
        value = quantile(times, 0.95)
        figures.append(
            Figure(
                name=f"{request.name} p95" + ("" if number else f", {size}"),
                value=value,
                unit=f"ms (p50 {quantile(times, 0.5):.0f}, {queries_of(client, request)} queries)",
                limit_name="ms for a view that reads nothing (/healthz)",
                limit=limit,
                target=f"≤ {target_ms} ms",
                is_met=value <= target_ms,
                peak_mb=None if number else peak(),
                facts={"p50_ms": quantile(times, 0.5)},
            )
        )
    return figures


def hosts() -> override_settings:
    """Let the test client in."""
    return override_settings(ALLOWED_HOSTS=[*settings.ALLOWED_HOSTS, "testserver"])


def browser_of(workspace: Workspace) -> Client:
    """Log an approver of a workspace in."""
    person, _ = User.objects.get_or_create(email=f"approver@{workspace.slug}.example")
    Membership.objects.get_or_create(
        workspace=workspace, user=person, defaults={"role": "approver"}
    )
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[SESSION_KEY] = workspace.pk
    session.save()
    return client


def _open(client: Client, request: Request) -> None:
    answer = client.get(request.path, headers=_HTMX if request.is_fragment else {})
    if answer.status_code != 200 or request.shows not in answer.content.decode():
        raise RuntimeError(
            f"{request.path} answered {answer.status_code} without {request.shows!r}"
        )


def times_of(client: Client, request: Request, openings: int) -> list[float]:
    """Milliseconds of each opening, after a few that do not count."""
    for _ in range(_WARM_UP):
        _open(client, request)
    times = []
    for _ in range(openings):
        started = time.perf_counter()
        _open(client, request)
        times.append((time.perf_counter() - started) * 1000)
    return times


def queries_of(client: Client, request: Request) -> int:
    """How many queries one opening takes."""
    with CaptureQueriesContext(connection) as queries:
        _open(client, request)
    if len(queries) > MOST_QUERIES:
        raise RuntimeError(f"{request.path} takes {len(queries)} queries, over {MOST_QUERIES}")
    return len(queries)
