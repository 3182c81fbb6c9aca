"""From staged rows to daily performance: summed to days, moved by weeks, written in one upsert."""

from __future__ import annotations

import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import Q

from campaigns.engine.importing.fields import AMOUNTS, MEASURES, NULLABLE
from campaigns.engine.importing.rows import WHOLE_ACCOUNT
from campaigns.models import AdAccount, DailyPerformance, ImportRun
from campaigns.services.importing.options import ImportRefused
from campaigns.services.importing.staging import Stage

_LEVELS: Final = ("campaign", "ad_set", "ad")


@dataclass(frozen=True, slots=True)
class Written:
    """What the upsert did; ``sums`` by currency and level."""

    days_written: int
    days_unchanged: int
    sums: dict[str, dict[str, dict[str, object]]]


def shift_days(run: ImportRun, accounts: Sequence[AdAccount], last: date, now: datetime) -> int:
    """Whole weeks, in days, that bring the last day to yesterday or just before.

    A file that was moved before, and every file of an account that has moved ones, moves by the
    same number again: otherwise its days would stand there twice.
    """
    moved = (
        ImportRun.objects.filter(workspace=run.workspace, totals__has_key="shift_days")
        .filter(Q(account__in=accounts) | Q(file_sha256=run.file_sha256))
        .exclude(pk=run.pk)
        .order_by("pk")
        .first()
    )
    yesterday = min(
        now.astimezone(zoneinfo.ZoneInfo(account.time_zone)).date() for account in accounts
    ) - timedelta(days=1)
    if moved is None:
        return (yesterday - last).days // 7 * 7
    days = int(moved.totals["shift_days"])
    if last + timedelta(days=days) > yesterday:
        raise ImportRefused(
            f"Earlier files of this account were moved by {days} days; this one would then end on"
            f" {last + timedelta(days=days)}, in the future. Import it without moving its days."
        )
    return days


def write_days(
    stage: Stage, accounts: Sequence[AdAccount], *, is_micros: bool, shift: int, now: datetime
) -> Written:
    """Sum the staged rows to days of their entity and upsert them.

    Parameters
    ----------
    stage : rows of accounts and entities that exist by now
    accounts : locked
    is_micros : spend counts millionths
    shift : days to add
    now : stamp of the rows

    Returns
    -------
    rows that were inserted or changed, rows that stood there already, and the sums of both
    """
    table = f"import_days_{stage.run_id}"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {table}")
        cursor.execute(
            _sum_sql(stage, table, is_micros=is_micros), [shift, [a.pk for a in accounts]]
        )
        total = cursor.rowcount
        _settle_whole_accounts(table, accounts)
        cursor.execute(_upsert_sql(table, stage.measures), [now])
        written = cursor.rowcount
        sums = _sums(table, stage.measures)
        cursor.execute(f"DROP TABLE {table}")
    return Written(written, total - written, sums)


def _sum_sql(stage: Stage, table: str, *, is_micros: bool) -> str:
    def total(name: str) -> str:
        if name == "reach":  # people of two devices overlap, so their sum means nothing
            return "CASE WHEN count(*) = 1 THEN max(s.reach) END AS reach"
        scale = " / 1000000" if name == "spend" and is_micros else ""
        exact = f"sum(s.{name}){scale}"
        return f"round({exact}, 6) AS {name}" if name in AMOUNTS else f"{exact}::bigint AS {name}"

    # A known entity's own parents hold, so a row that leaves them out lands on the same day.
    return f"""
        CREATE TEMP TABLE {table} ON COMMIT DROP AS
        SELECT a.id AS account_id, COALESCE(d.campaign_id, t.campaign_id, c.id) AS campaign_id,
               CASE s.level WHEN 'ad' THEN d.ad_set_id ELSE t.id END AS ad_set_id, d.id AS ad_id,
               s.level, s.day + %s::integer AS day, bool_or(s.derived) AS is_derived,
               {", ".join(total(name) for name in stage.measures)}
        FROM {stage.table} s
        JOIN campaigns_adaccount a ON a.external_id = s.account AND a.id = ANY(%s)
        LEFT JOIN campaigns_campaign c ON c.account_id = a.id AND c.external_id = s.campaign
        LEFT JOIN campaigns_adset t ON t.account_id = a.id AND t.external_id = s.ad_set
        LEFT JOIN campaigns_ad d ON d.account_id = a.id AND d.external_id = s.ad
        GROUP BY 1, 2, 3, 4, 5, 6"""  # noqa: S608  # names of ours


