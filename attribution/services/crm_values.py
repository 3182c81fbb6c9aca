"""Pipeline value per ad as CRMs sum it up; ids we do not know wait in quarantine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import F

from attribution.models import AdPipelineValue, QuarantinedAd
from campaigns.models import Ad
from campaigns.selectors.lookup import find_entity
from workspaces.gate import NotAllowedError, StateError
from workspaces.models import User, Workspace
from workspaces.roles import Role
from workspaces.selectors import effective_rank
from workspaces.services.locks import lock_names


@dataclass(frozen=True)
class Ingested:
    """What became of a report: ads that were set, and ids that nobody knows."""

    updated: int
    unknown: list[str]


@transaction.atomic
def ingest_ad_values(
    *, workspace: Workspace, values: Mapping[str, Decimal], source: str, now: datetime
) -> Ingested:
    """Set the pipeline value of each ad named; what we do not know is kept in quarantine.

    Ids are ours or the platform's. An id that several accounts use is as good as unknown, until
    a person says which ad it is.
    """
    lock_names([f"crm_values:{workspace.pk}"])
    known = _known(workspace, source, list(values))
    totals: dict[int, Decimal] = {}
    for given, ad in known.items():
        # Two ids of one ad, ours and the platform's, are two parts of its value.
        totals[ad] = totals.get(ad, Decimal(0)) + values[given]
    AdPipelineValue.objects.bulk_create(
        [
            AdPipelineValue(
                workspace=workspace, ad_id=ad, value=value, source=source, reported_at=now
            )
            for ad, value in sorted(totals.items())
        ],
        update_conflicts=True,
        unique_fields=["ad"],
        update_fields=["value", "source", "reported_at"],
    )
    unknown = {given: value for given, value in values.items() if given not in known}
    _quarantine(workspace, unknown, source, now)
    return Ingested(len(totals), sorted(unknown))


def _known(workspace: Workspace, source: str, given: list[str]) -> dict[str, int]:
    """Our id of each ad named that can be told for certain."""
    told = QuarantinedAd.objects.filter(
        workspace=workspace, source=source, given__in=given, ad__isnull=False
    )
    found: dict[str, int] = {row.given: row.ad_id for row in told if row.ad_id is not None}
    seen: dict[str, set[int]] = {}
    ads = Ad.objects.filter(workspace=workspace)
    for pk, external_id in ads.filter(external_id__in=given).values_list("pk", "external_id"):
        seen.setdefault(external_id, set()).add(pk)
    for pk, public_id in ads.filter(public_id__in=_uuids(given)).values_list("pk", "public_id"):
        seen.setdefault(str(public_id), set()).add(pk)
    for name, pks in seen.items():
        if len(pks) == 1:
            found.setdefault(name, next(iter(pks)))
    return found


def _uuids(given: list[str]) -> list[str]:
    return [name for name in given if len(name) == 36 and name.count("-") == 4 and _is_hex(name)]


def _is_hex(name: str) -> bool:
    return all(sign in "0123456789abcdef-" for sign in name)


def _quarantine(
    workspace: Workspace, unknown: Mapping[str, Decimal], source: str, now: datetime
) -> None:
    rows = QuarantinedAd.objects.filter(workspace=workspace, source=source, given__in=unknown)
    standing = {row.given: row for row in rows}
    for given, row in standing.items():
        row.value = unknown[given]
        row.times = F("times") + 1
        row.last_seen_at = now
    QuarantinedAd.objects.bulk_update(standing.values(), ["value", "times", "last_seen_at"])
    QuarantinedAd.objects.bulk_create(
        QuarantinedAd(
            workspace=workspace,
            source=source,
            given=given,
            value=value,
            first_seen_at=now,
            last_seen_at=now,
        )
        for given, value in sorted(unknown.items())
        if given not in standing
    )


@transaction.atomic
def resolve_ad(*, quarantined: QuarantinedAd, ad_id: str, by: User, now: datetime) -> QuarantinedAd:
    """Say which ad an id stands for; its value goes there, and so will later reports.

    Raises
    ------
    NotAllowedError : it needs the role of operator
    StateError : somebody did so already
    RequestError : there is no such ad in this workspace
    """
    workspace = quarantined.workspace
    if effective_rank(user=by, workspace=workspace, now=now) < Role.OPERATOR.rank:
        raise NotAllowedError("Resolving an unknown ad needs the role of operator.")
    ad = find_entity(Ad, workspace=workspace, given=ad_id.strip(), field="ad_id")
    done = QuarantinedAd.objects.filter(pk=quarantined.pk, ad=None).update(
        ad=ad, resolved_by=by, resolved_at=now
    )
    if not done:
        raise StateError("Somebody has said which ad this is already.")
    quarantined.refresh_from_db()
    value, is_new = AdPipelineValue.objects.get_or_create(
        ad=ad,
        defaults={
            "workspace": workspace,
            "value": quarantined.value,
            "source": quarantined.source,
            "reported_at": quarantined.last_seen_at,
        },
    )
    if not is_new and value.reported_at <= quarantined.last_seen_at:
        AdPipelineValue.objects.filter(pk=value.pk).update(
            value=quarantined.value,
            source=quarantined.source,
            reported_at=quarantined.last_seen_at,
        )
    return quarantined
