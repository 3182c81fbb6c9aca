"""Accounts, campaigns, ad sets and ads that a file names: made where missing, never overruled."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.db import connection

from campaigns.engine.importing.names import Names
from campaigns.engine.importing.rows import AccountFacts
from campaigns.models import Ad, AdAccount, AdSet, Campaign, Platform
from campaigns.services.importing.options import ImportOptions, ImportRefused
from campaigns.services.importing.staging import Stage
from workspaces.models import Workspace

UNASSIGNED: Final = "(campaign not given)"
_BATCH: Final = 2000
_Entity = type[Campaign] | type[AdSet] | type[Ad]
_MODELS: Final[dict[str, _Entity]] = {"campaign": Campaign, "ad_set": AdSet, "ad": Ad}
_TABLES: Final = {kind: model._meta.db_table for kind, model in _MODELS.items()}
_LABELS: Final = {"campaign": "Campaign", "ad_set": "Ad set", "ad": "Ad"}


def lock_accounts(
    *,
    workspace: Workspace,
    platform: str,
    facts: Mapping[str, AccountFacts],
    options: ImportOptions,
) -> list[AdAccount]:
    """Make the accounts of a file where they are missing, and lock them in order."""
    fresh = [
        AdAccount(
            workspace=workspace,
            platform=platform,
            external_id=external_id,
            name=fact.name or f"{Platform(platform).label} {external_id}",
            currency=fact.currency,
            time_zone=known_zone(fact.time_zone) or "UTC",
        )
        for external_id, fact in facts.items()
    ]
    AdAccount.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=_BATCH)
    accounts = list(
        AdAccount.objects.select_for_update()
        .filter(workspace=workspace, platform=platform, external_id__in=list(facts))
        .order_by("pk")
    )
    _keep_answers(accounts, options)
    return accounts


def known_zone(name: str) -> str:
    """Return the name if it is a time zone's, else an empty string."""
    return name if name in zoneinfo.available_timezones() else ""


def _keep_answers(accounts: Iterable[AdAccount], options: ImportOptions) -> None:
    answers: dict[str, object] = {}
    if options.conversions_usable is not None:
        answers["has_usable_conversions"] = options.conversions_usable
    if options.data_source:
        answers["data_source"] = options.data_source[:500]
    if answers:
        pks = [account.pk for account in accounts]
        AdAccount.objects.filter(pk__in=pks).update(**answers)


def make_entities(stage: Stage, accounts: list[AdAccount], names: Names) -> dict[str, int]:
    """Make what is missing, level by level, and return how many of each."""
    workspace_id = accounts[0].workspace_id
    keeper = _Keeper(stage, accounts, names, workspace_id)
    keeper.gather()
    made = {kind: keeper.make(kind) for kind in _MODELS}
    keeper.adopt()
    for kind in ("ad_set", "ad"):
        keeper.refuse_two_parents(kind)
    for kind in _MODELS:
        keeper.refresh(kind)
    keeper.forget()
    return made


