"""Insights: the traffic of an account, summed to the level and period asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sandbox.context import Context
from sandbox.entities import Account, Entity
from sandbox.meta.errors import graph_error, invalid
from sandbox.meta.fields import Selection, parse_fields
from sandbox.meta.money import major_text
from sandbox.traffic import AdDay
from sandbox.web import JsonObject, as_object

LEVELS = ("account", "campaign", "adset", "ad")
MONTHS_KEPT = 37
PRESETS: dict[str, Callable[[date], tuple[date, date]]] = {
    "today": lambda d: (d, d),
    "yesterday": lambda d: (d - timedelta(1), d - timedelta(1)),
    **{
        f"last_{n}d": lambda d, n=n: (d - timedelta(n), d - timedelta(1))  # type: ignore[misc]  # n is bound per entry
        for n in (3, 7, 14, 28, 30, 90)
    },
    "this_month": lambda d: (d.replace(day=1), d),
    "maximum": lambda d: (d - timedelta(MONTHS_KEPT * 30), d),
}
DEFAULT_PRESET = "last_30d"
#: Windows that Meta answers with nothing, silently, since January 2026.
DEAD_WINDOWS = ("7d_view", "28d_view")
#: They overlap, as at Meta: one is to be taken, they are never to be added.
PURCHASES = ("omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase")


@dataclass(frozen=True, slots=True)
class _Row:
    """The ad-days behind one line of the answer."""

    first: date
    last: date
    campaign_id: str
    adset_id: str
    ad_id: str
    days: list[AdDay]

    def total(self, name: str) -> Decimal:
        return Decimal(sum(getattr(day, name) for day in self.days))


def insight_rows(
    context: Context, account: Account, entity: Entity | None, params: dict[str, str]
) -> list[JsonObject]:
    """Return all lines of an insights answer, newest parameters only where they matter here.

    Raises
    ------
    Refusal : a parameter that Meta would refuse
    """
    level = params.get("level", entity.kind if entity else "account")
    if level not in LEVELS:
        raise invalid("level", f"level must be one of {', '.join(LEVELS)}.")
    first, last = period(context, account, params)
    step = _step(params)
    rows = context.traffic.rows(account, first, last, context.now)
    if entity is not None:
        rows = [row for row in rows if entity.id in (row.campaign_id, row.adset_id, row.ad_id)]
    names = {e.id: e.name for e in context.store.entities(account)}
    selection = parse_fields(params.get("fields", "impressions,spend"))
    return [
        _line(account, level, row, selection, names, params)
        for row in _grouped(rows, level, first, last, step)
    ]


def period(context: Context, account: Account, params: dict[str, str]) -> tuple[date, date]:
    """Return the first and the last day asked for, in the account's zone."""
    today = context.local_time(account).date()
    if "time_range" not in params:
        preset = params.get("date_preset", DEFAULT_PRESET)
        if preset not in PRESETS:
            raise invalid("date_preset", f"date_preset must be one of {', '.join(PRESETS)}.")
        return PRESETS[preset](today)
    try:
        given = json.loads(params["time_range"])
        first, last = date.fromisoformat(given["since"]), date.fromisoformat(given["until"])
    except (KeyError, TypeError, ValueError):
        raise invalid(
            "time_range", 'time_range is like {"since":"2026-01-01","until":…}.'
        ) from None
    if last < first:
        raise invalid("time_range", "since must not be after until.", subcode=1487851)
    if (today - first).days > MONTHS_KEPT * 31:
        raise graph_error(
            3018, f"The start date cannot be beyond {MONTHS_KEPT} months from the current date"
        )
    return first, last


def _step(params: dict[str, str]) -> int | None:
    """Days per line; None for one line over the whole period."""
    text = params.get("time_increment", "all_days")
    if text == "all_days":
        return None
    if not text.isdigit() or not 1 <= int(text) <= 90:  # Meta's own bound
        raise invalid("time_increment", "time_increment is all_days or 1 to 90.")
    return int(text)


