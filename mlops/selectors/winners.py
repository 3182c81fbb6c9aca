"""Which ads did well, what they say, and the winners that are kept."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

import numpy as np
from django.db.models import Count, F, Min, Q, QuerySet, Sum

from campaigns import metrics
from campaigns.models import Ad, AdAccount, DailyPerformance
from campaigns.selectors.channel_days import channel_key
from campaigns.selectors.pages import value_field
from mlops.models import Winner, WinnerLibrary, WinnerPolicy, WinnerSnapshot
from workspaces.engine.embedding.shapes import DIMENSIONS, FloatArray, IntArray
from workspaces.models import Workspace
from workspaces.selectors import rates_of

_CHUNK: Final = 5_000
_LONGEST_TEXT: Final = 2_000
_NEEDED: Final = ("headline", "text")


@dataclass(frozen=True)
class AdFigures:
    """What an ad did since it began; amounts in its account's currency.

    ``conversions`` and ``roas`` are unknown where an account's conversions cannot be trusted.
    """

    ad_id: int
    channel: str
    currency: str
    impressions: int
    clicks: int
    spend: Decimal
    conversions: Decimal | None
    ctr: float | None
    roas: float | None
    age_h: int

    def columns(self) -> dict[str, Any]:
        """Columns of a winner that they fill."""
        return {name: value for name, value in self.__dict__.items() if name != "ad_id"}


def policy_of(workspace: Workspace) -> WinnerPolicy:
    """The lines that hold; the defaults where nobody has set any."""
    return WinnerPolicy.objects.filter(workspace=workspace).first() or WinnerPolicy(
        workspace=workspace
    )


def qualifying(workspace: Workspace, policy: WinnerPolicy, now: datetime) -> list[AdFigures]:
    """Ads that are winners by a policy; spend in a currency without a rate does not count."""
    currencies = set(
        AdAccount.objects.filter(workspace=workspace).values_list("currency", flat=True)
    )
    rates = rates_of(workspace=workspace, currencies=currencies, on=now.date())
    # The workspace's own currency always has a rate; a Q of nothing would let all pass.
    enough_spent = Q()
    for currency, rate in rates.items():
        enough_spent |= Q(currency=currency, sum_spend__gte=policy.min_spend / rate)
    usable = Q(account__has_usable_conversions=True)
    converts = usable & Q(sum_conversions__gte=policy.min_conversions)
    if not policy.min_conversions:
        converts |= ~usable
    clicked = Q(sum_clicks__gt=F("sum_impressions") * policy.ctr_above_pct / 100)
    returned = usable & Q(sum_value__gt=F("sum_spend") * policy.roas_above)
    rows: QuerySet[DailyPerformance, dict[str, Any]] = _sums(workspace).filter(  # type: ignore[misc]  # annotated
        enough_spent,
        converts,
        clicked | returned,
        sum_impressions__gte=max(1, policy.min_impressions),
        sum_clicks__gte=policy.min_clicks,
    )
    found = (_figures(row, now) for row in rows)
    return [one for one in found if one.age_h >= policy.min_age_h]


def figures_of(workspace: Workspace, ads: Collection[int], now: datetime) -> dict[int, AdFigures]:
    """What some ads did, by our id; those without a day are left out."""
    return {row["ad_id"]: _figures(row, now) for row in _sums(workspace).filter(ad_id__in=ads)}


def _sums(workspace: Workspace) -> QuerySet[DailyPerformance, dict[str, Any]]:
    """Ads of a workspace with the sums of all their days."""
    rows: Any = (
        DailyPerformance.objects.filter(workspace=workspace, level="ad")
        .annotate(currency=F("account__currency"), channel_key=channel_key())
        .values("ad_id", "account_id", "currency", "channel_key", "account__time_zone",
                "account__has_usable_conversions")
        .annotate(
            sum_impressions=Sum("impressions"),
            sum_clicks=Sum("clicks"),
            sum_spend=Sum("spend"),
            sum_conversions=Sum("conversions"),
            sum_value=Sum(value_field(workspace)),
            first_day=Min("day"),
        )
        .order_by("ad_id")
    )  # fmt: skip
    # Annotated values, which the stubs know by a type that cannot be written down.
    return cast("QuerySet[DailyPerformance, dict[str, Any]]", rows)


def _figures(row: Mapping[str, Any], now: datetime) -> AdFigures:
    is_usable = row["account__has_usable_conversions"]
    impressions, clicks, spend = row["sum_impressions"], row["sum_clicks"], row["sum_spend"]
    returned = metrics.roas(row["sum_value"], spend) if is_usable else None
    return AdFigures(
        ad_id=row["ad_id"],
        channel=row["channel_key"],
        currency=row["currency"],
        impressions=impressions,
        clicks=min(clicks, impressions),  # platforms correct the two apart from each other
        spend=spend,
        conversions=row["sum_conversions"] if is_usable else None,
        ctr=metrics.ctr(clicks, impressions),
        roas=None if returned is None else float(returned),
        age_h=_age_h(row["first_day"], row["account__time_zone"], now),
    )


def _age_h(first_day: date, zone: str, now: datetime) -> int:
    begun = datetime.combine(first_day, time.min, ZoneInfo(zone))
    return max(0, int((now - begun).total_seconds() // 3600))


def ads_with_text(workspace: Workspace) -> QuerySet[Ad]:
    """Ads whose creative says something, with what their traits are read from."""
    return (
        Ad.objects.filter(workspace=workspace, creative__isnull=False)
        .exclude(creative__headline="", creative__primary_text="")
        .select_related("creative", "campaign")
    )


def traits_of(ad: Ad) -> dict[str, str]:
    """What an ad says and how, by name; empty where its creative says nothing."""
    creative = ad.creative
    if creative is None:
        return {}
    found = {
        "headline": creative.headline,
        "text": creative.primary_text[:_LONGEST_TEXT],
        "call to action": creative.call_to_action.replace("_", " ").lower(),
        "hook": creative.hook_type.replace("_", " "),
        "format": creative.format,
        "audience": ad.campaign.target_audience,
        "offer": ad.campaign.goal,
    }
    traits = {name: " ".join(said.split()) for name, said in found.items() if said.strip()}
    return traits if any(name in traits for name in _NEEDED) else {}


def text_of(traits: Mapping[str, str]) -> str:
    """Write traits as the text that is embedded: first what people read, then what it is."""
    said = [traits[name] for name in _NEEDED if name in traits]
    named = [f"{name}: {value}" for name, value in traits.items() if name not in _NEEDED]
    return "\n".join([*said, *named])


def vectors_of(
    rows: QuerySet[Winner], *, since: int, until: int
) -> Iterator[tuple[IntArray, FloatArray]]:
    """Ids and vectors of the winners whose vector came after one change and up to another.

    In pieces, so that no query holds all of them as text.
    """
    wanted = rows.filter(version__gt=since, version__lte=until).order_by("pk")
    last = 0
    while piece := list(wanted.filter(pk__gt=last).values_list("pk", "embedding")[:_CHUNK]):
        last = piece[-1][0]
        ids = np.fromiter((pk for pk, _ in piece), np.int64, len(piece))
        joined = b"".join(bytes(data) for _, data in piece)
        yield ids, np.frombuffer(joined, "<f4").reshape(-1, DIMENSIONS).astype(np.float32)


@dataclass(frozen=True)
class WinnerFilter:
    """What winners to look among; figures are filters only, never a part of the vector."""

    channel: str = ""
    min_ctr: float | None = None
    min_roas: float | None = None
    min_impressions: int | None = None
    max_age_h: int | None = None

    @property
    def is_set(self) -> bool:
        """Whether any winner could be left out."""
        return self != WinnerFilter()

    def narrow(self, rows: QuerySet[Winner]) -> QuerySet[Winner]:
        """Rows that pass; an unknown figure does not."""
        wanted = {
            "channel": self.channel or None,
            "ctr__gte": self.min_ctr,
            "roas__gte": self.min_roas,
            "impressions__gte": self.min_impressions,
            "age_h__lte": self.max_age_h,
        }
        return rows.filter(**{name: value for name, value in wanted.items() if value is not None})


def winners_of(workspace: Workspace) -> QuerySet[Winner]:
    """All of a workspace without their vectors, with their ads."""
    rows = Winner.objects.filter(workspace=workspace).defer("embedding")
    return rows.select_related("ad", "ad__account", "ad__creative")


def winners_by_id(workspace: Workspace, ids: Collection[int]) -> dict[int, Winner]:
    """Some winners by our id; those that are gone meanwhile are left out."""
    return winners_of(workspace).in_bulk(ids)


def stats_of(workspace: Workspace) -> dict[str, Any]:
    """Counts of winners, their embedders with the saved indexes, and the last change."""
    rows = Winner.objects.filter(workspace=workspace).order_by()
    library = WinnerLibrary.objects.filter(workspace=workspace).first()
    saved = {
        embedder: (form, saved_at)
        for embedder, form, saved_at in WinnerSnapshot.objects.filter(
            workspace=workspace
        ).values_list("embedder", "form", "saved_at")
    }

    def counted(name: str) -> dict[str, int]:
        counts = rows.values(name).annotate(count=Count("pk")).order_by(name)
        return {row[name]: row["count"] for row in counts}

    embedders = counted("embedder")
    return {
        "total_winners": sum(embedders.values()),
        "by_source": counted("source"),
        "by_channel": counted("channel"),
        "embedders": [
            {
                "embedder": name,
                "winners": count,
                "form": saved.get(name, (None, None))[0],
                "saved_at": saved.get(name, (None, None))[1],
            }
            for name, count in embedders.items()
        ],
        "version": library.version if library else 0,
        "changed_at": library.changed_at if library else None,
    }
