"""Days, users and sessions of a synthetic world into their tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, TypeVar

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from attribution.engine.app_use import ACTIVE_DAYS, REVENUE_DAYS, VALUE_DAYS
from attribution.services.installs.partitions import TABLE, filled_months
from campaigns.models import DailyOrganicMetric
from mlops.services.world import copying
from mlops.services.world.entities import Entities
from mlops.simulation.world.ads import ALL_ADS
from mlops.simulation.world.profile import ADS, CAMPAIGNS, COUNTRIES, DEVICES, SEGMENTS, SOURCES
from mlops.simulation.world.sessions import FEATURES, MOST_VIEWS, Chunk
from mlops.simulation.world.world import World
from workspaces.models import Workspace

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Told = Callable[[str], None]
T = TypeVar("T")

_USER_DIGITS, _SESSION_DIGITS = 7, 5
_EVENTS: Final = [
    json.dumps({"screen_view": views, **({"purchase": 1} if bought else {})})
    for bought in (False, True)
    for views in range(1, MOST_VIEWS + 1)
]
_REACH: Final = 1.3
_ENGAGED: Final = 0.005


def fill_performance(
    *, workspace: Workspace, world: World, entities: Entities, now: datetime
) -> int:
    """Write one row per ad and day; returns how many."""
    ads, days = world.ads, world.options.days
    ad = np.repeat(np.arange(ALL_ADS), days)
    day = np.tile(np.arange(days), ALL_ADS)
    installs = ads.installs.ravel()
    impressions, clicks = ads.impressions.ravel(), ads.clicks.ravel()
    return copying.copy_text(
        "campaigns_dailyperformance",
        {
            "workspace_id": _same(workspace.pk, len(ad)),
            "account_id": entities.accounts[ad // (ADS * CAMPAIGNS)],
            "campaign_id": entities.campaigns[ad // ADS],
            "ad_set_id": entities.ad_sets[ad // ADS],
            "ad_id": entities.ads[ad],
            "level": _same("ad", len(ad)),
            "day": _dates(world.options.starts_on, day),
            "impressions": impressions,
            "reach": np.round(impressions / _REACH).astype(np.int64),
            "clicks": clicks,
            "engagement": clicks + np.round(_ENGAGED * impressions).astype(np.int64),
            "spend": ads.spend.ravel(),
            "conversions": installs,
            "revenue": _ad_revenue(world).ravel() / 100,
            "pipeline_value": _same(0, len(ad)),
            "installs": installs,
            **_cohort_columns(world, day),
            "is_derived": _same(value=False, count=len(ad)),
            "source": _same("synthetic", len(ad)),
            "fetched_at": _same(now, len(ad)),
        },
    )


def _ad_revenue(world: World) -> IntArray:
    """Cents per ad and day of payment."""
    days = world.options.days
    ad = world.users.ad[world.plan.user]
    paid = ad >= 0
    place = ad[paid] * days + world.plan.day[paid]
    return _summed(place, world.plan.cents[paid], ALL_ADS * days)


def _summed(place: IntArray, values: NDArray[Any], count: int) -> IntArray:
    return np.round(np.bincount(place, weights=values, minlength=count)).astype(np.int64)


def _cohort_columns(world: World, day: IntArray) -> dict[str, Any]:
    """What became of those whom the ad brought on the day; empty where it is too early."""
    import pyarrow as pa

    users, derived, last = world.users, world.derived, int(world.plan.day.max())
    paid = users.ad >= 0
    place = users.ad[paid] * world.options.days + users.day[paid]
    columns: dict[str, Any] = {}
    for after in (1, 7, 30):
        counted = _summed(place, derived.active[after][paid], len(day))
        columns[f"retained_day_{after}"] = pa.array(counted, mask=day + after > last)
    for spell in REVENUE_DAYS:
        cents = _summed(place, derived.cents_by[spell][paid], len(day))
        columns[f"revenue_day_{spell}"] = pa.array(cents / 100, mask=day + spell - 1 > last)
    return columns


def fill_organic(*, workspace: Workspace, world: World) -> int:
    """Write the days without ads; returns how many."""
    organic, options = world.organic, world.options
    surges = [event for event in world.events if event.kind == "influencer_surge"]
    rows = [
        DailyOrganicMetric(
            workspace=workspace,
            day=options.starts_on + timedelta(days=day),
            organic_installs=int(organic.installs[day]),
            store_rank=int(organic.rank[day]),
            rating=float(organic.rating[day]),
            reviews=int(organic.reviews[day]),
            social_mentions=int(organic.mentions[day]),
            sentiment=float(organic.sentiment[day]),
            influencer_events=[{"kind": "post"} for event in surges if event.day - 1 == day],
            halo_share=float(organic.halo[day]),
        )
        for day in range(options.days)
    ]
    return len(DailyOrganicMetric.objects.bulk_create(rows))


def fill_installs(*, workspace: Workspace, world: World, entities: Entities) -> IntArray:
    """Write the users; returns their keys in order."""
    count = len(world.users.day)
    keys = _numbers("attribution_userinstall", count)
    copying.copy_text(
        "attribution_userinstall",
        {
            "id": keys,
            "workspace_id": _same(workspace.pk, count),
            **_origin_columns(world, entities),
            **_use_columns(world),
        },
    )
    return keys


def _origin_columns(world: World, entities: Entities) -> dict[str, Any]:
    import pyarrow as pa

    users = world.users
    organic = users.ad < 0
    ad = np.maximum(users.ad, 0)
    device = np.where(users.is_ios, users.model, users.model + len(DEVICES["ios"]))
    models = [model for kind in ("ios", "android") for model in DEVICES[kind]]
    return {
        "user_id": _user_ids(np.arange(len(ad))).astype(str),
        "campaign_id": pa.array(entities.campaigns[ad // ADS], mask=organic),
        "creative_id": pa.array(entities.creatives[ad], mask=organic),
        "ad_id": pa.array(entities.ads[ad], mask=organic),
        "channel": _chosen([source.slug for source in SOURCES], users.source),
        "source": _chosen(["paid", "organic"], organic),
        "installed_on": _dates(world.options.starts_on, users.day),
        "device_type": _chosen(["android", "ios"], users.is_ios),
        "device_model": _chosen([name for name, _ in models], device),
        "os_version": _chosen([version for _, version in models], device),
        "country": _chosen([code for code, *_ in COUNTRIES], users.country),
        "region": _chosen([region for *_, region, _ in COUNTRIES], users.country),
        "city": _chosen([city for *_, city in COUNTRIES], users.country),
    }


def _use_columns(world: World) -> dict[str, Any]:
    import pyarrow as pa

    users, derived, last = world.users, world.derived, int(world.plan.day.max())
    pays, gone = derived.first_purchase >= 0, derived.is_gone
    stayed = derived.last - users.day + 1
    kinds = [*(kind.name for kind in SEGMENTS), "churner"]
    minutes = derived.seconds / 60
    return {
        **{
            f"active_on_day_{after}": pa.array(derived.active[after], mask=users.day + after > last)
            for after in ACTIVE_DAYS
        },
        **{f"sessions_{days}_days": derived.sessions[days] for days in REVENUE_DAYS},
        "mean_session_minutes": minutes / np.maximum(derived.all_sessions, 1),
        "total_minutes": minutes,
        "is_payer": pays,
        "first_purchase_day": pa.array(derived.first_purchase, mask=~pays),
        "revenue_total": derived.cents / 100,
        **{f"revenue_{days}_days": derived.cents_by[days] / 100 for days in REVENUE_DAYS},
        **{f"ltv_{days}_days": derived.value_by[days] / 100 for days in VALUE_DAYS},
        "segment": _chosen(kinds, np.where(gone, len(SEGMENTS), derived.segment)),
        "is_churned": gone,
        "churned_on": pa.array(_dates(world.options.starts_on, derived.last + 1), mask=~gone),
        "days_to_churn": pa.array(stayed, mask=~gone),
        "churn_reason": _chosen(
            ["", "no_return", "inactive"], np.where(gone, np.where(stayed == 1, 1, 2), 0)
        ),
    }


def fill_truth(*, workspace: Workspace, world: World, keys: IntArray) -> int:
    """Write what was drawn; returns how many rows."""
    users = world.users
    kinds = [kind.name for kind in SEGMENTS]
    return copying.copy_text(
        "mlops_worldtruth",
        {
            "install_id": keys,
            "workspace_id": _same(workspace.pk, len(keys)),
            "segment": _chosen(kinds, users.segment),
            "churn_day": users.leaves,
        },
    )


def fill_sessions(*, workspace: Workspace, world: World, keys: IntArray, told: Told) -> int:
    """Write the sessions by chunks, and draw the next while one is written; returns how many."""
    options, written = world.options, 0
    days = [options.starts_on + timedelta(days=day) for day in range(options.days)]
    offsets = _offsets(workspace, world)
    with filled_months(days) as tables:
        table_of = np.array([tables[day.replace(day=1)] for day in days])
        rows = (
            (table_of[chunk.day],
             copying.packed(session_columns(workspace, world, keys, offsets, chunk)))
            for chunk in world.session_chunks()
        )  # fmt: skip
        for table_of_row, chunk_rows in _ahead(rows):
            for table in set(tables.values()):
                written += copying.copy_packed(
                    table, chunk_rows[table_of_row == table], is_new=table != TABLE
                )
            told(f"sessions: {written:,} of {options.sessions:,}")
    return written


def _ahead(items: Iterator[T]) -> Iterator[T]:
    """Have the next one made in a thread while this one is used."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, items, None)
            yield item


