"""What other stage values would do: ads that cross a line, queued changes that flip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django.db.models import F, Sum

from attribution.engine.synthetic_revenue import StageValues
from attribution.selectors.revenue import Stock, credited_stock, stock_value
from campaigns.metrics import roas
from campaigns.models import Ad, AdAccount, DailyPerformance, PendingAdChange
from campaigns.selectors import current_policy, exchange_rate
from workspaces.models import Status, Workspace

_ZERO = Decimal(0)
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Crossing:
    """An ad whose pipeline ROAS lands on another side of a line."""

    ad: str
    name: str
    spend: str
    roas_before: str
    roas_after: str
    verdict_before: str
    verdict_after: str


@dataclass(frozen=True)
class Flip:
    """A queued change whose subject would be judged otherwise."""

    proposal: str
    summary: str
    roas_before: str
    roas_after: str
    verdict_before: str
    verdict_after: str


@dataclass(frozen=True)
class WhatIf:
    """Everything that other stage values would move over a line."""

    crossings: list[Crossing]
    flips: list[Flip]
    value_before: Decimal
    value_after: Decimal

    def as_json(self) -> dict[str, Any]:
        """Form in which the detail of a proposal keeps it."""
        return {
            "crossings": [asdict(row) for row in self.crossings],
            "flips": [asdict(row) for row in self.flips],
            "value_before": str(self.value_before),
            "value_after": str(self.value_after),
        }


@dataclass(frozen=True)
class _Lines:
    """Kill and scale lines of an account, and the rate into the workspace's currency."""

    kill: Decimal
    scale: Decimal
    rate: Decimal | None

    def verdict(self, ratio: Decimal | None) -> str:
        if ratio is None:
            return ""
        if ratio < self.kill:
            return "kill"
        return "scale" if ratio > self.scale else "hold"


@dataclass(frozen=True)
class _Judged:
    spend: Decimal
    before: Decimal
    after: Decimal
    verdict_before: str
    verdict_after: str

    def shown(self) -> dict[str, str]:
        return {
            "roas_before": str(self.before.quantize(_CENT)),
            "roas_after": str(self.after.quantize(_CENT)),
            "verdict_before": self.verdict_before,
            "verdict_after": self.verdict_after,
        }


def what_if(
    *, workspace: Workspace, before: StageValues | None, after: StageValues, now: datetime
) -> WhatIf:
    """Judge every credited ad and every queued change by both sets of values."""
    stocks = credited_stock(workspace)
    ads = {
        ad.pk: ad
        for ad in Ad.objects.filter(workspace=workspace, pk__in=stocks).select_related("account")
    }
    judge = _judge(workspace, before, after, now)
    spends = _spend(workspace, "ad", list(ads))
    crossings = []
    for pk in sorted(ads):
        ad = ads[pk]
        found = judge(ad.account, stocks[pk], spends.get(pk, _ZERO))
        if found and found.verdict_before != found.verdict_after:
            crossings.append(
                Crossing(
                    ad=str(ad.public_id),
                    name=ad.name,
                    spend=str(found.spend.quantize(_CENT)),
                    **found.shown(),
                )
            )
    everything = _merged(stocks.values())
    return WhatIf(
        crossings=crossings,
        flips=_flips(workspace, ads, stocks, judge),
        value_before=stock_value(everything, before) if before else _ZERO,
        value_after=stock_value(everything, after),
    )


Judge = Callable[[AdAccount, Stock, Decimal], _Judged | None]


def _judge(
    workspace: Workspace, before: StageValues | None, after: StageValues, now: datetime
) -> Judge:
    @cache
    def lines_of(account: AdAccount) -> _Lines:
        policy = current_policy(workspace=workspace, account=account)
        return _Lines(
            policy.kill_pipeline_roas,
            policy.scale_pipeline_roas,
            exchange_rate(workspace=workspace, currency=account.currency, on=now.date()),
        )

    def judge(account: AdAccount, stock: Stock, spend: Decimal) -> _Judged | None:
        lines = lines_of(account)
        if lines.rate is None or not spend:
            return None
        money = spend * lines.rate
        old = roas(stock_value(stock, before) if before else _ZERO, money)
        new = roas(stock_value(stock, after), money)
        if old is None or new is None:
            return None
        return _Judged(money, old, new, lines.verdict(old), lines.verdict(new))

    return judge


def _spend(workspace: Workspace, level: str, ids: list[int]) -> dict[int, Decimal]:
    """Spend of each ad, ad set or campaign, in its account's currency.

    Days are added at one level only: the ad's own, or the one at which its account sums up.
    """
    rows = DailyPerformance.objects.filter(workspace=workspace, **{f"{level}__in": ids})
    if level == "ad":
        rows = rows.filter(level="ad")
    else:
        rows = rows.filter(level=F("account__summing_level"))
    sums = rows.values_list(f"{level}_id").annotate(total=Sum("spend")).order_by()
    return dict(sums)


def _merged(stocks: Any) -> Stock:
    total: Stock = {}
    for stock in stocks:
        for key, (deals, known, amount) in stock.items():
            old = total.get(key, (0, 0, _ZERO))
            total[key] = (old[0] + deals, old[1] + known, old[2] + amount)
    return total


_LEVELS = {"campaign": "campaign", "adset": "ad_set", "ad": "ad"}


def _flips(
    workspace: Workspace, ads: dict[int, Ad], stocks: dict[int, Stock], judge: Judge
) -> list[Flip]:
    """Queued changes, each judged by the deals and the spend of what it changes."""
    queued = (
        PendingAdChange.objects.filter(
            workspace=workspace, proposal__status__in=[Status.PENDING, Status.APPROVED]
        )
        .select_related("proposal", "account")
        .order_by("proposal_id")
    )
    changes = list(queued)
    flips = []
    for entity_type, level in _LEVELS.items():
        here = [change for change in changes if change.entity_type == entity_type]
        spends = _spend(workspace, level, [change.entity_id for change in here])
        for change in here:
            owned = [stocks[pk] for pk, ad in ads.items() if _is_in(ad, level, change.entity_id)]
            found = judge(change.account, _merged(owned), spends.get(change.entity_id, _ZERO))
            if found and found.verdict_before != found.verdict_after:
                proposal = change.proposal
                flips.append(Flip(str(proposal.public_id), proposal.summary, **found.shown()))
    return flips


def _is_in(ad: Ad, level: str, entity_id: int) -> bool:
    owner = ad.pk if level == "ad" else getattr(ad, f"{level}_id")
    return bool(owner == entity_id)
