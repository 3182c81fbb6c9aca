"""Google Ads over REST: campaigns, ad groups, ads, and the budgets they share."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, tzinfo
from decimal import Decimal

import httpx

from campaigns.platforms.adapter import (
    Adapter,
    checked_batch,
    coarse_step,
    incomplete,
    invalid,
    is_plain_id,
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
from campaigns.platforms.google_queries import (
    ACCOUNT_QUERY,
    entity_query,
    insight_query,
    sharing_query,
)
from campaigns.platforms.google_read import account_state, entity_state, insight_row
from campaigns.platforms.google_wire import (
    LABEL,
    RefreshingToken,
    error_of,
    partial_errors,
    to_micros,
    token_error_of,
    usage_of,
)
from workspaces.platforms.client import (
    BATCH_TIMEOUT_S,
    READ_TIMEOUT_S,
    Answer,
    Call,
    Dialect,
    FixedHeaders,
    PlatformClient,
)
from workspaces.platforms.errors import ErrorKind, PlatformError
from workspaces.platforms.payload import mapping, rows, text

BASE_URL = "https://googleads.googleapis.com"
TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105  # an address, not a secret
API_VERSION = "v26"

_RESOURCES: Mapping[EntityLevel, str] = {
    "campaign": "campaigns",
    "adset": "adGroups",
    "ad": "adGroupAds",
    "budget": "campaignBudgets",
}
_ID_FIELDS: Mapping[EntityLevel, str] = {
    "campaign": "campaign.id",
    "adset": "ad_group.id",
    "budget": "campaign_budget.id",
}
_STATUSES: Mapping[str, str] = {"active": "ENABLED", "paused": "PAUSED"}
_MONEY_FIELDS: Mapping[tuple[str, str], str] = {
    ("budget", "daily_budget"): "amountMicros",
    ("budget", "lifetime_budget"): "totalAmountMicros",
    ("adset", "bid"): "cpcBidMicros",
}


class Google(Adapter):
    """Google Ads by our own client; a budget change goes to the budget, which may be shared."""

    name = "google"
    max_batch = 50

    def __init__(
        self,
        *,
        auth: RefreshingToken,
        base_url: str = BASE_URL,
        token_url: str = TOKEN_URL,
        api_version: str = API_VERSION,
        allow_loopback: bool = False,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        if not re.fullmatch(r"v\d+", api_version):
            raise invalid(f"{api_version!r} is not a version such as {API_VERSION}.")

        connect_token(auth, token_url, allow_loopback=allow_loopback, transport=transport)
        super().__init__(
            PlatformClient(
                base_url=base_url,
                auth=auth,
                dialect=Dialect(LABEL, usage_of, error_of),
                allow_loopback=allow_loopback,
                transport=transport,
            )
        )
        self._auth = auth
        self._root = f"/{api_version}/customers"
        self._accounts: dict[str, AccountState] = {}

    def close(self) -> None:
        """Give the connections of both clients back."""
        super().close()
        self._auth.close()

    def read_account(self, account_id: str) -> AccountState:
        """Read currency and zone of the customer."""
        row = next(self._search(account_id, ACCOUNT_QUERY), {})
        account = account_state(row, account_id)
        self._accounts[account_id] = account
        return account

    def read_entity(self, ref: EntityRef) -> EntityState:
        """Read one entity, and which campaigns share its budget."""
        account = self._account(ref.account_id)
        row = next(self._search(ref.account_id, entity_query(ref.level, _condition([ref]))), None)
        if row is None:
            raise _gone(ref)
        (state,) = self._with_sharing(account, [entity_state(row, ref.level, account, {})])
        if isinstance(state, PlatformError):
            raise state
        return state

    def read_entities(self, refs: Sequence[EntityRef]) -> list[EntityState | PlatformError]:
        """Read several with one query per level, and one for who shares their budgets."""
        if len(refs) <= 1 or not all(is_plain_id(ref.external_id) for ref in refs):
            return super().read_entities(refs)
        checked_batch(refs, self.max_batch)
        account = self._account(refs[0].account_id)
        levels: dict[EntityLevel, list[EntityRef]] = defaultdict(list)
        for ref in refs:
            levels[ref.level].append(ref)
        states = {
            state.ref: state
            for level, group in levels.items()
            for row in self._search(account.external_id, entity_query(level, _condition(group)))
            for state in (entity_state(row, level, account, {}),)
        }
        return self._with_sharing(account, [states.get(ref) or _gone(ref) for ref in refs])

    def _with_sharing(
        self, account: AccountState, found: Sequence[EntityState | PlatformError]
    ) -> list[EntityState | PlatformError]:
        budgets = {
            _resource_name(state.budget_ref)
            for state in found
            if isinstance(state, EntityState) and state.budget_ref
        }
        sharing = self._sharing(account.external_id, *sorted(budgets)) if budgets else {}
        return [
            replace(state, budget_shared_by=sharing.get(state.budget_ref.external_id, ()))
            if isinstance(state, EntityState) and state.budget_ref
            else state
            for state in found
        ]

    def list_entities(self, account_id: str, level: EntityLevel) -> Iterator[EntityState]:
        """Yield all entities of a level that are not removed."""
        account = self._account(account_id)
        sharing = self._sharing(account_id)
        for row in self._search(account_id, entity_query(level)):
            yield entity_state(row, level, account, sharing)

    def apply(self, change: Change) -> Receipt:
        """Write one absolute value; the answer must name the resource that changed."""
        answer = self._mutate([change], is_write=True)
        for error in self._failed(answer).values():
            raise error
        return _receipt(answer, change, rows(answer.fields.get("results")), 0)

    def validate(self, change: Change) -> None:
        """Let Google check the change without making it; it answers with errors only."""
        answer = self._mutate([change], is_write=False, validate_only=True)
        for error in self._failed(answer).values():
            raise error

    def apply_batch(self, changes: Sequence[Change]) -> list[Receipt | PlatformError]:
        """Write up to 50 changes, one request per kind of resource, good ones beside bad."""
        checked_batch(changes, self.max_batch)
        results: dict[int, Receipt | PlatformError] = {}
        groups: dict[tuple[str, str], list[int]] = defaultdict(list)
        for index, change in enumerate(changes):
            try:
                self._operation(change)
            except PlatformError as error:
                results[index] = error
            else:
                groups[change.ref.account_id, change.ref.level].append(index)
        for indexes in groups.values():
            outcomes = self._apply_group([changes[index] for index in indexes])
            results |= dict(zip(indexes, outcomes, strict=True))
        return [results[index] for index in range(len(changes))]

    def insights(
        self, account_id: str, since: date, until: date, level: InsightLevel
    ) -> Iterator[InsightRow]:
        """Yield one row per entity and day."""
        query = insight_query(level, since.isoformat(), until.isoformat())
        for row in self._search(account_id, query):
            yield insight_row(row, level)

    def money_step(self, currency: str) -> Decimal:
        """Return a multiple of the smallest unit that Google bills in."""
        return coarse_step(currency)

    def earliest(self, change: Change, now: datetime, account_tz: tzinfo) -> datetime | None:
        """Google takes changes at any time."""
        return None

    def _account(self, account_id: str) -> AccountState:
        return self._accounts.get(account_id) or self.read_account(account_id)

    def _sharing(self, account_id: str, *budgets: str) -> dict[str, tuple[str, ...]]:
        users: dict[str, tuple[str, ...]] = {}
        for row in self._search(account_id, sharing_query(*budgets)):
            campaign = mapping(row.get("campaign"))
            budget_id = text(campaign.get("campaignBudget")).rpartition("/")[2]
            users[budget_id] = (*users.get(budget_id, ()), text(campaign.get("id")))
        return users

    def _search(self, account_id: str, query: str) -> Iterator[dict[str, object]]:
        path = f"{self._root}/{_customer(account_id)}/googleAds:search"
        body: dict[str, str] = {"query": query}
        seen: set[str] = set()
        while True:
            fields = self._send(Call("POST", path, json=dict(body))).fields
            # Without rows Google leaves `results` out, but always says which fields it read.
            if "results" not in fields and "fieldMask" not in fields:
                raise incomplete(LABEL, "rows or their field mask")
            yield from rows(fields.get("results"))
            token = text(fields.get("nextPageToken"))
            if not token:
                return
            if token in seen:
                raise incomplete(LABEL, "its next page")
            seen.add(token)
            body["pageToken"] = token

    def _send(self, call: Call) -> Answer:
        try:
            return self._client.send(call)
        except PlatformError as error:
            if error.kind is ErrorKind.AUTH:
                self._auth.forget()
            raise

    def _operation(self, change: Change) -> dict[str, object]:
        field, value = self._wire_value(change)
        return {
            "updateMask": field,
            "update": {"resourceName": _resource_name(change.ref), field: value},
        }

    def _wire_value(self, change: Change) -> tuple[str, str]:
        level = change.ref.level
        if change.field == "status":
            status = _STATUSES.get(str(change.value))
            if status is None or level == "budget":
                raise invalid(f"Google Ads takes no status {change.value!r} here.", "status")
            return "status", status
        field = _MONEY_FIELDS.get((level, change.field))
        if field is None:
            raise invalid(
                f"Google Ads has no {change.field} on the {level}; a budget is changed on the "
                "budget itself, a bid on the ad group.",
                change.field,
            )
        account = self._account(change.ref.account_id)
        step = self.money_step(account.currency)
        return field, to_micros(money_of(change, account_currency=account.currency, step=step))

    def _mutate(
        self, changes: Sequence[Change], *, is_write: bool, validate_only: bool = False
    ) -> Answer:
        ref = changes[0].ref
        body: dict[str, object] = {
            "operations": [self._operation(change) for change in changes],
            "partialFailure": not validate_only,
            "validateOnly": validate_only,
        }
        path = f"{self._root}/{_customer(ref.account_id)}/{_RESOURCES[ref.level]}:mutate"
        timeout_s = BATCH_TIMEOUT_S if len(changes) > 1 else READ_TIMEOUT_S
        return self._send(Call("POST", path, json=body, is_write=is_write, timeout_s=timeout_s))

    def _failed(self, answer: Answer) -> dict[int, PlatformError]:
        return {
            index: self._client.described(error, answer)
            for index, error in partial_errors(answer.fields)
        }

    def _apply_group(self, changes: Sequence[Change]) -> list[Receipt | PlatformError]:
        try:
            answer = self._mutate(changes, is_write=True)
        except PlatformError as error:
            return [error for _ in changes]
        failed = self._failed(answer)
        results = rows(answer.fields.get("results"))
        return [
            failed.get(index) or _outcome(answer, change, results, index)
            for index, change in enumerate(changes)
        ]


def connect_token(
    auth: RefreshingToken,
    token_url: str,
    *,
    allow_loopback: bool,
    transport: httpx.BaseTransport | None,
) -> None:
    """Tell a token where it is fetched."""
    base_url, path = _split(token_url)
    auth.token_client = PlatformClient(
        base_url=base_url,
        auth=FixedHeaders({}, tuple(auth.secrets())),
        dialect=Dialect(LABEL, usage_of, token_error_of),
        allow_loopback=allow_loopback,
        transport=transport,
    )
    auth.token_path = path


def _split(token_url: str) -> tuple[str, str]:
    # A base URL always ends in a slash, which the token's address must not.
    base, slash, path = token_url.rpartition("/")
    return base, slash + path


def _customer(account_id: str) -> str:
    return plain_id(account_id.replace("-", ""))


def _resource_name(ref: EntityRef) -> str:
    return (
        f"customers/{_customer(ref.account_id)}/{_RESOURCES[ref.level]}/{plain_id(ref.external_id)}"
    )


def _condition(refs: Sequence[EntityRef]) -> str:
    """Condition that holds for these entities of one level."""
    level = refs[0].level
    if level == "ad":
        field, values = "ad_group_ad.resource_name", [f"'{_resource_name(ref)}'" for ref in refs]
    else:
        field, values = _ID_FIELDS[level], [plain_id(ref.external_id) for ref in refs]
    return f"{field} = {values[0]}" if len(values) == 1 else f"{field} IN ({', '.join(values)})"


def _gone(ref: EntityRef) -> PlatformError:
    return PlatformError(
        ErrorKind.GONE,
        f"Google Ads knows no {ref.level} {ref.external_id} in this account; sync it.",
    )


def _receipt(
    answer: Answer, change: Change, results: Sequence[Mapping[str, object]], index: int
) -> Receipt:
    done = results[index].get("resourceName") if index < len(results) else None
    if done != _resource_name(change.ref):
        raise PlatformError(
            ErrorKind.UNKNOWN,
            "Google Ads did not confirm the change; read the live value before trying again.",
            response=answer.kept(),
        )
    request_id = answer.headers.get("request-id", "")
    return Receipt(request_id=request_id, response=answer.kept(), usage=answer.usage)


def _outcome(
    answer: Answer, change: Change, results: Sequence[Mapping[str, object]], index: int
) -> Receipt | PlatformError:
    try:
        return _receipt(answer, change, results, index)
    except PlatformError as error:
        return error