def session_columns(
    workspace: Workspace, world: World, keys: IntArray, offsets: IntArray, chunk: Chunk
) -> dict[str, NDArray[Any]]:
    """Columns of some sessions as the server keeps them."""
    first = _day_number(world.options.starts_on)
    local = (first + chunk.day) * 86_400 + chunk.start
    started = local - offsets[chunk.day * 24 + chunk.start // 3_600]
    names = copying.joined(
        copying.digits(chunk.user.astype(np.int64), _USER_DIGITS), b"-",
        copying.digits(chunk.number, _SESSION_DIGITS),
    )  # fmt: skip
    return {
        "workspace_id": copying.integers(np.full(len(local), workspace.pk), 64),
        "session_id": names,
        "install_id": copying.integers(keys[chunk.user], 64),
        "started_at": copying.moments(started),
        "day": copying.days(first + chunk.day),
        "seconds": copying.integers(chunk.seconds, 32),
        "events": copying.documents(_EVENTS, chunk.views - 1 + MOST_VIEWS * (chunk.cents > 0)),
        "features": copying.documents([json.dumps(one) for one in FEATURES], chunk.features),
        "revenue": copying.amounts(chunk.cents),
        "quality": copying.integers(chunk.quality, 16),
    }


def _offsets(workspace: Workspace, world: World) -> IntArray:
    """Seconds that the workspace's clock is ahead of UTC in each hour of the world."""
    start = datetime.combine(world.options.starts_on, datetime.min.time(), workspace.zone)
    hours = (start + timedelta(hours=hour) for hour in range(24 * world.options.days))
    return np.array([int((hour.utcoffset() or timedelta(0)).total_seconds()) for hour in hours])


def _user_ids(numbers: IntArray) -> copying.BytesArray:
    return copying.joined(b"user-", copying.digits(numbers, _USER_DIGITS))


def _numbers(table: str, count: int) -> IntArray:
    """Take so many numbers from a table's sequence."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval((SELECT pg_get_serial_sequence(%s, 'id')::regclass))"
            " FROM generate_series(1, %s)",
            [table, count],
        )
        return np.array([number for (number,) in cursor.fetchall()])


def _day_number(day: date) -> int:
    return (datetime.combine(day, datetime.min.time(), UTC) - datetime.fromtimestamp(0, UTC)).days


def _dates(first: date, days: IntArray) -> NDArray[np.datetime64]:
    return np.datetime64(first, "D") + days.astype("timedelta64[D]")


def _chosen(texts: list[str], number: NDArray[Any]) -> Any:
    import pyarrow as pa

    return pa.array(texts).take(pa.array(np.asarray(number, np.int64)))


def _same(value: object, count: int) -> Any:
    import pyarrow as pa

    return pa.repeat(value, count)
