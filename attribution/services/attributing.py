"""One conversion at a time: find its click, keep what was tried."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet

from attribution.engine.matching import (
    CANDIDATES_KEPT,
    LAYERS,
    Attribution,
    ClickSeen,
    Evidence,
    Method,
    Windows,
    attribute,
)
from attribution.models import (
    AttemptTrigger,
    AttributionAttempt,
    AttributionMethod,
    AttributionPolicy,
    Click,
    Conversion,
)
from attribution.models.clicks import CLICK_ID_KINDS, IDENTITY_KINDS
from attribution.models.policy import MOST_WINDOW_HOURS
from workspaces.models import Workspace
from workspaces.services.webhooks_out import publish

# More wait for the matching job: a click is answered at once.
LATE_AT_ONCE: Final = 20
# Its click is purged: what it said then stands, as nothing can be compared with it any more.
SETTLED: Final = ~Q(method=AttributionMethod.UNATTRIBUTED) & Q(attributed_click=None)


def windows_of(*, workspace: Workspace) -> Windows:
    """Hours of each layer in a workspace."""
    policy = AttributionPolicy.objects.filter(workspace=workspace).first()
    return policy.windows if policy else Windows()


@transaction.atomic
def attribute_conversion(
    *, conversion: Conversion, trigger: AttemptTrigger, now: datetime
) -> Conversion:
    """Look at all layers, write the answer and the attempt; returns the row as it is now."""
    started_s = time.perf_counter()
    row = Conversion.objects.select_for_update().get(
        pk=conversion.pk, workspace=conversion.workspace_id
    )
    if row.method != AttributionMethod.UNATTRIBUTED and row.attributed_click_id is None:
        return row
    clicks = _candidates(row, windows := windows_of(workspace=row.workspace))
    seen = [
        ClickSeen(click.pk, click.clicked_at, evidence_of(click, [click.fingerprint]))
        for click in clicks.values()
    ]
    evidence = evidence_of(row, row.fingerprints)
    answer = attribute(evidence, row.converted_at, seen, windows)
    before = row.attributed_click_id
    _write(row, answer, clicks, now)
    _log(row, answer, trigger, now, duration_ms=(time.perf_counter() - started_s) * 1000)
    if row.attributed_click_id not in (None, before):
        publish_attributed(row, now=now)
    return row


@transaction.atomic
def attribute_after_click(*, click: Click, now: datetime) -> int:
    """Look again at the conversions that a click which came after them may have earned."""
    affected = _affected(click)
    count = affected.update(needs_attribution=True)
    for conversion in affected.order_by("pk")[:LATE_AT_ONCE] if count else []:
        attribute_conversion(conversion=conversion, trigger=AttemptTrigger.CLICK, now=now)
    return count


def evidence_of(row: Click | Conversion, fingerprints: list[str]) -> Evidence:
    """What a row knows, as the engine takes it."""
    return Evidence(
        click_ids=_pairs(row, CLICK_ID_KINDS),
        identities=_pairs(row, IDENTITY_KINDS),
        fingerprints=frozenset(fingerprints),
        truncated_ip=row.truncated_ip,
        user_agent=row.user_agent,
        has_consent=row.has_consent,
    )


def publish_attributed(row: Conversion, *, now: datetime) -> None:
    """Tell of a conversion that found its click."""
    publish(
        workspace=row.workspace,
        event_type="conversion.attributed",
        event_id=f"{row.public_id}:attributed:{row.attributed_click_id}",
        data={
            "id": str(row.public_id),
            "conversion_id": row.conversion_id,
            "click_id": row.attributed_click_key,
            "method": row.method,
            "confidence": float(row.confidence),
        },
        now=now,
    )


def _pairs(row: Click | Conversion, kinds: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    return frozenset((kind, value) for kind in kinds if (value := getattr(row, kind)))


def _candidates(row: Conversion, windows: Windows) -> dict[int, Click]:
    """Load the newest clicks of each layer: the engine needs no more, however many there are."""
    own = Click.objects.filter(
        workspace=row.workspace_id, is_valid=True, clicked_at__lte=row.converted_at
    ).select_related("ad", "campaign")
    parts = [
        own.filter(
            condition, clicked_at__gte=row.converted_at - timedelta(hours=windows.of(layer))
        ).order_by("-clicked_at", "-pk")[:CANDIDATES_KEPT]
        for layer in LAYERS
        if (condition := _click_condition(layer, row))
    ]
    if not parts:
        return {}
    return {click.pk: click for click in (parts[0].union(*parts[1:]) if parts[1:] else parts[0])}


def _click_condition(layer: Method, row: Conversion) -> Q:
    """Which clicks may match a conversion in a layer; empty: none can."""
    if layer is Method.URL_PARAMETER:
        return _any_of(row, CLICK_ID_KINDS)
    if not row.has_consent:
        return Q()
    if layer is Method.IDENTITY:
        found = _any_of(row, IDENTITY_KINDS)
    elif layer is Method.FINGERPRINT:
        found = Q(fingerprint__in=row.fingerprints) if row.fingerprints else Q()
    else:
        found = _same_network_and_agent(row)
    return found and found & Q(has_consent=True)


def _any_of(row: Click | Conversion, kinds: tuple[str, ...]) -> Q:
    found = Q()
    for kind, value in sorted(_pairs(row, kinds)):
        found |= Q(**{kind: value})
    return found


def _same_network_and_agent(row: Click | Conversion) -> Q:
    if not (row.truncated_ip and row.user_agent):
        return Q()
    return Q(truncated_ip=row.truncated_ip, user_agent=row.user_agent)


def _affected(click: Click) -> QuerySet[Conversion]:
    """Select conversions that a click may match in any layer; the engine decides."""
    wanted = _any_of(click, CLICK_ID_KINDS)
    if click.has_consent:
        consented = _any_of(click, IDENTITY_KINDS) | _same_network_and_agent(click)
        if click.fingerprint:
            consented |= Q(fingerprints__contains=[click.fingerprint])
        if consented:
            wanted |= consented & Q(has_consent=True)
    until = click.clicked_at + timedelta(hours=MOST_WINDOW_HOURS)
    rows = Conversion.objects.filter(
        workspace=click.workspace_id, converted_at__gte=click.clicked_at, converted_at__lte=until
    )
    return rows.filter(wanted).exclude(SETTLED) if wanted and click.is_valid else rows.none()


def _write(
    row: Conversion, answer: Attribution, clicks: Mapping[int, Click], now: datetime
) -> None:
    click = clicks[answer.click] if answer.click is not None else None
    values = {
        "needs_attribution": False,
        "attributed_at": now,
        "method": answer.method.value,
        "confidence": round(answer.confidence, 3),
        "window_hours": answer.window_hours,
        "fingerprint_score": None if answer.score is None else round(answer.score, 6),
        "candidates": [
            {"click_id": clicks[c.key].click_id, "hours": round(c.hours, 4),
             "score": round(c.score, 6)}
            for c in answer.candidates
        ],
        "attributed_click": click,
        "attributed_click_key": click.click_id if click else "",
        "attributed_clicked_at": click.clicked_at if click else None,
        "ad": click.ad if click else None,
        "campaign": click.campaign if click else None,
        "given_ad": click.given_ad if click else "",
        "given_campaign": click.given_campaign if click else "",
    }  # fmt: skip
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(values))


def _log(
    row: Conversion, answer: Attribution, trigger: AttemptTrigger, now: datetime,
    *, duration_ms: float,
) -> None:  # fmt: skip
    AttributionAttempt.objects.create(
        workspace_id=row.workspace_id,
        conversion=row,
        at=now,
        trigger=trigger,
        method=row.method,
        confidence=row.confidence,
        click_key=row.attributed_click_key,
        duration_ms=duration_ms,
        **{layer.value: outcome.value for layer, outcome in answer.tried},
    )
