"""The whole model list on stored journeys: read from the database, shared out, built again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO

from django.db import connection, transaction
from django.utils import timezone

from attribution.engine.multi_touch import MODELS, Journeys, journeys_credit
from attribution.selectors.journeys import load_journeys
from attribution.services.journeys import build_journeys, refresh_journeys
from attribution.services.touches import channels_of
from benchmarks.figures import Figure, reset_peak_mb
from benchmarks.multi_touch import ask_peer
from workspaces.models import Workspace
from workspaces.periods import Period

GROWTH = (1, 4, 16)
MOST_LINEAR = 1.5  # of sixteen times the cost for sixteen times the rows
_REPEATS = 3
CHANNELS = ("meta", "google", "direct", "email", "organic", "tiktok", "referral", "sms")

# Four touches on average, three people in ten buy: as the arrays of the part `multi_touch`.
FILL = (
    # The keys of millions of rows made here need no look-up each; the server is the benchmark's.
    "SET LOCAL session_replication_role = replica",
    "SELECT setseed(0.5)",
    """
    INSERT INTO attribution_person (public_id, workspace_id, created_at)
    SELECT gen_random_uuid(), %(workspace)s, %(now)s FROM generate_series(1, %(people)s)
    """,
    """
    CREATE TEMP TABLE bench_people ON COMMIT DROP AS
    SELECT id, least(40, 1 + floor(ln(1 - random()) / ln(0.75)))::int AS length,
           random() < 0.3 AS buys
      FROM attribution_person WHERE workspace_id = %(workspace)s
    """,
    """
    INSERT INTO customer_touchpoint
           (workspace_id, person_id, channel_id, kind, at, country, source_key, page_url,
            content_title, call_to_action, message_key, extra, created_at)
    SELECT %(workspace)s, id,
           (%(channels)s)[1 + width_bucket(random(), ARRAY[.3, .5, .65, .75, .85, .93, .98])],
           'visit', %(now)s::timestamptz - interval '1 day' - random() * interval '25 days', 'DE',
           id || ':' || n, '', '', '', '', '{}', %(now)s
      FROM bench_people, generate_series(1, length) AS n
    """,
    """
    INSERT INTO conversion_tracking (
        public_id, workspace_id, conversion_id, external_id, type, value, currency, value_kind,
        crm_deal, crm_contact, crm_stage, converted_at, click_id, fingerprints, needs_attribution,
        method, confidence, candidates, attributed_click_key, given_ad, given_campaign,
        customer_type, source_channel, source_campaign, source_message, region, city, extra,
        payload, fbclid, gclid, wbraid, gbraid, ttclid, li_fat_id, msclkid, visitor_id, email_hash,
        phone_hash, truncated_ip, user_agent, has_consent, landing_page, referrer, utm_source,
        utm_medium, utm_campaign, utm_content, utm_term, device, os, browser, country, created_at,
        person_id)
    SELECT gen_random_uuid(), %(workspace)s, 'v' || id, '', 'purchase',
           round((random() * 200)::numeric, 2), %(currency)s, 'cash', '', '', '', %(now)s, '', '{}',
           false, 'unattributed', 0, '[]', '', '', '', '', '', '', '', '', '', '{}', '{}',
           '', '', '', '', '', '', '', '', '', '', '', '', true, '', '', '', '', '', '', '', '', '',
           '', 'DE', %(now)s, id
      FROM bench_people WHERE buys
    """,
)
_ANALYZED = ("attribution_person", "customer_touchpoint", "conversion_tracking")
_BARE = (
    "SELECT id, conversion_id, value, first_at, ended_at, touches, country"
    " FROM attribution_journey WHERE workspace_id = %s",
    "SELECT journey_id, position, channel_id, campaign_id, ad_id, at"
    " FROM attribution_journeytouch WHERE workspace_id = %s",
)
# One more touch for one person in a hundred.
_CHANGE = """
INSERT INTO customer_touchpoint
       (workspace_id, person_id, channel_id, kind, at, country, source_key, page_url,
        content_title, call_to_action, message_key, extra, created_at)
SELECT workspace_id, id, %(channel)s, 'visit', %(now)s::timestamptz - interval '2 days', 'DE',
       'late:' || id, '', '', '', '', '{}', %(now)s
  FROM attribution_person WHERE workspace_id = %(workspace)s AND id %% 100 = 0
