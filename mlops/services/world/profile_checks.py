"""Whether the tables of a synthetic world look like its profile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from mlops.services.world.findings import LEAST_CHANCE, Finding, Subject, judged, skipped
from mlops.simulation.world.ads import CHANNEL_OF_AD
from mlops.simulation.world.profile import (
    BUDGET,
    CHANNELS,
    COUNTRIES,
    PAID_SHARE,
    RETENTION,
    SEGMENTS,
    SOURCES,
)
from workspaces import formats

#: … unless it is closer than this: large tables make a difference of nothing certain.
_CLOSE: Final = 0.01
_LEAST: Final = 200
#: A mean may be so far from the profile's, beside its own uncertainty.
_NEAR: Final = 0.05

_INSTALLS: Final = """
SELECT channel, source, country, device_type, count(*) FROM attribution_userinstall
 WHERE workspace_id = %(workspace)s GROUP BY 1, 2, 3, 4
"""
_TRUTH: Final = """
SELECT i.channel, t.segment, count(*), count(*) FILTER (WHERE i.ltv_180_days > 0),
       count(*) FILTER (WHERE t.churn_day <= %(by)s)
  FROM mlops_worldtruth t JOIN attribution_userinstall i ON i.id = t.install_id
 WHERE t.workspace_id = %(workspace)s AND t.segment = %(segment)s GROUP BY 1, 2
"""
_FIRST_PURCHASES: Final = """
SELECT count(*) FROM attribution_userinstall i JOIN mlops_worldtruth t ON t.install_id = i.id
 WHERE i.workspace_id = %(workspace)s AND t.segment = %(segment)s AND i.is_payer
   AND i.first_purchase_day NOT BETWEEN %(low)s AND %(high)s
"""
# Ads of a breakthrough keep their users better: that is a check of its own.
_ACTIVE: Final = """
SELECT channel, count(active_on_day_{day}), count(*) FILTER (WHERE active_on_day_{day})
  FROM attribution_userinstall
 WHERE workspace_id = %(workspace)s AND NOT (channel = 'tiktok' AND installed_on = ANY(%(days)s))
 GROUP BY 1
"""
_SECONDS: Final = """
SELECT t.segment, s.seconds FROM attribution_usersession s TABLESAMPLE SYSTEM ({percent})
  JOIN mlops_worldtruth t ON t.install_id = s.install_id
 WHERE s.workspace_id = %(workspace)s LIMIT 200000
"""
_PEAK: Final = """
SELECT i.channel, extract(hour FROM s.started_at AT TIME ZONE %(zone)s)::int, count(*)
  FROM attribution_usersession s JOIN attribution_userinstall i ON i.id = s.install_id
 WHERE s.workspace_id = %(workspace)s GROUP BY 1, 2
"""
_RATES: Final = """
SELECT c.channel, sum(p.impressions), sum(p.clicks), sum(p.installs), sum(p.spend)
  FROM campaigns_dailyperformance p JOIN campaigns_campaign c ON c.id = p.campaign_id
 WHERE p.workspace_id = %(workspace)s AND p.source = 'synthetic'
   AND NOT p.day = ANY(%(days)s) GROUP BY 1
"""
_BUDGETS: Final = """
SELECT c.channel, c.daily_budget FROM campaigns_campaign c
 WHERE c.workspace_id = %(workspace)s AND c.external_id LIKE 'world-%%' ORDER BY 1, 2
"""


def profile_checks(subject: Subject) -> Iterator[Finding]:
    """All of them; nothing where the data are no synthetic world's."""
    if subject.world is None:
        return
    yield from _origins(subject)
    yield from _kinds(subject)
    yield from _retention(subject)
    yield from _sessions(subject)
    yield from _rates(subject)
    yield _budgets(subject)


