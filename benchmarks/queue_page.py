"""Server time of ``/approvals/`` over a growing load set, beside a view that reads nothing."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.test import Client
from django.test.utils import override_settings
from django.utils import timezone

from benchmarks.figures import Figure, quantile, reset_peak_mb
from campaigns.services.loadset import ATTEMPTS_EACH, load
from workspaces.middleware import SESSION_KEY
from workspaces.models import Membership, User, Workspace

TARGET_MS = 150
GROWTH = (1, 4, 16)
REQUESTS = 40
_WARM_UP = 3


def run(proposals: int) -> list[Figure]:
    """Open the first page at a sixteenth, a quarter and all of the proposals."""
    with override_settings(ALLOWED_HOSTS=[*settings.ALLOWED_HOSTS, "testserver"]):
        return [_page(proposals)]


def _page(proposals: int) -> Figure:
    growth = []
    client: Client | None = None
    peak = reset_peak_mb()
    for factor in GROWTH:
        size = max(1, proposals * factor // GROWTH[-1])
        workspace = load(proposals=size, history=size * ATTEMPTS_EACH, now=timezone.now())
        client = client or _browser(workspace)
        growth.append((size, _p95_ms(client, "/approvals/", "Ad set")))
    assert client is not None
    value, limit = growth[-1][1], _p95_ms(client, "/healthz", "")
    history = growth[-1][0] * ATTEMPTS_EACH
    return Figure(
        name=f"/approvals/ p95, {growth[-1][0]:,} pending, {history:,} history rows",
        value=value,
        unit="ms",
        limit_name="ms for a view that reads nothing (/healthz)",
        limit=limit,
        target=f"≤ {TARGET_MS} ms",
        is_met=value <= TARGET_MS,
        growth=tuple(growth),
        peak_mb=peak(),
    )


def _browser(workspace: Workspace) -> Client:
    person = User.objects.create(email=f"approver@{workspace.slug}.example")
    Membership.objects.create(workspace=workspace, user=person, role="approver")
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[SESSION_KEY] = workspace.pk
    session.save()
    return client


def _p95_ms(client: Client, path: str, expected: str) -> float:
    def open_page() -> None:
        answer = client.get(path)
        if answer.status_code != 200 or expected not in answer.content.decode():
            raise RuntimeError(f"{path} answered {answer.status_code} without {expected!r}")

    for _ in range(_WARM_UP):
        open_page()
    return quantile([_ms(open_page) for _ in range(REQUESTS)], 0.95)


def _ms(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000