class _Keeper:
    """The statements of one import over the entities of its accounts."""

    def __init__(
        self, stage: Stage, accounts: list[AdAccount], names: Names, workspace_id: int
    ) -> None:
        self._stage, self._names, self._workspace_id = stage, names, workspace_id
        self._ids = [account.pk for account in accounts]
        # Where a connection exists, names, states and budgets are mirrors of the platform.
        self._free = [account.pk for account in accounts if account.connection_id is None]
        self._strangers: dict[int, Campaign] = {}
        self._keys = f"import_keys_{stage.run_id}"
        self._source = f"""
            (SELECT s.*, a.id AS account_id FROM {self._keys} s
             JOIN campaigns_adaccount a ON a.external_id = s.account AND a.id = ANY(%(ids)s)) s
            LEFT JOIN campaigns_campaign c
                   ON c.account_id = s.account_id AND c.external_id = s.campaign
            LEFT JOIN campaigns_adset t
                   ON t.account_id = s.account_id AND t.external_id = s.ad_set
            LEFT JOIN campaigns_ad d ON d.account_id = s.account_id AND d.external_id = s.ad"""  # noqa: S608  # names of ours

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, {"ids": self._ids, "free": self._free})
            return cursor.fetchall() if cursor.description else []

    def gather(self) -> None:
        """Boil a million rows down to the entities in them, which all that follows reads."""
        names = "account, campaign, campaign_name, ad_set, ad_set_name, ad, ad_name, level"
        self.forget()
        self._rows(
            f"""CREATE TEMP TABLE {self._keys} ON COMMIT DROP AS
                SELECT {names}, max(day) AS day, min(line) AS line
                FROM {self._stage.table} GROUP BY {names}"""  # noqa: S608  # names of ours
        )
        self._rows(f"ANALYZE {self._keys}")

    def forget(self) -> None:
        """Drop what was gathered."""
        self._rows(f"DROP TABLE IF EXISTS {self._keys}")

    def make(self, kind: str) -> int:
        """Insert the entities of one level that are not there yet."""
        alias = {"campaign": "c", "ad_set": "t", "ad": "d"}[kind]
        rows = self._rows(
            f"""SELECT DISTINCT ON (account_id, external_id) * FROM (
                  SELECT s.account_id, s.{kind} AS external_id, s.{kind}_name AS name,
                         COALESCE(t.campaign_id, c.id) AS campaign_id, t.id AS ad_set_id,
                         max(s.day) AS last
                  FROM {self._source}
                  WHERE s.{kind} IS NOT NULL AND {alias}.id IS NULL
                  GROUP BY 1, 2, 3, 4, 5) x
                ORDER BY account_id, external_id, name IS NULL, campaign_id IS NULL, last DESC"""  # noqa: S608  # names of ours
        )
        fresh = [self._build(kind, *row[:5]) for row in rows]
        model = _MODELS[kind]
        model._default_manager.bulk_create(fresh, batch_size=_BATCH)  # type: ignore[arg-type]  # one model per call
        return len(fresh)

    def _build(
        self,
        kind: str,
        account_id: int,
        external_id: str,
        name: str | None,
        campaign_id: int | None,
        ad_set_id: int | None,
    ) -> Campaign | AdSet | Ad:
        said = self._names.get(kind, external_id)
        common = {
            "workspace_id": self._workspace_id,
            "account_id": account_id,
            "external_id": external_id,
            "name": name or f"{_LABELS[kind]} {external_id}",
            "status": said.status or "active",
        }
        if kind == "campaign":
            return Campaign(**common, channel=said.channel)
        campaign_id = campaign_id or self._stranger(account_id).pk
        if kind == "ad_set":
            return AdSet(**common, campaign_id=campaign_id)
        return Ad(**common, campaign_id=campaign_id, ad_set_id=ad_set_id)

    def _stranger(self, account_id: int) -> Campaign:
        """Stand-in for the campaign that a file does not name."""
        if account_id not in self._strangers:
            self._strangers[account_id], _ = Campaign.objects.get_or_create(
                account_id=account_id,
                external_id=UNASSIGNED,
                defaults={"workspace_id": self._workspace_id, "name": "Campaign not given"},
            )
        return self._strangers[account_id]

    def adopt(self) -> None:
        """Give entities of the stand-in campaign their own, once a file names it."""
        orphan = f"""SELECT DISTINCT ON (%(kind)s.id) %(kind)s.id, c.id AS campaign_id
                     FROM {self._source}
                     JOIN campaigns_campaign o ON o.id = %(kind)s.campaign_id
                     WHERE o.external_id = '{UNASSIGNED}' AND c.id IS NOT NULL AND c.id <> o.id
                     ORDER BY %(kind)s.id"""  # noqa: S608  # names of ours
        for table, kind, column in (("adset", "t", "ad_set_id"), ("ad", "d", "ad_id")):
            found = orphan.replace("%(kind)s", kind)
            self._rows(
                f"""WITH found AS ({found}), moved AS (
                      UPDATE campaigns_dailyperformance p SET campaign_id = found.campaign_id
                      FROM found WHERE p.{column} = found.id)
                    UPDATE campaigns_{table} e SET campaign_id = found.campaign_id
                    FROM found WHERE e.id = found.id"""  # noqa: S608  # names of ours
            )
        self._rows(
            f"""WITH found AS (
                  SELECT DISTINCT ON (d.id) d.id, t.id AS ad_set_id FROM {self._source}
                  WHERE d.ad_set_id IS NULL AND t.id IS NOT NULL ORDER BY d.id), moved AS (
                  UPDATE campaigns_dailyperformance p SET ad_set_id = found.ad_set_id
                  FROM found WHERE p.ad_id = found.id)
                UPDATE campaigns_ad e SET ad_set_id = found.ad_set_id
                FROM found WHERE e.id = found.id"""  # noqa: S608  # names of ours
        )

    def refuse_two_parents(self, kind: str) -> None:
        """Refuse a file in which an id means two things: its days could not be told apart."""
        alias, parents = {
            "ad_set": ("t", "c.id <> t.campaign_id"),
            "ad": ("d", "c.id <> d.campaign_id OR t.id <> d.ad_set_id"),
        }[kind]
        rows = self._rows(
            f"""SELECT s.line, s.{kind}, COALESCE(s.campaign, ''), COALESCE(s.ad_set, '')
                FROM {self._source}
                WHERE {alias}.id IS NOT NULL AND ({parents}) ORDER BY s.line LIMIT 1"""  # noqa: S608  # names of ours
        )
        for line, external_id, campaign, ad_set in rows:
            above = f"campaign {campaign}" + (f", ad set {ad_set}" if kind == "ad" else "")
            raise ImportRefused(
                f"Line {line}: {_LABELS[kind].lower()} {external_id} stands in {above} here, but in"
                " another one before. Map a column whose ids are unique in the account."
            )

    def refresh(self, kind: str) -> None:
        """Take over newer names, states and budgets, in accounts without a connection."""
        if not self._free:
            return
        self._refresh_column(kind, "name", f"s.{kind}_name", self._keys)
        # State and budget belong to the finest entity of the row.
        stage = f"(SELECT * FROM {self._stage.table} WHERE level = '{kind}')"  # noqa: S608  # names of ours
        if self._stage.has_states:
            self._refresh_column(kind, "status", "s.status", stage)
        if self._stage.has_budgets and kind != "ad":
            self._refresh_column(kind, "daily_budget", "s.budget", stage)
        self._refresh_states(kind)

    def _refresh_column(self, kind: str, column: str, value: str, source: str) -> None:
        """Set one column to what the row of the last day says."""
        self._rows(
            f"""UPDATE {_TABLES[kind]} e SET {column} = x.value, updated_at = now() FROM (
                  SELECT DISTINCT ON (s.account, s.{kind}) a.id AS account_id,
                         s.{kind} AS external_id, {value} AS value
                  FROM {source} s
                  JOIN campaigns_adaccount a ON a.external_id = s.account AND a.id = ANY(%(free)s)
                  WHERE s.{kind} IS NOT NULL AND {value} IS NOT NULL
                  ORDER BY s.account, s.{kind}, s.day DESC, s.line DESC) x
                WHERE e.account_id = x.account_id AND e.external_id = x.external_id
                  AND e.{column} IS DISTINCT FROM x.value"""  # noqa: S608  # names of ours
        )

    def _refresh_states(self, kind: str) -> None:
        """Take over states of the files of names."""
        said = self._names.rows.get(kind, {})
        for state in {row.status for row in said.values()} - {""}:
            ids = [external_id for external_id, row in said.items() if row.status == state]
            _MODELS[kind]._default_manager.filter(
                account__in=self._free, external_id__in=ids
            ).exclude(status=state).update(status=state)