def _fits(check: str, found: Sequence[float], shares: Sequence[float]) -> Finding:
    """χ² of counts against shares."""
    from scipy import stats

    counts, expected = np.array(found, float), np.array(shares) / sum(shares)
    total = counts.sum()
    if total * expected.min() < 5:
        return skipped(check, f"{total:,.0f} rows are too few")
    chance = float(stats.chisquare(counts, expected * total).pvalue)
    off = float(np.abs(counts / total - expected).max())
    return judged(
        check, is_good=chance >= LEAST_CHANCE or off <= _CLOSE,
        detail=f"at most {formats.share(off, 1)} off, chance {chance:.3f} in {total:,.0f} rows",
    )  # fmt: skip


def _share(check: str, hits: int, count: int, expected: float) -> Finding:
    """A share against what it should be."""
    if count < _LEAST:
        return skipped(check, f"{count:,} rows are too few")
    found = hits / count
    error = (expected * (1 - expected) / count) ** 0.5
    is_good = abs(found - expected) <= 3.5 * error + _NEAR * expected
    return judged(
        check,
        is_good=is_good,
        detail=f"{formats.share(found, 2)}, profile {formats.share(expected, 2)}",
    )


def _origins(subject: Subject) -> Iterator[Finding]:
    rows = subject.rows(_INSTALLS)
    paid = sum(row[4] for row in rows if row[1] == "paid")
    yield _share("users: share that ads brought", paid, sum(row[4] for row in rows), PAID_SHARE)
    # Google's users move to other countries in its bad weeks.
    there = {code: 0 for code, *_ in COUNTRIES}
    for channel, _, country, _, count in rows:
        if channel != "google_ads":
            there[country] = there.get(country, 0) + count
    if len(there) > len(COUNTRIES):
        yield judged("users: countries", is_good=False, detail="a country is none of the profile's")
    else:
        yield _fits("users: countries", list(there.values()), [share for _, share, *_ in COUNTRIES])
    for source in SOURCES:
        own = [row for row in rows if row[0] == source.slug]
        ios = sum(row[4] for row in own if row[3] == "ios")
        total = sum(row[4] for row in own)
        yield _share(f"users: iOS of {source.slug}", ios, total, source.ios)


def _kinds(subject: Subject) -> Iterator[Finding]:
    mixes: dict[str, list[int]] = {source.slug: [] for source in SOURCES}
    for kind in SEGMENTS:
        rows = {row[0]: row for row in subject.rows(_TRUTH, segment=kind.name, by=kind.leaves_by)}
        for slug, mix in mixes.items():
            mix.append(rows[slug][2] if slug in rows else 0)
        users, payers, gone = (sum(row[n] for row in rows.values()) for n in (2, 3, 4))
        yield _share(f"{kind.name}: share that pays", payers, users, kind.pays)
        yield _share(f"{kind.name}: gone by day {kind.leaves_by}", gone, users, kind.leaves)
        low, high = kind.first_purchase
        late = subject.number(_FIRST_PURCHASES, segment=kind.name, low=low, high=high)
        yield judged(
            f"{kind.name}: first purchase on day {low}–{high}", is_good=late == 0,  # a range
            detail=f"{late:,} at another time",
        )  # fmt: skip
    for source in SOURCES:
        yield _fits(f"users: kinds of {source.slug}", mixes[source.slug], source.mix)


def _retention(subject: Subject) -> Iterator[Finding]:
    days = _event_days(subject, {"tiktok_breakthrough"})
    qualities = {source.slug: source.quality for source in SOURCES}
    for day, share in RETENTION.items():
        for channel, known, active in subject.rows(_ACTIVE.format(day=day), days=days):
            if channel in qualities:
                check = f"retention: day {day} of {channel}"
                yield _share(check, active, known, share * qualities[channel])


def _event_days(subject: Subject, kinds: set[str] | None = None) -> list[Any]:
    from datetime import timedelta

    world = subject.world
    if world is None:
        return []
    return [
        world.starts_on + timedelta(days=event["day"] - 1 + passed)
        for event in world.events
        if kinds is None or event["kind"] in kinds
        for passed in range(event["days"])
    ]


