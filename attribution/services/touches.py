"""Touches: from clicks all at once, from whoever shows a page or sends a message one by one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection, transaction

from attribution.models import Channel, Person, TouchKind, Touchpoint
from campaigns.models import Ad, Campaign
from workspaces.models import Workspace
from workspaces.services.refusals import RefusedError

BATCH: Final = 2_000
_NAME_LENGTH: Final = 60


class TouchError(RefusedError):
    """A touch that cannot be taken."""


@dataclass(frozen=True)
class Touch:
    """A touch as its sender tells it; ``source_key`` makes a repetition harmless.

    ``cost`` is in the workspace's currency; leave it empty where a platform reports the spend.
    """

    person: Person
    channel: str
    kind: TouchKind
    at: datetime
    source_key: str
    campaign: Campaign | None = None
    ad: Ad | None = None
    cost: Decimal | None = None
    country: str = ""
    page_url: str = ""
    content_title: str = ""
    call_to_action: str = ""
    message_key: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


def record_touch(*, workspace: Workspace, touch: Touch) -> bool:
    """Store a touch once by its source key; says whether it is new.

    Raises
    ------
    TouchError : no channel or source key, or a person, campaign or ad of another workspace
    """
    return record_touches(workspace=workspace, touches=[touch]) == 1


@transaction.atomic
def record_touches(*, workspace: Workspace, touches: Collection[Touch]) -> int:
    """Store many touches, each once by its source key; returns how many are new.

    Raises
    ------
    TouchError : as ``record_touch``; then none is stored
    """
    for touch in touches:
        _check(workspace, touch)
    channels = channels_of(workspace=workspace, names={touch.channel for touch in touches})
    rows = Touchpoint.objects.filter(workspace=workspace)
    keys = [touch.source_key for touch in touches]
    before = rows.filter(source_key__in=keys).count()
    Touchpoint.objects.bulk_create(
        (_row(workspace, touch, channels[channel_key(touch.channel)]) for touch in touches),
        batch_size=BATCH,
        ignore_conflicts=True,
    )
    return rows.filter(source_key__in=keys).count() - before


def channels_of(*, workspace: Workspace, names: Collection[str]) -> dict[str, Channel]:
    """Rows of channels by their names in small letters; made where they are missing."""
    keys = {channel_key(name) for name in names}
    rows = Channel.objects.filter(workspace=workspace, name__in=keys)
    known = {row.name: row for row in rows}
    if keys - set(known):
        Channel.objects.bulk_create(
            [Channel(workspace=workspace, name=key) for key in sorted(keys - set(known))],
            ignore_conflicts=True,
        )
        known = {row.name: row for row in rows.all()}
    return known


def channel_key(name: str) -> str:
    """A channel's name as it is stored."""
    return name.strip().lower()[:_NAME_LENGTH]


def _check(workspace: Workspace, touch: Touch) -> None:
    if not channel_key(touch.channel):
        raise TouchError("A touch needs the name of its channel.")
    if not touch.source_key:
        raise TouchError("A touch needs a source key: what it was made from.")
    for row in (touch.person, touch.campaign, touch.ad):
        if row is not None and row.workspace_id != workspace.pk:
            raise TouchError("The touch's person, campaign and ad must be of this workspace.")


def _row(workspace: Workspace, touch: Touch, channel: Channel) -> Touchpoint:
    ad = touch.ad
    return Touchpoint(
        workspace=workspace,
        person=touch.person,
        channel=channel,
        campaign=ad.campaign if ad else touch.campaign,
        ad=ad,
        kind=touch.kind,
        at=touch.at,
        cost=touch.cost,
        country=touch.country,
        source_key=touch.source_key,
        page_url=touch.page_url[:2000],
        content_title=touch.content_title[:300],
        call_to_action=touch.call_to_action[:120],
        message_key=touch.message_key,
        extra=dict(touch.extra),
    )


# A click without a campaign is named by what it carries: a platform's click id, then its tags.
_CLICKED: Final = """
CREATE TEMP TABLE attribution_clicked ON COMMIT DROP AS
SELECT c.id, c.person_id, c.campaign_id, c.ad_id, c.clicked_at, c.country, c.landing_page,
       coalesce(r.call_to_action, '') AS call_to_action,
       left(lower(trim(CASE
           WHEN p.id IS NOT NULL THEN coalesce(nullif(p.channel, ''), a.platform)
           WHEN c.gclid <> '' OR c.wbraid <> '' OR c.gbraid <> '' THEN 'google'
           WHEN c.fbclid <> '' THEN 'meta'
           WHEN c.ttclid <> '' THEN 'tiktok'
           WHEN c.li_fat_id <> '' THEN 'linkedin'
           WHEN c.msclkid <> '' THEN 'microsoft'
           WHEN trim(c.utm_source) <> '' THEN c.utm_source
           WHEN c.referrer <> '' THEN 'referral'
           ELSE 'direct' END)), 60) AS channel
  FROM click_tracking c
  LEFT JOIN campaigns_campaign p ON p.id = c.campaign_id
  LEFT JOIN campaigns_adaccount a ON a.id = p.account_id
  LEFT JOIN campaigns_creative r ON r.id = c.creative_id
 WHERE c.workspace_id = %(workspace)s AND c.person_id IS NOT NULL AND c.is_valid
   AND NOT EXISTS (SELECT 1 FROM customer_touchpoint t
                    WHERE t.workspace_id = c.workspace_id AND t.source_key = 'click:' || c.id)
"""
_CHANNELS: Final = """
INSERT INTO attribution_channel (workspace_id, name)
SELECT DISTINCT %(workspace)s, channel FROM attribution_clicked
ON CONFLICT DO NOTHING
"""
_TOUCHES: Final = """
INSERT INTO customer_touchpoint
       (workspace_id, person_id, channel_id, campaign_id, ad_id, kind, at, country, source_key,
        page_url, content_title, call_to_action, message_key, extra, created_at)
SELECT %(workspace)s, c.person_id, h.id, c.campaign_id, c.ad_id, 'click', c.clicked_at, c.country,
       'click:' || c.id, c.landing_page, '', c.call_to_action, '', '{}', %(now)s
  FROM attribution_clicked c
  JOIN attribution_channel h ON h.workspace_id = %(workspace)s AND h.name = c.channel
 ORDER BY c.id
ON CONFLICT DO NOTHING
"""


@transaction.atomic
def touches_from_clicks(*, workspace: Workspace, now: datetime) -> int:
    """Make a touch of each click whose person is known; returns how many are new."""
    given: dict[str, Any] = {"workspace": workspace.pk, "now": now}
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS attribution_clicked")
        cursor.execute(_CLICKED, given)
        cursor.execute(_CHANNELS, given)
        cursor.execute(_TOUCHES, given)
        return int(cursor.rowcount)