"""


@dataclass(frozen=True)
class _Measured:
    """Seconds of one size."""

    stored: Journeys
    read: float
    share_out: float
    copy: float
    build: float
    refresh: float

    @property
    def whole(self) -> float:
        return self.read + self.share_out


def run(journeys: int) -> list[Figure]:
    """Measure a sixteenth, a quarter and all of the journeys."""
    watch = reset_peak_mb()
    sizes = [max(100, journeys * factor // GROWTH[-1]) for factor in GROWTH]
    measured = [_measure(size) for size in sizes]
    peak = watch()
    last = measured[-1]
    growth = tuple((size, one.whole) for size, one in zip(sizes, measured, strict=True))
    figures = [
        Figure(
            name=f"stored journeys, all {len(MODELS)} models: {sizes[-1]:,} read and shared out",
            value=last.whole,
            unit="s",
            limit_name="s for the engine alone on the same arrays",
            limit=last.share_out,
            target=f"linear: ≤ {MOST_LINEAR} × {GROWTH[-1]}",
            is_met=growth[-1][1] <= MOST_LINEAR * GROWTH[-1] * growth[0][1],
            growth=growth,
            peak_mb=peak,
        ),
        Figure(
            name="… of which reading them into arrays",
            value=last.read,
            unit="s",
            limit_name="s for the same rows by plain binary COPY",
            limit=last.copy,
            growth=tuple((size, one.read) for size, one in zip(sizes, measured, strict=True)),
        ),
        Figure(
            name="… those of one person in a hundred built again",
            value=last.refresh,
            unit="s",
            limit_name="s to build all",
            limit=last.build,
            growth=tuple((size, one.refresh) for size, one in zip(sizes, measured, strict=True)),
        ),
    ]
    return figures + _beside_mam(last)


def _beside_mam(last: _Measured) -> list[Figure]:
    peer = ask_peer("mam", last.stored)
    if peer is None:
        return []
    limit = sum(float(taken) for taken in peer.values())
    return [
        Figure(
            name="… reading included, beside another program",
            value=last.whole,
            unit="s",
            limit_name=f"s by mam 2.1.1 for {len(peer)} models, from memory",
            limit=limit,
            target="≤ 1.0",
            is_met=last.whole <= limit,
        )
    ]


def _measure(journeys: int) -> _Measured:
    workspace, now = _filled(journeys), timezone.now()
    build = _best(lambda: build_journeys(workspace=workspace, now=now), repeats=1)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) attribution_journey, attribution_journeytouch")
    period = Period(now.date() - timedelta(days=40), now.date() + timedelta(days=1))
    stored, _ = load_journeys(workspace, period).at_level("channel")
    if len(stored.lengths) != journeys:
        raise RuntimeError(f"{len(stored.lengths)} of {journeys} journeys; nothing was measured")
    return _Measured(
        stored=stored,
        read=_best(lambda: load_journeys(workspace, period).at_level("channel")),
        share_out=_best(lambda: [journeys_credit(stored, model=model) for model in MODELS]),
        copy=_best(lambda: _copied(workspace)),
        build=build,
        refresh=_refresh_s(workspace, now),
    )


def _filled(journeys: int) -> Workspace:
    workspace = Workspace.objects.create(slug=f"journeys-{journeys}", name="Journeys")
    channels = channels_of(workspace=workspace, names=CHANNELS)
    given = {
        "workspace": workspace.pk,
        "now": timezone.now(),
        "people": journeys,
        "currency": workspace.currency,
        "channels": [channels[name].pk for name in CHANNELS],
    }
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in FILL:
            cursor.execute(statement, given)
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM (ANALYZE) {', '.join(_ANALYZED)}")
    return workspace


def _copied(workspace: Workspace) -> int:
    target = BytesIO()
    with connection.cursor() as cursor:
        for query in _BARE:
            text = cursor.cursor.mogrify(query, [workspace.pk]).decode()
            cursor.cursor.copy_expert(f"COPY ({text}) TO STDOUT (FORMAT binary)", target)
    return target.tell()


def _refresh_s(workspace: Workspace, now: datetime) -> float:
    channel = channels_of(workspace=workspace, names=["sms"])["sms"].pk
    with connection.cursor() as cursor:
        given = {"workspace": workspace.pk, "now": now, "channel": channel}
        cursor.execute(_CHANGE, given)
        changed = cursor.rowcount
    started = time.perf_counter()
    built = refresh_journeys(workspace=workspace, now=now)
    seconds = time.perf_counter() - started
    if built.converted + built.unconverted != changed:
        raise RuntimeError(f"{built} of {changed} people; nothing was measured")
    return seconds


def _best(work: Callable[[], object], repeats: int = _REPEATS) -> float:
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)