def _upsert_sql(table: str, measures: Sequence[str]) -> str:
    absent = [name for name in MEASURES if name not in measures and name not in NULLABLE]
    given = [*measures, "is_derived"]
    columns = ["account_id", "campaign_id", "ad_set_id", "ad_id", "level", "day", *given]
    old = ", ".join(f"p.{name}" for name in given)
    new = ", ".join(f"excluded.{name}" for name in given)
    changes = ", ".join(f"{name} = excluded.{name}" for name in (*given, "source", "fetched_at"))
    return f"""
        INSERT INTO campaigns_dailyperformance AS p
               (workspace_id, source, fetched_at, {", ".join((*columns, *absent))})
        SELECT a.workspace_id, 'import', %s, {", ".join(f"x.{name}" for name in columns)}
               {"".join(", 0" for _ in absent)}
        FROM {table} x JOIN campaigns_adaccount a ON a.id = x.account_id
        ORDER BY x.campaign_id, x.ad_set_id, x.ad_id, x.day  -- as the indexes lie: fewer pages
        ON CONFLICT (campaign_id, ad_set_id, ad_id, day) DO UPDATE SET {changes}
        WHERE ({old}) IS DISTINCT FROM ({new})"""  # noqa: S608  # names of ours


def _settle_whole_accounts(table: str, accounts: Sequence[AdAccount]) -> None:
    """Keep an account's own days and those of its campaigns from being counted twice."""
    ids = [account.pk for account in accounts]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT EXISTS (
                  SELECT 1 FROM {table} x JOIN campaigns_campaign c ON c.id = x.campaign_id
                  JOIN campaigns_dailyperformance p
                    ON p.account_id = x.account_id AND p.campaign_id <> c.id
                  WHERE c.external_id = %s)""",  # noqa: S608  # names of ours
            [WHOLE_ACCOUNT],
        )
        if (cursor.fetchone() or [False])[0]:
            raise ImportRefused(
                "The file has figures of whole accounts, but campaigns of these accounts have"
                " figures already; both together would count twice. Import a file with campaigns."
            )
        cursor.execute(
            f"""DELETE FROM campaigns_dailyperformance p USING campaigns_campaign c,
                     (SELECT x.account_id, min(x.day) AS first, max(x.day) AS last FROM {table} x
                      JOIN campaigns_campaign k ON k.id = x.campaign_id AND k.external_id <> %s
                      GROUP BY 1) n
                WHERE c.id = p.campaign_id AND c.external_id = %s AND p.account_id = ANY(%s)
                  AND p.account_id = n.account_id AND p.day BETWEEN n.first AND n.last""",  # noqa: S608  # names of ours
            [WHOLE_ACCOUNT, WHOLE_ACCOUNT, ids],
        )


def _sums(table: str, measures: Sequence[str]) -> dict[str, dict[str, dict[str, object]]]:
    names = [name for name in measures if name not in NULLABLE]
    figures = "".join(f", sum(x.{name})::text" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT a.currency, x.level, count(*){figures}
                FROM {table} x JOIN campaigns_adaccount a ON a.id = x.account_id
                GROUP BY 1, 2 ORDER BY 1, 2"""  # noqa: S608  # names of ours
        )
        rows = cursor.fetchall()
    sums: dict[str, dict[str, dict[str, object]]] = {}
    for currency, level, days, *texts in rows:
        said = {name: _plain(text) for name, text in zip(names, texts, strict=True)}
        sums.setdefault(currency, {})[level] = {"days": days, **said}
    return sums


def _plain(figure: str) -> str:
    return figure.rstrip("0").rstrip(".") if "." in figure else figure


def empty_accounts(accounts: Sequence[AdAccount]) -> list[AdAccount]:
    """Accounts that have no figures yet: their first import decides their summing level."""
    pks = [account.pk for account in accounts]
    filled = set(
        DailyPerformance.objects.filter(account__in=pks)
        .order_by("account")
        .values_list("account", flat=True)
        .distinct()
    )
    return [account for account in accounts if account.pk not in filled]


def set_summing_levels(accounts: Sequence[AdAccount], level: str) -> None:
    """Sum at one level; empty takes the finest that each account has."""
    for account in accounts:
        found = set(
            DailyPerformance.objects.filter(account=account)
            .values_list("level", flat=True)
            .distinct()
        )
        finest = next((name for name in reversed(_LEVELS) if name in found), "")
        chosen = level if level in found else finest
        if chosen and chosen != account.summing_level:
            account.summing_level = chosen
            account.save(update_fields=["summing_level", "updated_at"])
