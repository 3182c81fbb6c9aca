"""LinkedIn's adAnalytics: by up to three pivots, by day or in one, without pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from sandbox.context import Context
from sandbox.entities import Account
from sandbox.linkedin.errors import bad_query
from sandbox.linkedin.reading import account_urn, urn
from sandbox.traffic import AdDay
from sandbox.web import JsonObject, as_list, as_object

#: Longer reports are cut here without a word.
MOST_ROWS = 15_000
MOST_FIELDS = 20
PIVOTS = ("ACCOUNT", "CAMPAIGN_GROUP", "CAMPAIGN", "CREATIVE")
_FACETS = {
    "accounts": "ACCOUNT",
    "campaignGroups": "CAMPAIGN_GROUP",
    "campaigns": "CAMPAIGN",
    "creatives": "CREATIVE",
}
_DEFAULT_FIELDS = ("impressions", "clicks")


def report(context: Context, accounts: list[Account], query: JsonObject) -> JsonObject:
    """Answer a report; what the token may not see is empty, not refused."""
    pivots, is_daily = _pivots(query), _is_daily(query)
    first, last = _period(context, query)
    fields = _fields(query)
    wanted = {
        pivot: {str(item) for item in as_list(query[name])}
        for name, pivot in _FACETS.items()
        if name in query
    }
    if not any(wanted.values()):
        raise bad_query("At least one of accounts, campaignGroups, campaigns, creatives is needed")
    groups: dict[tuple[tuple[str, ...], str], list[AdDay]] = {}
    for account in accounts:
        # Days of LinkedIn are those of UTC, whatever the seed says.
        in_utc = replace(account, timezone="UTC")
        for row in context.traffic.rows(in_utc, first, last, context.now):
            names = _names(account, row)
            if all(names[pivot] in urns for pivot, urns in wanted.items()):
                key = tuple(names[pivot] for pivot in pivots)
                on = row.day.isoformat() if is_daily else ""
                groups.setdefault((key, on), []).append(row)
    elements: list[object] = [
        _element(key, days, date.fromisoformat(on) if on else None, (first, last), fields)
        for (key, on), days in sorted(groups.items())
    ]
    most = int(context.store.setting("linkedin_report_rows", str(MOST_ROWS)))
    return {"paging": {"start": 0, "count": 10, "links": []}, "elements": elements[:most]}


def _pivots(query: JsonObject) -> list[str]:
    finder = query.get("q")
    given = as_list(query.get("pivots")) if finder == "statistics" else [query.get("pivot")]
    pivots = [str(pivot) for pivot in given]
    if finder not in ("analytics", "statistics") or not 1 <= len(pivots) <= 3:
        raise bad_query("q=analytics takes one pivot, q=statistics one to three pivots")
    if unknown := set(pivots) - set(PIVOTS):
        raise bad_query(f"pivot {min(unknown)} is not offered")
    return pivots


def _is_daily(query: JsonObject) -> bool:
    granularity = query.get("timeGranularity")
    if granularity not in ("DAILY", "ALL"):
        raise bad_query("timeGranularity must be DAILY or ALL")
    return granularity == "DAILY"


def _period(context: Context, query: JsonObject) -> tuple[date, date]:
    given = as_object(query.get("dateRange"))
    today = datetime.fromtimestamp(context.now, UTC).date()
    try:
        first = _day(as_object(given.get("start")))
        last = _day(as_object(given["end"])) if "end" in given else today
    except ValueError:
        raise bad_query("dateRange is (start:(year:…,month:…,day:…),end:(…))") from None
    if last < first:
        raise bad_query("dateRange ends before it starts")
    return first, last


def _day(parts: JsonObject) -> date:
    return date(*(int(str(parts.get(name, ""))) for name in ("year", "month", "day")))


def _fields(query: JsonObject) -> list[str]:
    text = str(query.get("fields", ""))
    fields = text.split(",") if text else list(_DEFAULT_FIELDS)
    unknown = set(fields) - {*_METRICS, "dateRange", "pivotValues"}
    if unknown or len(fields) > MOST_FIELDS:
        raise bad_query(f"fields: {min(unknown, default='more than 20')} cannot be asked for")
    return fields


def _names(account: Account, row: AdDay) -> dict[str, str]:
    return {
        "ACCOUNT": account_urn(account),
        "CAMPAIGN_GROUP": urn("campaign", row.campaign_id),
        "CAMPAIGN": urn("adset", row.adset_id),
        "CREATIVE": urn("ad", row.ad_id),
    }


def _element(
    names: tuple[str, ...],
    days: list[AdDay],
    on: date | None,
    period: tuple[date, date],
    fields: list[str],
) -> JsonObject:
    first, last = (on, on) if on else period
    values: JsonObject = {
        "pivotValues": list(names),
        "dateRange": {"start": _parts(first), "end": _parts(last)},
    }
    return {name: values[name] if name in values else _METRICS[name](days) for name in fields}


def _parts(day: date) -> JsonObject:
    return {"year": day.year, "month": day.month, "day": day.day}


def _count(name: str, share: int = 1) -> Callable[[list[AdDay]], object]:
    return lambda days: sum(getattr(day, name) for day in days) // share


def _money(name: str) -> Callable[[list[AdDay]], object]:
    return lambda days: f"{sum((getattr(day, name) for day in days), Decimal(0)):.2f}"


_METRICS: dict[str, Callable[[list[AdDay]], object]] = {
    "impressions": _count("impressions"),
    "clicks": _count("clicks"),
    "approximateMemberReach": _count("reach"),
    "totalEngagements": _count("engagement"),
    "costInLocalCurrency": _money("spend"),
    "oneClickLeads": _count("conversions"),
    "externalWebsiteConversions": _count("sales"),
    "conversionValueInLocalCurrency": _money("revenue"),
}
