"""Three-layer attribution of all due conversions at once, beside a bare hash join."""

from __future__ import annotations

import time
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from attribution.services import matching_sql
from attribution.services.matching import attribute_due
from benchmarks.figures import Figure, reset_peak_mb
from workspaces.models import Workspace

TARGET = 4.0
CLICKS_EACH = 10  # clicks for one conversion
GROWTH = (1, 4, 16)

# Half of the conversions name a click, a quarter are known by e-mail, the rest have a fingerprint
# (or, one in eight of them, only network and browser); one in ten of each meets nothing.
CLICKS = """
INSERT INTO click_tracking (
    workspace_id, click_id, fbclid, gclid, wbraid, gbraid, ttclid, li_fat_id, msclkid, visitor_id,
    email_hash, phone_hash, truncated_ip, user_agent, has_consent, landing_page, referrer,
    utm_source, utm_medium, utm_campaign, utm_content, utm_term, device, os, browser, country,
    created_at, given_ad, given_campaign, fingerprint, fingerprint_components, screen, viewport,
    time_zone, clicked_at, expires_at, is_valid)
SELECT %(workspace)s, 'c' || n, '', 'g' || n, '', '', '', '', '', '', md5('mail' || n), '',
       (n / 65536 %% 200 + 11) || '.' || n / 256 %% 256 || '.' || n %% 256 || '.0',
       'UA ' || n %% 97,
       true, 'https://shop.example/', '', 'meta', 'cpc', '', '', '', 'phone', 'Android', 'Chrome',
       'DE', at, 'ad' || n %% 500, '', md5('print' || n), '{}', '', '', '', at,
       at + interval '7 days', true
  FROM generate_series(1, %(clicks)s) AS n,
       LATERAL (SELECT %(now)s::timestamptz - interval '1 hour'
                       - n %% 72 * interval '1 minute' AS at) t
"""
_CONVERSIONS = """
INSERT INTO conversion_tracking (
    public_id, workspace_id, conversion_id, external_id, type, value, currency, value_kind,
    crm_deal, crm_contact, crm_stage, converted_at, click_id, fingerprints, needs_attribution,
    method, confidence, candidates, attributed_click_key, given_ad, given_campaign, customer_type,
    source_channel, source_campaign, source_message, region, city, extra, payload,
    fbclid, gclid, wbraid, gbraid, ttclid, li_fat_id, msclkid, visitor_id, email_hash, phone_hash,
    truncated_ip, user_agent, has_consent, landing_page, referrer, utm_source, utm_medium,
    utm_campaign, utm_content, utm_term, device, os, browser, country, created_at)
SELECT gen_random_uuid(), %(workspace)s, 'v' || n, '', 'lead', 10, 'USD', 'cash', '', '', '',
       %(now)s::timestamptz, '', CASE WHEN way >= 6 THEN ARRAY[md5('print' || k)] ELSE '{}' END,
       true, 'unattributed', 0, '[]', '', '', '', '', '', '', '', '', '', '{}', '{}',
       '', CASE WHEN way < 4 THEN 'g' || k ELSE '' END, '', '', '', '', '', '',
       CASE WHEN way IN (4, 5) THEN md5('mail' || k) ELSE '' END, '',
       (k / 65536 %% 200 + 11) || '.' || k / 256 %% 256 || '.' || k %% 256 || '.0',
       'UA ' || k %% 97,
       true, '', '', '', '', '', '', '', 'phone', 'Android', 'Chrome', 'DE', %(now)s
  FROM generate_series(1, %(conversions)s) AS n,
       LATERAL (SELECT n * 10 + CASE WHEN n %% 10 = 0 THEN %(clicks)s ELSE 0 END AS k,
                       n %% 8 AS way) t
"""
_BARE_JOIN = """
CREATE TEMP TABLE bench_join ON COMMIT DROP AS
SELECT v.id, c.id AS click FROM conversion_tracking v
  JOIN click_tracking c ON c.gclid = v.gclid AND c.workspace_id = v.workspace_id
 WHERE v.workspace_id = %(workspace)s
"""


def run(conversions: int) -> list[Figure]:
    """Attribute a sixteenth, a quarter and all of the conversions among ten times the clicks."""
    watch = reset_peak_mb()
    growth, join_s, find_s = [], 0.0, 0.0
    for factor in GROWTH:
        size = max(10, conversions * factor // GROWTH[-1])
        workspace = _filled(size)
        join_s = _bare_join_s(workspace)
        seconds, find_s = _attribute_s(workspace, size)
        growth.append((size, seconds))
    size, seconds = growth[-1]
    found = Figure(
        name=f"clicks of {size:,} conversions found by layer among {size * CLICKS_EACH:,}",
        value=find_s,
        unit="s",
        limit_name="s for a bare hash join of the two tables",
        limit=join_s,
        target=f"≤ {TARGET:.0f}",
        is_met=find_s <= TARGET * join_s,
    )
    written = Figure(
        name="… and written: conversions, their log",
        value=seconds,
        unit="s",
        limit_name="s for a bare hash join of the two tables",
        limit=join_s,
        target=f"≤ {TARGET:.0f}",
        is_met=seconds <= TARGET * join_s,
        growth=tuple(growth),
        peak_mb=watch(),
    )
    return [found, written]


def _filled(conversions: int) -> Workspace:
    workspace = Workspace.objects.create(slug=f"matching-{conversions}", name="Matching")
    given = {
        "workspace": workspace.pk,
        "now": timezone.now(),
        "conversions": conversions,
        "clicks": conversions * CLICKS_EACH,
    }
    with connection.cursor() as cursor:
        cursor.execute(CLICKS, given)
        cursor.execute(_CONVERSIONS, given)
        cursor.execute("VACUUM (ANALYZE) click_tracking")
        cursor.execute("VACUUM (ANALYZE) conversion_tracking")
    return workspace


def _bare_join_s(workspace: Workspace) -> float:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute("SET LOCAL enable_mergejoin = off")
        started = time.perf_counter()
        cursor.execute(_BARE_JOIN, {"workspace": workspace.pk})
        return time.perf_counter() - started


def _attribute_s(workspace: Workspace, conversions: int) -> tuple[float, float]:
    """Seconds in all, and without the two statements that write what was found."""
    writing = 0.0

    def watch(execute: Any, sql: str, *rest: Any) -> Any:
        nonlocal writing
        started = time.perf_counter()
        try:
            return execute(sql, *rest)
        finally:
            if sql in (matching_sql.WRITE, matching_sql.LOG):
                writing += time.perf_counter() - started

    started = time.perf_counter()
    with connection.execute_wrapper(watch):
        matched = attribute_due(workspace=workspace, now=timezone.now(), limit=conversions)
    seconds = time.perf_counter() - started
    if matched.looked_at != conversions or not 0.85 < matched.attributed / conversions < 0.95:
        raise RuntimeError(f"{matched} of {conversions} conversions; nothing was measured")
    return seconds, seconds - writing
