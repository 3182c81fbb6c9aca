"""LinkedIn Marketing API: read only. What is signed, a person does in Campaign Manager."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import NoReturn
from urllib.parse import quote

import httpx

from campaigns.platforms.adapter import Adapter, coarse_step, incomplete, invalid, plain_id
from campaigns.platforms.base import (
    AccountState,
    Change,
    EntityLevel,
    EntityRef,
    EntityState,
    InsightLevel,
    InsightRow,
    Receipt,
)
from campaigns.platforms.linkedin_read import (
    NODES,
    account_state,
    entity_state,
    insight_row,
    metrics_of,
    pivots_of,
)
from campaigns.platforms.linkedin_wire import (
    API_VERSION,
    BASE_URL,
    LABEL,
    error_of,
    headers_of,
    id_of,
    restli_days,
    restli_list,
    restli_path,
    urn,
    usage_of,
)
from workspaces.platforms.client import Answer, Call, Dialect, PlatformClient
from workspaces.platforms.errors import PlatformError
from workspaces.platforms.payload import mapping, rows, text

ROOT = "/rest"
CONVERSION_METRIC = "externalWebsiteConversions"
REVENUE_METRIC = "conversionValueInLocalCurrency"
PAGE_SIZE = 100
# A report has no pages and ends here without a word, so a longer one is asked for in parts.
MOST_REPORT_ROWS = 15_000
MAX_REPORT_DAYS = 30


class LinkedIn(Adapter):
    """Reads one connection's accounts; our own client, for the official one raises on nothing."""

    name = "linkedin"
    executes = False
    max_batch = 1

    def __init__(
        self,
        *,
        access_token: str,
        base_url: str = BASE_URL,
        api_version: str = API_VERSION,
        conversion_metric: str = CONVERSION_METRIC,
        revenue_metric: str = REVENUE_METRIC,
        most_report_rows: int = MOST_REPORT_ROWS,
        allow_loopback: bool = False,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        super().__init__(
            PlatformClient(
                base_url=base_url,
                auth=headers_of(access_token, api_version),
                dialect=Dialect(LABEL, usage_of, error_of),
                allow_loopback=allow_loopback,
                transport=transport,
            )
        )
        self._conversion, self._revenue = conversion_metric, revenue_metric
        self._most_report_rows = most_report_rows
        self._accounts: dict[str, AccountState] = {}
        self._groups: dict[str, str] = {}

    def read_account(self, account_id: str) -> AccountState:
        """Read name and currency of the ad account."""
        account = account_state(self._get(_account_path(account_id)).fields)
        self._accounts[account_id] = account
        return account

    def read_entity(self, ref: EntityRef) -> EntityState:
        """Read one campaign group, campaign or creative."""
        account = self._account(ref.account_id)
        row = self._row(ref)
        group_id = self._group_of(row, account) if ref.level == "ad" else ""
        return entity_state(row, ref.level, account, group_id)

    def list_entities(self, account_id: str, level: EntityLevel) -> Iterator[EntityState]:
        """Yield all entities of a level that are not removed."""
        account = self._account(account_id)
        for row in self._pages(account, level):
            group_id = self._group_of(row, account) if level == "ad" else ""
            yield entity_state(row, level, account, group_id)

    def insights(
        self, account_id: str, since: date, until: date, level: InsightLevel
    ) -> Iterator[InsightRow]:
        """Yield one row per entity and day of UTC."""
        account = self._account(account_id)
        while since <= until:
            last = min(until, since + timedelta(days=MAX_REPORT_DAYS - 1))
            for row in self._report(account, since, last, level):
                yield insight_row(row, level, account.currency, self._conversion, self._revenue)
            since = last + timedelta(days=1)

    def apply(self, change: Change) -> Receipt:
        """Refuse: nothing is written to LinkedIn."""
        _refuse()

    def apply_batch(self, changes: Sequence[Change]) -> list[Receipt | PlatformError]:
        """Refuse: nothing is written to LinkedIn."""
        _refuse()

    def validate(self, change: Change) -> None:
        """Refuse: nothing is written to LinkedIn."""
        _refuse()

    def money_step(self, currency: str) -> Decimal:
        """Return the smallest amount in major units."""
        return coarse_step(currency)

    def earliest(self, change: Change, now: datetime, account_tz: tzinfo) -> datetime | None:
        """Return nothing: a person may make the change at any time."""
        return None

    def _account(self, account_id: str) -> AccountState:
        return self._accounts.get(account_id) or self.read_account(account_id)

    def _row(self, ref: EntityRef) -> dict[str, object]:
        node, kind, _, _ = _node(ref.level)
        external_id = plain_id(ref.external_id)
        key = quote(urn(kind, external_id), safe="") if ref.level == "ad" else external_id
        return self._get(f"{_account_path(ref.account_id)}/{node}/{key}").fields

    def _group_of(self, row: dict[str, object], account: AccountState) -> str:
        """Return the group of a creative: its campaign knows it, and is asked once."""
        campaign_id = id_of(row.get("campaign"))
        if not campaign_id:
            raise incomplete(LABEL, "the campaign of a creative")
        if campaign_id not in self._groups:
            # Of a removed campaign, which no list shows, it is asked alone.
            self._remember(self._row(EntityRef("adset", campaign_id, account.external_id)))
        return self._groups[campaign_id]

    def _remember(self, campaign: dict[str, object]) -> None:
        self._groups[text(campaign.get("id"))] = id_of(campaign.get("campaignGroup"))

    def _pages(self, account: AccountState, level: EntityLevel) -> Iterator[dict[str, object]]:
        node, _, finder, _ = _node(level)
        token = ""
        while True:
            params = {"q": finder, "pageSize": str(PAGE_SIZE)}
            params |= {"pageToken": quote(token, safe="")} if token else {}
            path = f"{_account_path(account.external_id)}/{node}"
            answer = self._get(restli_path(path, **params))
            for row in _elements(answer):
                if level == "adset":
                    self._remember(row)
                yield row
            token = text(mapping(answer.fields.get("metadata")).get("nextPageToken"))
            if not token:
                return

    def _report(
        self, account: AccountState, first: date, last: date, level: InsightLevel
    ) -> Iterator[dict[str, object]]:
        """Yield the rows of a period, in halves where one answer cannot hold them."""
        path = restli_path(
            f"{ROOT}/adAnalytics",
            q="statistics",
            pivots=restli_list(pivots_of(level)),
            timeGranularity="DAILY",
            dateRange=restli_days(first, last),
            accounts=restli_list([urn("sponsoredAccount", account.external_id)]),
            fields=",".join(metrics_of(self._conversion, self._revenue)),
        )
        found = _elements(self._get(path))
        if len(found) < self._most_report_rows:
            yield from found
            return
        if first == last:
            raise incomplete(LABEL, f"all rows of {first}: the account has too many ads for a day")
        middle = first + (last - first) // 2
        yield from self._report(account, first, middle, level)
        yield from self._report(account, middle + timedelta(days=1), last, level)

    def _get(self, path: str) -> Answer:
        return self._client.send(Call("GET", path))


def _elements(answer: Answer) -> list[dict[str, object]]:
    if not isinstance(answer.fields.get("elements"), list):
        raise incomplete(LABEL, "a list")
    return rows(answer.fields["elements"])


def _account_path(account_id: str) -> str:
    return f"{ROOT}/adAccounts/{plain_id(account_id)}"


def _node(level: EntityLevel) -> tuple[str, str, str, str]:
    if level not in NODES:
        raise invalid("LinkedIn has no budget of its own; budgets sit on groups and campaigns.")
    return NODES[level]


def _refuse() -> NoReturn:
    raise invalid(
        "LinkedIn is read here, never written: make the change in Campaign Manager and tick it off."
    )
