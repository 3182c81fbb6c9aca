"""TikTok Marketing API: campaigns, ad groups and ads of one advertiser."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal

import httpx

from campaigns.platforms.adapter import (
    Adapter,
    checked_batch,
    coarse_step,
    incomplete,
    invalid,
    money_of,
    plain_id,
)
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
from campaigns.platforms.tiktok_read import (
    NODES,
    account_state,
    entity_state,
    insight_row,
    metrics_of,
    zone_of,
)
from campaigns.platforms.tiktok_wire import (
    LABEL,
    data_of,
    error_of,
    lock_ends_at,
    next_midnight,
    number,
    usage_of,
)
from workspaces.platforms.client import (
    Answer,
    Call,
    Dialect,
    FixedHeaders,
    PlatformClient,
    checked_secret,
)
from workspaces.platforms.errors import ErrorKind, PlatformError
from workspaces.platforms.payload import decimal, mapping, rows, text, whole

BASE_URL = "https://business-api.tiktok.com"
ROOT = "/open_api/v1.3"
CONVERSION_METRIC = "complete_payment"
# In spite of its name this is the value of all complete payments.
REVENUE_METRIC = "total_complete_payment_rate"
PAGE_SIZE = 100
REPORT_PAGE_SIZE = 1_000
MAX_REPORT_DAYS = 30
_STATUSES: Mapping[str, str] = {"active": "ENABLE", "paused": "DISABLE"}


class TikTok(Adapter):
    """The Marketing API by our own client; the official SDK adds fields nobody set."""

    name = "tiktok"
    # What a failed part of a list looks like is not documented, so changes go one by one.
    max_batch = 1

    def __init__(
        self,
        *,
        access_token: str,
        base_url: str = BASE_URL,
        conversion_metric: str = CONVERSION_METRIC,
        revenue_metric: str = REVENUE_METRIC,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        allow_loopback: bool = False,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        token = checked_secret(access_token, "access token")
        super().__init__(
            PlatformClient(
                base_url=base_url,
                auth=FixedHeaders({"Access-Token": token}, (token,)),
                dialect=Dialect(LABEL, usage_of, error_of),
                allow_loopback=allow_loopback,
                transport=transport,
            )
        )
        self._conversion, self._revenue = conversion_metric, revenue_metric
        self._clock = clock
        self._accounts: dict[str, AccountState] = {}

    def read_account(self, account_id: str) -> AccountState:
        """Read currency and zone of the advertiser."""
        data = data_of(
            self._get(
                "/advertiser/info/",
                advertiser_ids=json.dumps([plain_id(account_id)]),
                fields=json.dumps(["advertiser_id", "name", "currency", "timezone", "status"]),
            )
        )
        account = account_state(next(iter(rows(data.get("list"))), {}), account_id)
        self._accounts[account_id] = account
        return account

    def read_entity(self, ref: EntityRef) -> EntityState:
        """Read one campaign, ad group or ad."""
        account = self._account(ref.account_id)
        return entity_state(self._row(ref), ref.level, account)

    def list_entities(self, account_id: str, level: EntityLevel) -> Iterator[EntityState]:
        """Yield all entities of a level that are not deleted."""
        node, account = _node(level), self._account(account_id)
        for row in self._pages(f"/{node}/get/", PAGE_SIZE, advertiser_id=plain_id(account_id)):
            yield entity_state(row, level, account)

    def apply(self, change: Change) -> Receipt:
        """Write one absolute value; a daily budget of an ad group counts from midnight."""
        account = self._account(change.ref.account_id)
        path, body = self._request(change, account)
        body = {"advertiser_id": plain_id(account.external_id), **body}
        effective_at = None
        if "scheduled_budget" in body:
            effective_at = next_midnight(self._clock(), zone_of(account))
        answer = self._client.send(Call("POST", ROOT + path, json=body, is_write=True))
        return Receipt(
            request_id=text(answer.fields.get("request_id")),
            response=answer.kept(),
            usage=answer.usage,
            effective_at=effective_at,
        )

    def apply_batch(self, changes: Sequence[Change]) -> list[Receipt | PlatformError]:
        """Write at most one change."""
        checked_batch(changes, self.max_batch)
        try:
            return [self.apply(change) for change in changes]
        except PlatformError as error:
            return [error]

    def validate(self, change: Change) -> None:
        """Check what can be checked without writing: TikTok has no dry run."""
        account = self._account(change.ref.account_id)
        self._request(change, account)
        self._row(change.ref)

    def insights(
        self, account_id: str, since: date, until: date, level: InsightLevel
    ) -> Iterator[InsightRow]:
        """Yield one row per entity and day, asking for at most 30 days at a time."""
        account, node = self._account(account_id), _node(level)
        metrics = metrics_of(level, self._conversion, self._revenue)
        for first, last in _windows(since, until):
            for row in self._pages(
                "/report/integrated/get/",
                REPORT_PAGE_SIZE,
                advertiser_id=plain_id(account_id),
                report_type="BASIC",
                data_level=f"AUCTION_{node.upper()}",
                dimensions=json.dumps([f"{node}_id", "stat_time_day"]),
                metrics=json.dumps(metrics),
                start_date=first.isoformat(),
                end_date=last.isoformat(),
            ):
                yield insight_row(row, level, account.currency, self._conversion, self._revenue)

    def money_step(self, currency: str) -> Decimal:
        """Return the smallest amount in major units."""
        return coarse_step(currency)

    def earliest(self, change: Change, now: datetime, account_tz: tzinfo) -> datetime | None:
        """Return midnight for a budget in the last five minutes of the account's day."""
        if change.field not in {"daily_budget", "lifetime_budget"}:
            return None
        return lock_ends_at(now, account_tz)

    def _account(self, account_id: str) -> AccountState:
        return self._accounts.get(account_id) or self.read_account(account_id)

    def _row(self, ref: EntityRef) -> dict[str, object]:
        node = _node(ref.level)
        found = self._pages(
            f"/{node}/get/",
            PAGE_SIZE,
            advertiser_id=plain_id(ref.account_id),
            filtering=json.dumps({f"{node}_ids": [plain_id(ref.external_id)]}),
        )
        for row in found:
            if text(row.get(f"{node}_id")) == ref.external_id:
                return row
        raise PlatformError(
            ErrorKind.GONE, f"TikTok knows no {node} {ref.external_id} in this account; sync it."
        )

    def _request(self, change: Change, account: AccountState) -> tuple[str, dict[str, object]]:
        node, external_id = _node(change.ref.level), plain_id(change.ref.external_id)
        if change.field == "status":
            status = _STATUSES.get(str(change.value))
            if status is None:
                raise invalid(f"TikTok takes no status {change.value!r} here.", "status")
            return f"/{node}/status/update/", {
                f"{node}_ids": [external_id],
                "operation_status": status,
            }
        step = self.money_step(account.currency)
        value = number(money_of(change, account_currency=account.currency, step=step))
        match change.ref.level, change.field:
            case "campaign", "daily_budget" | "lifetime_budget":
                return "/campaign/update/", {"campaign_id": external_id, "budget": value}
            case "adset", "daily_budget":
                entry = {"adgroup_id": external_id, "scheduled_budget": value}
                return "/adgroup/budget/update/", {"scheduled_budget": [entry]}
            case "adset", "lifetime_budget":
                entry = {"adgroup_id": external_id, "budget": value}
                return "/adgroup/budget/update/", {"budget": [entry]}
            case "adset", "bid":
                field = self._bid_field(change.ref)
                return "/adgroup/update/", {"adgroup_id": external_id, field: value}
        raise invalid(f"TikTok has no {change.field} on the {change.ref.level}.", change.field)

    def _bid_field(self, ref: EntityRef) -> str:
        # Ad groups billed by conversion carry their bid in a field of its own.
        by_conversion = decimal(self._row(ref).get("conversion_bid_price"))
        return "conversion_bid_price" if by_conversion else "bid_price"

    def _get(self, path: str, **params: str) -> Answer:
        return self._client.send(Call("GET", ROOT + path, params=params))

    def _pages(self, path: str, page_size: int, **params: str) -> Iterator[dict[str, object]]:
        page = 1
        while True:
            data = data_of(self._get(path, page=str(page), page_size=str(page_size), **params))
            if not isinstance(data.get("list"), list):
                raise incomplete(LABEL, "a list")
            yield from rows(data["list"])
            if page >= whole(mapping(data.get("page_info")).get("total_page")):
                return
            page += 1


def _node(level: EntityLevel) -> str:
    if level not in NODES:
        raise invalid("TikTok has no budget of its own; budgets sit on campaigns and ad groups.")
    return NODES[level]


def _windows(since: date, until: date) -> Iterator[tuple[date, date]]:
    while since <= until:
        last = min(until, since + timedelta(days=MAX_REPORT_DAYS - 1))
        yield since, last
        since = last + timedelta(days=1)
