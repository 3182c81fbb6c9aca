"""Journeys for the demo: people who meet its real campaigns, and some who buy.

How a person comes to buy is drawn from a seed; who advertised on which day, and how many
leads came of it, is what the sandbox reported. Everything goes in by the public services.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import numpy as np
from django.db.models import Sum

from attribution.engine.journeys import FloatArray
from attribution.models import Person, TouchKind
from attribution.services.attribution_runs import refresh_attribution
from attribution.services.history import PastConversion, import_conversions, import_people
from attribution.services.touches import Touch, record_touches
from campaigns.models import Ad, DailyPerformance
from workspaces.models import Workspace

SEED: Final = 20
PEOPLE: Final = 2_600
DAYS: Final = 60
_COUNTRIES = ("US", "US", "US", "CA", "CA", "GB")
# Further touches after the first, by what people of the first kind do next.
_NEXT: Final = ("paid", "direct", "email", "organic")
_AFTER_PAID, _AFTER_OWN = (0.34, 0.22, 0.24, 0.20), (0.22, 0.36, 0.27, 0.15)
_COST_OF_A_MAIL = Decimal("6.00")  # writing included, for each that was read
_PRICES: Final = (Decimal(690), Decimal(990), Decimal(1490))
# What one touch adds to the log-odds of buying; retargeting and brand search meet the decided.
_PULL: Final = {"meta": 0.15, "google": 0.5, "tiktok": -0.15, "email": 0.7, "direct": 0.45,
                "organic": 0.35}  # fmt: skip
_START, _REACH = -3.3, 0.45


@dataclass(frozen=True)
class _Source:
    """An ad on a day, as likely to be met as people left a lead there."""

    ad: Ad
    channel: str
    days_ago: int


def walk_journeys(*, workspace: Workspace, now: datetime, known: Sequence[Person] = ()) -> int:
    """Send two months of touches and purchases, then run the models; returns the purchases.

    The first who walk are those ``known`` already, the others are made.
    """
    rng = np.random.default_rng(SEED)
    sources, weights = _sources(workspace, now)
    if not sources:
        return 0
    fresh = [f"demo-{number}" for number in range(len(known), PEOPLE)]
    people = [*known, *import_people(workspace=workspace, user_ids=fresh, now=now)][:PEOPLE]
    touches: list[Touch] = []
    conversions: list[PastConversion] = []
    for number, person in enumerate(people):
        walked = _walk(rng, sources, weights, now)
        country = str(rng.choice(_COUNTRIES))
        touches += [
            Touch(
                person=person, channel=step.channel, kind=step.kind, at=step.at, ad=step.ad,
                country=country, source_key=f"demo:{number}:{place}",
                cost=_COST_OF_A_MAIL if step.channel == "email" else None,
                content_title="Coach letter" if step.channel == "email" else "",
                call_to_action="Book an assessment" if step.ad else "",
            )
            for place, step in enumerate(walked)
        ]  # fmt: skip
        bought_at = walked[-1].at + timedelta(minutes=float(rng.exponential(90)))
        if rng.random() < _chance(walked) and bought_at < now:
            price = _PRICES[int(rng.integers(len(_PRICES)))]
            conversions.append(
                PastConversion(f"demo-sale-{number}", "membership", bought_at, price, person,
                               country)
            )  # fmt: skip
    record_touches(workspace=workspace, touches=touches)
    import_conversions(workspace=workspace, conversions=conversions, now=now)
    # The page's first view; the job of the night runs the others.
    refresh_attribution(workspace=workspace, now=now, windows=(30,))
    return len(conversions)


@dataclass(frozen=True)
class _Step:
    channel: str
    kind: TouchKind
    at: datetime
    ad: Ad | None


def _sources(workspace: Workspace, now: datetime) -> tuple[list[_Source], FloatArray]:
    """Ads and days with leads in the last two months, and their share of the leads, added up."""
    today = now.astimezone(workspace.zone).date()
    rows = (
        DailyPerformance.objects.filter(
            workspace=workspace, conversions__gt=0, ad__isnull=False, day__lt=today,
            day__gte=today - timedelta(days=DAYS),
        )
        .values("ad", "day")
        .annotate(count=Sum("conversions"))
        .order_by("day", "ad__external_id")
    )  # fmt: skip
    ads = {
        ad.pk: ad
        for ad in Ad.objects.filter(workspace=workspace).select_related("campaign", "account")
    }
    found = [
        _Source(ad, ad.campaign.channel or ad.account.platform, (today - row["day"]).days)
        for row in rows
        for ad in [ads[row["ad"]]]
    ]
    leads = np.array([row["count"] for row in rows], dtype=np.float64)
    return found, np.cumsum(leads) / max(leads.sum(), 1.0)


def _walk(
    rng: np.random.Generator, sources: list[_Source], weights: FloatArray, now: datetime
) -> list[_Step]:
    """Touches of one person: mostly an ad first, then what people do who have seen one."""
    first = sources[int(np.searchsorted(weights, rng.random()))]
    at = now - timedelta(days=first.days_ago) - timedelta(hours=float(rng.uniform(0, 14)))
    if rng.random() < 0.8:  # the rest come by themselves
        steps = [_Step(first.channel, TouchKind.CLICK, at, first.ad)]
    else:
        steps = [_Step("organic", TouchKind.VISIT, at, None)]
    for _ in range(int(rng.geometric(0.42)) - 1):
        at += timedelta(hours=float(rng.exponential(52)))
        if at >= now - timedelta(hours=3):
            break
        steps.append(_further(rng, steps[-1], sources, weights, at))
    return steps


def _further(
    rng: np.random.Generator, last: _Step, sources: list[_Source], weights: FloatArray,
    at: datetime,
) -> _Step:  # fmt: skip
    odds = _AFTER_PAID if last.ad else _AFTER_OWN
    name = _NEXT[int(np.searchsorted(np.cumsum(odds), rng.random()))]
    if name == "paid":
        source = sources[int(np.searchsorted(weights, rng.random()))]
        return _Step(source.channel, TouchKind.CLICK, at, source.ad)
    return _Step(name, TouchKind.MESSAGE if name == "email" else TouchKind.VISIT, at, None)


def _chance(steps: list[_Step]) -> float:
    pull = sum(_PULL.get(step.channel, 0.0) for step in steps) + _REACH * len(steps)
    if any("brand" in step.ad.name.lower() or "assessment" in step.ad.name for step in steps
           if step.ad):  # fmt: skip
        pull += 0.6
    return float(1 / (1 + np.exp(-(_START + pull))))
