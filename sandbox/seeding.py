"""Turn a seed document into accounts and entities.

The document is platform-neutral: amounts are decimal strings in major units, statuses are
`active|paused|archived|deleted`, ad groups are `adsets`.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import cast

from sandbox.entities import PLATFORMS, STATUSES, Account, Entity, Kind, Platform, Status
from sandbox.store import Store
from sandbox.web import JsonObject, as_list, as_object

_OWN = {
    *("id", "name", "status", "daily_budget", "lifetime_budget", "bid", "bid_strategy"),
    *("budget_id", "campaigns", "adsets", "ads", "budgets"),
}
_ACCOUNT_OWN = {"platform", "id", "name", "currency", "timezone", "token", "campaigns", "budgets"}


class SeedError(ValueError):
    """The seed document is wrong; the message names the place."""


def seed_accounts(
    store: Store, accounts: list[object], *, created_at: float, skip_present: bool
) -> list[Account]:
    """Put the accounts of a seed document in, each in place of its earlier self.

    With `skip_present`, an account that is already there stays as it is, so that a restart
    keeps the state.
    """
    seeded = []
    for index, item in enumerate(accounts):
        account = _account(as_object(item), f"accounts[{index}]")
        if not (skip_present and store.account(account.platform, account.id)):
            store.add_account(account)
            _Loader(store, account, created_at).load(as_object(item))
        seeded.append(account)
    return seeded


def amount(value: object, where: str) -> Decimal | None:
    """Read an amount of money of a seed or edit document."""
    if value is None or value == "":
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise SeedError(f"{where}: {value!r} is not an amount; write it like '120.00'") from None
    if not number.is_finite() or number < 0:
        raise SeedError(f"{where}: {value!r} must be a finite amount of zero or more")
    return number


def status(value: object, where: str) -> Status:
    """Read a status of a seed or edit document."""
    if value not in STATUSES:
        raise SeedError(f"{where}: status {value!r} is unknown; use one of {', '.join(STATUSES)}")
    return value


def _account(item: JsonObject, where: str) -> Account:
    if item.get("platform") not in PLATFORMS:
        raise SeedError(f"{where}.platform must be one of {', '.join(PLATFORMS)}")
    if not item.get("id"):
        raise SeedError(f"{where}.id is missing")
    platform, account_id = cast("Platform", item["platform"]), str(item["id"])
    return Account(
        platform=platform,
        id=account_id,
        name=str(item.get("name", f"{platform} {account_id}")),
        currency=str(item.get("currency", "USD")),
        timezone=str(item.get("timezone", "UTC")),
        token=str(item.get("token", f"sandbox-{platform}-{account_id}")),
        extra={key: value for key, value in item.items() if key not in _ACCOUNT_OWN},
    )


class _Loader:
    """Walks one account of the document."""

    def __init__(self, store: Store, account: Account, created_at: float) -> None:
        self._store = store
        self._account = account
        self._created_at = created_at

    def load(self, item: JsonObject) -> None:
        for budget in as_list(item.get("budgets")):
            self._add("budget", as_object(budget), "")
        for campaign in as_list(item.get("campaigns")):
            campaign_id = self._add("campaign", as_object(campaign), "")
            for adset in as_list(as_object(campaign).get("adsets")):
                adset_id = self._add("adset", as_object(adset), campaign_id)
                for ad in as_list(as_object(adset).get("ads")):
                    self._add("ad", as_object(ad), adset_id)

    def _add(self, kind: Kind, item: JsonObject, parent_id: str) -> str:
        where = f"{kind} {item.get('id')!r}"
        if not item.get("id"):
            raise SeedError(f"a {kind} of account {self._account.id} has no id")
        entity_id = str(item["id"])
        if self._store.entity(self._account.platform, entity_id, kind):
            raise SeedError(
                f"{where} exists twice on {self._account.platform}; ids are unique there"
            )
        self._store.add_entity(
            Entity(
                platform=self._account.platform,
                kind=kind,
                id=entity_id,
                account_id=self._account.id,
                parent_id=parent_id,
                budget_id=str(item.get("budget_id", "")),
                name=str(item.get("name", f"{kind} {entity_id}")),
                status=status(item.get("status", "active"), where),
                daily_budget=amount(item.get("daily_budget"), where),
                lifetime_budget=amount(item.get("lifetime_budget"), where),
                bid=amount(item.get("bid"), where),
                bid_strategy=str(item.get("bid_strategy", "")),
                created_at=self._created_at,
                extra={key: value for key, value in item.items() if key not in _OWN},
            )
        )
        return entity_id
