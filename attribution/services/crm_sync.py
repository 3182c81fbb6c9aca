"""Read the deals that changed since last time: what webhooks missed is healed and reported."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import transaction

from attribution.engine.synthetic_revenue import stage_worth
from attribution.hubspot.client import SEARCH_CAP, SEARCH_PAGE, HubSpot
from attribution.hubspot.registry import client_of
from attribution.models import AdPipelineValue, Conversion, CrmSync, StageMapping
from attribution.selectors.revenue import ZERO, counted, credited_stock, current_values, stock_value
from attribution.services.crm_values import Ingested, ingest_ad_values
from attribution.services.hubspot_deals import Portal, take_deal
from attribution.services.hubspot_events import chunks, contacts_of_deals, note_error
from attribution.services.hubspot_origin import SOURCE
from campaigns.models import Ad
from workspaces import crypto
from workspaces.gate import GateError
from workspaces.models import Connection, ConnectionStatus, Workspace
from workspaces.platforms.errors import ErrorKind, PlatformError
from workspaces.services.jobs import Progress
from workspaces.services.refusals import RefusedError
from workspaces.services.webhooks_out import publish

SYNC_JOB: Final = "crm-sync"
POLL_JOB: Final = "crm-polling"
# The index is seconds behind, and not evenly so.
OVERLAP: Final = timedelta(minutes=5)
# A stage that is younger may still be told by its webhook.
ON_ITS_WAY: Final = timedelta(minutes=5)
# Below the five searches a second that a portal takes from all its apps together.
SEARCH_PAUSE_S: Final = 0.25
SLOW_DOWN_PCT: Final = 75.0
USUAL_RESET_S: Final = 10.0
_SHOWN: Final = 50
_BEGINNING = datetime(2006, 1, 1, tzinfo=UTC)  # the year HubSpot was founded
_PASSING = (ErrorKind.THROTTLED, ErrorKind.TRANSIENT, ErrorKind.UNKNOWN)

Pause = Callable[[float], None]


class CrmSyncFailedError(RefusedError):
    """Some portals or deals could not be read; all others are up to date."""


class CrmSyncPausedError(CrmSyncFailedError):
    """The portal does not answer for now; the next try goes on where this one ended."""


@dataclass
class Synced:
    """What a sync read and what it found to differ."""

    read: int = 0
    new_moves: int = 0
    healed: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    values: Ingested = field(default_factory=lambda: Ingested(0, []))


def sync_workspace(progress: Progress) -> None:
    """Body of the hourly job: every portal of the workspace of a run."""
    _sync_all(progress, lambda secret: True, is_poll=False)


def poll_workspace(progress: Progress) -> None:
    """Body of the job of every five minutes: portals that send us no webhooks."""
    _sync_all(progress, lambda secret: not secret.get("client_secret"), is_poll=True)


def _sync_all(
    progress: Progress, wants: Callable[[Mapping[str, str]], bool], *, is_poll: bool
) -> None:
    """Sync portals in turn, one failing alone.

    Raises
    ------
    CrmSyncFailedError : names what could not be read, when all others are done
    """
    failed: list[str] = []
    passing = False
    for connection in Connection.objects.filter(
        workspace=progress.workspace, kind=SOURCE, status=ConnectionStatus.ACTIVE
    ).select_related("workspace"):
        if not wants(crypto.decrypt(connection.secret)):
            continue
        progress.step(f"Reading deals of {connection.name}")
        try:
            done = sync_portal(connection=connection, now=progress.now, is_poll=is_poll)
        except PlatformError as error:
            failed.append(f"{connection.name}: {error.message}")
            passing = passing or error.kind in _PASSING
            continue
        except GateError as error:
            failed.append(f"{connection.name}: {error}")
            continue
        failed += done.refused[:_SHOWN]
        progress.count(
            deals=done.read, moves=done.new_moves, healed=len(done.healed),
            ads=done.values.updated, unknown_ads=len(done.values.unknown),
        )  # fmt: skip
    if failed:
        raise (CrmSyncPausedError if passing else CrmSyncFailedError)(" ".join(failed))


def sync_portal(
    *, connection: Connection, now: datetime, is_poll: bool = False, pause: Pause = time.sleep
) -> Synced:
    """Read what changed since the watermark, then set the pipeline value of every ad.

    Raises
    ------
    PlatformError : HubSpot refused or did not answer; what was read until then is kept
    NoStageValuesError : the workspace has not said what its stages are worth
    """
    current_values(workspace=connection.workspace, now=now)
    secret = crypto.decrypt(connection.secret)
    row, _ = CrmSync.objects.get_or_create(connection=connection, workspace=connection.workspace)
    try:
        client = client_of(connection, secret)
        try:
            done = _read(client, connection, secret, row, now, pause)
        finally:
            client.close()
    except PlatformError as error:
        note_error(connection, error, now)
        raise
    _finish(connection, secret["portal_id"], row, done, now, is_poll=is_poll)
    return done


def _read(
    client: HubSpot,
    connection: Connection,
    secret: Mapping[str, str],
    row: CrmSync,
    now: datetime,
    pause: Pause,
) -> Synced:
    portal = Portal(connection.workspace, secret["portal_id"], client.stage_labels())
    _label_stages(portal)
    done = Synced()
    # Without webhooks, or at the first time, everything is new and nothing was missed.
    told_by = now - ON_ITS_WAY if row.watermark_at and secret.get("client_secret") else None
    since = row.watermark_at - OVERLAP if row.watermark_at else _BEGINNING
    for page in _changed(client, since, pause):
        for ids in chunks([deal for deal, _ in page]):
            _take(client, portal, ids, done, told_by, now)
        row.watermark_at = max(
            [at for _, at in page] + ([row.watermark_at] if row.watermark_at else [])
        )
        row.save(update_fields=["watermark_at"])
        if client.usage.pct >= SLOW_DOWN_PCT:
            pause(client.usage.reset_after_s or USUAL_RESET_S)
    return done


def _changed(
    client: HubSpot, since: datetime, pause: Pause
) -> Iterator[list[tuple[str, datetime]]]:
    """Yield changed deals page by page, each change once, also beyond the cap of a search."""
    seen: set[tuple[str, datetime]] = set()
    after, count = "", 0
    while True:
        page = client.changed_deals(since, after=after, limit=SEARCH_PAGE)
        new = [one for one in page.rows if one not in seen]
        seen.update(new)
        if new:
            yield new
        after, count = page.after, count + len(page.rows)
        if not after:
            return
        if count + SEARCH_PAGE > SEARCH_CAP:
            # Deep pages do not exist: begin again where this search ended. A whole search of one
            # millisecond would begin at itself for ever.
            last = page.rows[-1][1]
            since = last if last > since else last + timedelta(milliseconds=1)
            after, count = "", 0
        pause(SEARCH_PAUSE_S)


def _take(
    client: HubSpot,
    portal: Portal,
    ids: Sequence[str],
    done: Synced,
    told_by: datetime | None,
    now: datetime,
) -> None:
    found = client.read_deals(ids)
    contacts = contacts_of_deals(client, portal, list(found.deals))
    for deal in found.deals.values():
        try:
            recorded = take_deal(
                portal=portal, deal=deal, contacts=contacts.get(deal.id, ()), now=now
            )
        except RefusedError as error:
            done.refused.append(f"Deal {deal.id}: {error}")
            continue
        done.read += 1
        done.new_moves += recorded.new_moves
        rows = recorded.deal.stage_changes.filter(source_event__in=recorded.new_events)
        late = rows.filter(at__lt=told_by).order_by("at", "pk") if told_by else rows.none()
        if stages := list(late.values_list("stage", flat=True)):
            done.healed.append({"deal": deal.id, "stages": stages})


def _label_stages(portal: Portal) -> None:
    """Give stages that a webhook saw first the name that the portal has for them."""
    nameless = StageMapping.objects.filter(
        workspace=portal.workspace, source=SOURCE, portal=portal.id, label=""
    )
    for row in nameless:
        row.label = portal.labels.get((row.pipeline, row.stage), "")[:200]
    StageMapping.objects.bulk_update([row for row in nameless if row.label], ["label"])


@transaction.atomic
def _finish(
    connection: Connection,
    portal_id: str,
    row: CrmSync,
    done: Synced,
    now: datetime,
    *,
    is_poll: bool,
) -> None:
    done.values = set_ad_values(workspace=connection.workspace, portal_id=portal_id, now=now)
    row.finished_at, row.deals_read, row.deals_healed = now, done.read, len(done.healed)
    row.differences = done.healed[:_SHOWN]
    row.save(update_fields=["finished_at", "deals_read", "deals_healed", "differences"])
    Connection.objects.filter(pk=connection.pk).update(last_ok_at=now, last_error="")
    if is_poll and not done.new_moves:
        return
    publish(
        workspace=connection.workspace,
        event_type="sync.finished",
        event_id=f"{connection.public_id}:{round(now.timestamp())}",
        data={
            "connection_id": str(connection.public_id),
            "kind": connection.kind,
            "deals_read": done.read,
            "moves": done.new_moves,
            "deals_healed": len(done.healed),
            "ads_updated": done.values.updated,
            "unknown_ads": done.values.unknown[:_SHOWN],
        },
        now=now,
    )


def set_ad_values(*, workspace: Workspace, portal_id: str, now: datetime) -> Ingested:
    """Set the pipeline value of each ad from the portal's deals; unknown ads go to quarantine."""
    values = current_values(workspace=workspace, now=now)
    label = f"{SOURCE}:{portal_id}"
    deals = counted(workspace).filter(source=SOURCE, portal=portal_id)
    stock = credited_stock(workspace, deals)
    # Ads whose deals went elsewhere since the last report are worth nothing now.
    before = AdPipelineValue.objects.filter(workspace=workspace, source=label, value__gt=0)
    ads = {*stock, *before.values_list("ad_id", flat=True)}
    public = dict(Ad.objects.filter(pk__in=ads).values_list("pk", "public_id"))
    told = {str(public[ad]): stock_value(stock.get(ad, {}), values) for ad in ads}
    unknown: dict[str, Decimal] = {}
    given = _given_ads(workspace, portal_id)
    for deal in deals.filter(ad=None, external_id__in=given):
        worth = stage_worth(values, deal.stage, deal.amount).value
        name = given[deal.external_id]
        unknown[name] = unknown.get(name, ZERO) + worth
    return ingest_ad_values(workspace=workspace, values={**unknown, **told}, source=label, now=now)


def _given_ads(workspace: Workspace, portal_id: str) -> dict[str, str]:
    """Ads that contacts name and nobody knows, by deal."""
    rows = Conversion.objects.filter(
        workspace=workspace, conversion_id__startswith=f"{SOURCE}:{portal_id}:", ad=None
    ).exclude(given_ad="")
    return {
        conversion_id.rpartition(":")[2]: ad
        for conversion_id, ad in rows.values_list("conversion_id", "given_ad")
    }