def _grouped(
    rows: list[AdDay], level: str, first: date, last: date, step: int | None
) -> list[_Row]:
    groups: dict[tuple[date, str, str, str], _Row] = {}
    depth = LEVELS.index(level)
    for row in rows:
        begins = first if step is None else first + step * ((row.day - first) // step)
        campaign_id = row.campaign_id if depth > 0 else ""
        adset_id = row.adset_id if depth > 1 else ""
        ad_id = row.ad_id if depth > 2 else ""  # the place in LEVELS
        ends = last if step is None else min(begins + timedelta(step - 1), last)
        key = (begins, campaign_id, adset_id, ad_id)
        groups.setdefault(key, _Row(begins, ends, campaign_id, adset_id, ad_id, [])).days.append(
            row
        )
    return [groups[key] for key in sorted(groups)]


def _line(  # the parts of a line
    account: Account,
    level: str,
    row: _Row,
    selection: Selection,
    names: dict[str, str],
    params: dict[str, str],
) -> JsonObject:
    values: JsonObject = {
        "account_id": account.id,
        "account_name": account.name,
        "account_currency": account.currency,
        "attribution_setting": "7d_click_1d_view",
        "objective": "OUTCOME_LEADS",
        "date_start": row.first.isoformat(),
        "date_stop": row.last.isoformat(),
        **_ids(level, row, names),
        **_counts(row),
        **_money(account, row),
    }
    values |= _actions(account, row, params)
    unknown = [name for name in selection.fields if name not in values and name not in _EMPTY]
    if unknown:
        raise graph_error(
            100, f"{unknown[0]} is not valid for fields param. please check the insights fields"
        )
    asked = [name for name in selection.fields if values.get(name) not in (None, [])]
    return {name: values[name] for name in (*asked, "date_start", "date_stop")}


#: Fields that exist and have nothing to show here.
_EMPTY = {
    *("video_p25_watched_actions", "video_p50_watched_actions", "video_p75_watched_actions"),
    *("video_p100_watched_actions", "video_play_actions", "video_thruplay_watched_actions"),
    *("quality_ranking", "engagement_rate_ranking", "conversion_rate_ranking"),
    *("outbound_clicks", "conversions", "cost_per_action_type"),
}


def _ids(level: str, row: _Row, names: dict[str, str]) -> JsonObject:
    values: JsonObject = {}
    for kind, value in zip(LEVELS[1:], (row.campaign_id, row.adset_id, row.ad_id), strict=True):
        # Asking for an id below the level is an error at Meta, so it must not exist here.
        if LEVELS.index(kind) <= LEVELS.index(level):
            values |= {f"{kind}_id": value, f"{kind}_name": names.get(value, "")}
    return values


def _counts(row: _Row) -> JsonObject:
    impressions, reach, clicks = (row.total(n) for n in ("impressions", "reach", "clicks"))
    values: JsonObject = {
        "impressions": str(impressions),
        "reach": str(reach),
        "frequency": _ratio(impressions, reach),
        "clicks": str(clicks),
        "unique_clicks": str(clicks),
        "inline_link_clicks": str(clicks),
        "inline_post_engagement": str(row.total("engagement")),
        "ctr": _ratio(100 * clicks, impressions),
    }
    return values


def _money(account: Account, row: _Row) -> JsonObject:
    spend = row.total("spend")
    return {
        "spend": major_text(spend, account),
        "cpc": _ratio(spend, row.total("clicks")),
        "cpm": _ratio(1000 * spend, row.total("impressions")),
    }


def _ratio(top: Decimal, bottom: Decimal) -> str | None:
    return f"{top / bottom:.6f}" if bottom else None


def _actions(account: Account, row: _Row, params: dict[str, str]) -> JsonObject:
    """Actions and their values; purchase types overlap, as they do at Meta.

    The value of a `lead` is what the pipeline counts for it and for its later stages.
    """
    windows = _windows(params)
    if windows and not set(windows) - set(DEAD_WINDOWS):
        return {"actions": [], "action_values": []}
    counts = {"link_click": row.total("clicks"), "post_engagement": row.total("engagement")}
    values: dict[str, Decimal] = {}
    if _is_pipeline(account):
        counts |= {"lead": row.total("conversions"), "schedule_total": row.total("appointments")}
        values["lead"] = row.total("pipeline_value")
    counts |= dict.fromkeys(PURCHASES, row.total("sales"))
    values |= dict.fromkeys(PURCHASES, row.total("revenue"))
    return {
        "actions": [_action(name, str(n)) for name, n in counts.items() if n],
        "action_values": [_action(k, major_text(v, account)) for k, v in values.items() if v],
        "purchase_roas": _roas(row),
    }


def _is_pipeline(account: Account) -> bool:
    funnel = as_object(as_object(account.extra.get("traffic")).get("funnel"))
    return funnel.get("mode", "pipeline") == "pipeline"


def _roas(row: _Row) -> list[JsonObject]:
    ratio = _ratio(row.total("revenue"), row.total("spend"))
    return [_action("omni_purchase", ratio)] if ratio and row.total("revenue") else []


def _action(name: str, value: str) -> JsonObject:
    return {"action_type": name, "value": value}


def _windows(params: dict[str, str]) -> list[str]:
    try:
        windows = json.loads(params.get("action_attribution_windows", "[]"))
    except ValueError:
        raise invalid("action_attribution_windows", "This must be a JSON list.") from None
    return [str(window) for window in windows] if isinstance(windows, list) else []
