"""Visits told to attribution: touches of people, clicks on ads, conversions.

Called by the sessioniser in its transaction, while what it made stands in its temporary tables.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db.models import QuerySet

from attribution.models import Conversion, Journey, Touchpoint, WebSession
from attribution.services.identity import person_of
from attribution.services.journeys import forget_journeys, lock_journeys
from attribution.services.tracking import (
    AdNamed,
    Sender,
    Worth,
    record_conversion,
    track_click,
)
from attribution.services.website import telling_sql as sql
from campaigns.models import Ad, Campaign
from workspaces.models import Workspace
from workspaces.services.locks import lock_names

# Under which of its properties a shop names its order; a server that sends it too says the same.
_ORDER_IDS: Final = ("conversion_id", "order_id", "transaction_id")
_TOUCH: Final = (sql.VISITS, "ANALYZE web_visit", sql.CHANNELS, sql.TOUCHES)


def tell_attribution(*, cursor: Any, workspace: Workspace, now: datetime) -> None:
    """Tell of the visits of a chunk, each once; what late events took back is taken back."""
    values = {"workspace": workspace.pk, "now": now}
    lock_names([f"identity:{workspace.pk}"])
    for statement in (sql.KNOWN, sql.PEOPLE, sql.IDENTIFIERS, sql.KNOWN):
        cursor.execute(statement, values)
    cursor.execute(sql.IDENTIFIED)
    for visitor_id, user_id in cursor.fetchall():
        identifiers = {"visitor_id": visitor_id, "user_id": user_id}
        person_of(workspace=workspace, identifiers=identifiers, now=now)
    _take_back(cursor, workspace)
    for statement in _TOUCH:
        cursor.execute(statement, values)
    _tell_clicks(cursor, workspace, now)
    _tell_conversions(cursor, workspace, now)


def _take_back(cursor: Any, workspace: Workspace) -> None:
    """Delete the touches of sessions that late events joined to others."""
    cursor.execute(sql.GONE, {"workspace": workspace.pk})
    keys = [key for (key,) in cursor.fetchall()]
    if keys:
        lock_journeys(workspace.pk)
        touches = Touchpoint.objects.filter(pk__in=keys)
        forget_journeys(Journey.objects.filter(steps__touch__in=touches))
        touches.delete()


def _tell_clicks(cursor: Any, workspace: Workspace, now: datetime) -> None:
    cursor.execute(sql.CLICKS, {"workspace": workspace.pk})
    for visit in _visits(key for (key,) in cursor.fetchall()):
        track_click(
            workspace=workspace,
            named=AdNamed(
                ad=_only(Ad.objects.filter(workspace=workspace), visit.content),
                campaign=_only(Campaign.objects.filter(workspace=workspace), visit.campaign),
            ),
            sender=_sender(visit),
            clicked_at=min(visit.started_at, now),
            click_id=f"web:{visit.public_id}",
            now=now,
        )


def _tell_conversions(cursor: Any, workspace: Workspace, now: datetime) -> None:
    cursor.execute(sql.CONVERSIONS)
    # Django leaves JSON of plain SQL as the text that it is.
    rows = [(*row[:-1], json.loads(row[-1])) for row in cursor.fetchall()]
    found = [(key, _id_of(event, told), *rest, told) for key, event, *rest, told in rows]
    known = set(
        Conversion.objects.filter(
            workspace=workspace, conversion_id__in=[row[1] for row in found]
        ).values_list("conversion_id", flat=True)
    )
    fresh = [row for row in found if row[1] not in known]
    visits = {visit.public_id: visit for visit in _visits(row[0] for row in fresh)}
    for key, conversion_id, name, at, value, currency, told in fresh:
        visit = visits[key]
        worth = Worth(
            type=name[:40],
            converted_at=min(at, now),
            value=value or Decimal(0),
            currency=currency,
            customer_type=visit.customer_type,
            source_channel=visit.channel,
            region=visit.region,
            city=visit.city,
            extra={"site": visit.site.name, "session": str(key), **told},
        )
        record_conversion(
            workspace=workspace,
            conversion_id=conversion_id,
            worth=worth,
            sender=_sender(visit),
            now=now,
        )


def _visits(keys: Iterable[Any]) -> QuerySet[WebSession]:
    rows = WebSession.objects.filter(public_id__in=list(keys))
    return rows.select_related("visitor", "site").order_by("started_at", "pk")


def _id_of(event_id: Any, properties: Mapping[str, Any]) -> str:
    given = next((properties[name] for name in _ORDER_IDS if properties.get(name)), None)
    return str(given)[:120] if given else f"web:{event_id}"


def _sender(visit: WebSession) -> Sender:
    who = visit.visitor
    click_id = {visit.click_id_kind: visit.click_id} if visit.click_id_kind else {}
    return Sender(
        consent=who.has_consent,
        visitor_id=str(who.key) if who.has_consent else "",
        user_id=who.user_id if who.has_consent else "",
        landing_page=visit.landing_page,
        referrer=visit.referrer,
        utm_source="" if visit.source == "direct" else visit.source,
        utm_medium=visit.medium,
        utm_campaign=visit.campaign,
        utm_content=visit.content,
        utm_term=visit.term,
        device=visit.device,
        os=visit.os,
        browser=visit.browser,
        country=visit.country,
        **click_id,
    )


def _only(rows: QuerySet[Any], external_id: str) -> str:
    """The id, where exactly one row has it: an address may say anything."""
    if not external_id or rows.filter(external_id=external_id).count() != 1:
        return ""
    return external_id
