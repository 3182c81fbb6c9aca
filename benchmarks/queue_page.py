"""Server time of ``/approvals/`` and the admin's lists over the load set.

First a growing load set shows that a page costs what is on it, not what is in the table; then every
kind of request is measured at the full size. Beside each stands a view that reads nothing.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace

from django.test import Client
from django.utils import timezone

from benchmarks.figures import Figure, quantile, reset_peak_mb
from benchmarks.pages import Request, browser_of, figures_of, hosts, times_of
from campaigns.models import AdAccount, AdChangeHistory
from campaigns.services.loadset import SLUG, load
from workspaces.models import Proposal, Status, Workspace

TARGET_MS = 150
GROWTH = (1, 4, 16)
HISTORY_EACH = 10  # rows for one waiting proposal


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
_OF_THE_API = (
    Request("REST: proposals", "/api/proposals/", "Ad set"),
    Request("… high risk", "/api/proposals/?risk=high", "Ad set"),
    Request("… a kind that none has", "/api/proposals/?kind=ab_test", "results"),
    Request("REST: pending ad changes", "/api/pending-ad-changes/", "Ad set"),
    Request("… bids", "/api/pending-ad-changes/?change_type=bid", "Ad set"),
)


def _figures(
    workspace: Workspace,
    client: Client,
    openings: int,
    growth: tuple[tuple[int, float], ...],
    peak: Callable[[], float],
) -> list[Figure]:
    pending = Proposal.objects.filter(workspace=workspace, status=Status.PENDING).count()
    history = AdChangeHistory.objects.filter(workspace=workspace).count()
    size = f"{pending:,} pending, {history:,} history rows"
    first, *others = figures_of(
        client, requests(workspace, client), openings, size=size, target_ms=TARGET_MS, peak=peak
    )
    return [replace(first, growth=growth), *others]


def requests(workspace: Workspace, client: Client) -> list[Request]:
    """Every kind of request to the queue, and the admin's and the API's lists of the same rows."""
    return [*_of_the_page(workspace, client), *_of_the_admin(workspace), *_OF_THE_API]


def _of_the_page(workspace: Workspace, client: Client) -> list[Request]:
    queue = client.get("/approvals/").content.decode()
    cursor = queue.partition("after=")[2].partition('"')[0].partition("&")[0]
    row = queue.partition('data-row="')[2].partition('"')[0]
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
    ]


def _of_the_admin(workspace: Workspace) -> list[Request]:
    changes = "/admin/campaigns"
    history = AdChangeHistory.objects.filter(workspace=workspace).order_by("-pk")
    newest, applied = history[0], history.filter(status="applied")[0]
    return [
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