def _sessions(subject: Subject) -> Iterator[Finding]:
    from scipy import stats

    world = subject.world
    percent = min(100.0, 2e7 / max(1, world.sessions if world else 1))
    rows = subject.rows(_SECONDS.format(percent=percent))
    for kind in SEGMENTS:
        seconds = np.array([row[1] for row in rows if row[0] == kind.name], float)
        check, (low, high) = f"{kind.name}: minutes of sessions", kind.minutes
        if len(seconds) < _LEAST:
            yield skipped(check, f"{len(seconds):,} sessions are too few")
            continue
        # Whole seconds lie, on the mean, half a second below what was drawn.
        test = stats.kstest((seconds + 0.5) / 60, "uniform", (low, high - low))
        is_good = test.pvalue >= LEAST_CHANCE or test.statistic <= 2 * _CLOSE
        yield judged(
            check, is_good=bool(is_good),
            detail=f"Kolmogorov-Smirnov {test.statistic:.3f} against {low:g} to {high:g} minutes",
        )  # fmt: skip
    hours = subject.rows(_PEAK, zone=subject.workspace.time_zone)
    for source in SOURCES:
        own = {hour: count for channel, hour, count in hours if channel == source.slug}
        if sum(own.values()) < _LEAST:
            continue
        busy = sum(own.get(hour, 0) for hour in source.peak_hours) / sum(own.values())
        even = len(source.peak_hours) / 24
        yield judged(
            f"sessions: peak hours of {source.slug}", is_good=busy >= 1.5 * even,
            detail=f"{formats.share(busy)} of sessions in {formats.share(even)} of the day",
        )  # fmt: skip


def _rates(subject: Subject) -> Iterator[Finding]:
    """Means of quiet days: what events do is looked at by itself."""
    found = {row[0]: row[1:] for row in subject.rows(_RATES, days=_event_days(subject))}
    for channel in CHANNELS:
        impressions, clicks, installs, spend = (float(v) for v in found.get(channel.slug, [0] * 4))
        if clicks * channel.install_rate < _LEAST:
            yield skipped(f"{channel.slug}: rates and costs", "too few installs on quiet days")
            continue
        for name, rate, expected, near in (
            ("clicks per impression", clicks / impressions, channel.ctr, 0.15),
            ("installs per click", installs / clicks, channel.install_rate, 0.05),
        ):
            yield judged(
                f"{channel.slug}: {name}", is_good=abs(rate / expected - 1) <= near,
                detail=f"{formats.share(rate, 2)}, profile {formats.share(expected, 2)}",
            )  # fmt: skip
        # Creatives are between new and twice as old as their fatigue: half dearer on the mean.
        usual, cpi = 1.5 * channel.base_cpi, spend / installs
        yield judged(
            f"{channel.slug}: cost of an install", is_good=0.7 <= cpi / usual <= 1.35,
            detail=f"{cpi:.2f}; {channel.base_cpi:.2f} with new creatives",
        )  # fmt: skip


def _budgets(subject: Subject) -> Finding:
    from scipy import stats

    rows = subject.rows(_BUDGETS)
    low, high = BUDGET
    check = "campaigns: daily budgets"
    if len(rows) != len(CHANNEL_OF_AD) // 3:
        return judged(check, is_good=False, detail=f"{len(rows)} campaigns have one")
    chances, spans = [], []
    for channel in CHANNELS:
        own = np.array([float(row[1]) for row in rows if row[0] == channel.slug])
        # Money of this world per drawn budget is unknown here: by the mean of an even draw.
        drawn = own / own.mean() * (low + high) / 2
        chances.append(float(stats.kstest(drawn, "uniform", (low, high - low)).pvalue))
        spans.append(own.max() / own.min())
    is_good = min(chances) >= LEAST_CHANCE and max(spans) <= high / low + 0.01
    return judged(
        check, is_good=is_good,
        detail=f"even within a channel: chance ≥ {min(chances):.3f}; up to {max(spans):.1f} : 1",
    )  # fmt: skip
