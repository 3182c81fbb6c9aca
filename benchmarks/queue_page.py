"""Server time of ``/approvals/`` and the admin's lists over the load set.

First a growing load set shows that a page costs what is on it, not what is in the table; then every
kind of request is measured at the full size. Beside each stands a view that reads nothing.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone

from benchmarks.figures import Figure, quantile, reset_peak_mb
from campaigns.models import AdAccount, AdChangeHistory
from campaigns.services.loadset import SLUG, load
from workspaces.middleware import SESSION_KEY
from workspaces.models import Membership, Proposal, Status, User, Workspace

TARGET_MS = 150
MOST_QUERIES = 12
GROWTH = (1, 4, 16)
HISTORY_EACH = 10  # rows for one waiting proposal
_WARM_UP = 3
_HTMX = {"HX-Request": "true"}


@dataclass(frozen=True)
class Request:
    """One kind of request: what a person does, its address, what the answer shows."""

    name: str
    path: str
    shows: str
    is_fragment: bool = False


def run(proposals: int, openings: int) -> list[Figure]:
    """Fill a load set to a sixteenth, a quarter and all of the proposals, and open its pages."""
    growth, peak = [], reset_peak_mb()
    with hosts():
        for factor in GROWTH:
            size = max(1, proposals * factor // GROWTH[-1])
            started = time.perf_counter()
            workspace = load(proposals=size, history=size * HISTORY_EACH, now=timezone.now())
            sys.stderr.write(f"{size:,} loaded in {time.perf_counter() - started:.0f} s\n")
            client = browser_of(workspace)
            growth.append((size, quantile(times_of(client, _FIRST, openings), 0.95)))
        return _figures(workspace, client, openings, tuple(growth), peak)


def measure_standing(openings: int) -> list[Figure]:
    """Measure on the load set that the database holds already."""
    workspace = Workspace.objects.filter(slug=SLUG).first()
    if workspace is None:
        raise SystemExit("This database holds no load set. Fill it first: manage.py loadset")
    with hosts():
        return _figures(workspace, browser_of(workspace), openings, (), reset_peak_mb())


_FIRST = Request("/approvals/", "/approvals/", "Ad set")


def _figures(
    workspace: Workspace,
    client: Client,
    openings: int,
    growth: tuple[tuple[int, float], ...],
    peak: Callable[[], float],
) -> list[Figure]:
    limit = quantile(times_of(client, Request("", "/healthz", ""), openings), 0.95)
    pending = Proposal.objects.filter(workspace=workspace, status=Status.PENDING).count()
    history = AdChangeHistory.objects.filter(workspace=workspace).count()
    figures = []
    for request in requests(workspace, client):
        times = times_of(client, request, openings)
        sys.stderr.write(f"{request.name}: {quantile(times, 0.5):.0f} ms\n")
        is_first = request.name == _FIRST.name
        size = f", {pending:,} pending, {history:,} history rows" if is_first else ""
        value = quantile(times, 0.95)
        figures.append(
            Figure(
                name=f"{request.name} p95{size}",
                value=value,
                unit=f"ms (p50 {quantile(times, 0.5):.0f}, {queries_of(client, request)} queries)",
                limit_name="ms for a view that reads nothing (/healthz)",
                limit=limit,
                target=f"≤ {TARGET_MS} ms",
                is_met=value <= TARGET_MS,
                growth=growth if is_first else (),
                peak_mb=peak() if is_first else None,
                facts={"p50_ms": quantile(times, 0.5)},
            )
        )
    return figures


def requests(workspace: Workspace, client: Client) -> list[Request]:
    """Every kind of request to the queue, and the admin's lists over the same rows."""
    queue = client.get("/approvals/").content.decode()
    cursor = queue.partition("after=")[2].partition('"')[0].partition("&")[0]
    row = queue.partition('data-row="')[2].partition('"')[0]
    changes = "/admin/campaigns"
    history = AdChangeHistory.objects.filter(workspace=workspace).order_by("-pk")
    newest, applied = history[0], history.filter(status="applied")[0]
    waiting = [
        ("next page", f"after={cursor}"),
        ("kind", "kind=ad_change"),
        ("low risk", "risk=low"),
        ("proposer", "proposer=model:portfolio"),
        ("at least 60 a day", "low=60"),
        ("at most 0.30 a day", "high=0.30"),
        ("search for a word", "q=pause"),
        ("search for a rare word", "q=s77"),
        ("search for words that all rows hold, and a rare one", "q=Ad+set+77"),
    ]
    waiting += [
        (f"account “{account.name}”", f"account={account.public_id}")
        for account in AdAccount.objects.filter(workspace=workspace).order_by("pk")
        if Proposal.objects.filter(
            workspace=workspace,
            status=Status.PENDING,
            subject_key__startswith=f"{account.platform}:{account.external_id}:",
        ).exists()
    ]
    return [
        _FIRST,
        *(Request(f"… {name}", f"/approvals/?{query}", "Ad set") for name, query in waiting),
        Request("… search without a hit", "/approvals/?q=zebra", "Nothing matches"),
        Request("… done", "/approvals/?tab=done", "Ad set"),
        Request("… news for a watcher", "/approvals/changes?since=-1", "Ad set", is_fragment=True),
        Request("… opening a row", f"/approvals/{row}/", "Reason", is_fragment=True),
        Request("admin: proposals", "/admin/workspaces/proposal/", "Ad set"),
        Request("… search", "/admin/workspaces/proposal/?q=s77", "Ad set 77"),
        Request("admin: pending ad changes", f"{changes}/pendingadchange/", "Ad set"),
        Request("… search", f"{changes}/pendingadchange/?q=s77", "Ad set 77"),
        Request(
            "admin: ad change history", f"{changes}/adchangehistory/", newest.entity_external_id
        ),
        Request("… search", f"{changes}/adchangehistory/?q=s77", "s77"),
        Request(
            "… applied", f"{changes}/adchangehistory/?status=applied", applied.entity_external_id
        ),
    ]


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
