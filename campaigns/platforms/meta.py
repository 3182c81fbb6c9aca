"""Meta Marketing API: campaigns, ad sets and ads of one ad account."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import partial
from typing import TypeVar

import httpx

from campaigns.platforms.adapter import (
    THREE_DECIMAL_CURRENCIES,
    Adapter,
    checked_batch,
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
from campaigns.platforms.meta_read import (
    EDGES,
    account_state,
    entity_state,
    fields_of,
    insight_fields,
    insight_row,
)
from campaigns.platforms.meta_wire import LABEL, error_of, offset_of, step_of, usage_of
from workspaces.platforms.client import (
    BATCH_TIMEOUT_S,
    Answer,
    Call,
    Dialect,
    FixedHeaders,
    PlatformClient,
    checked_secret,
)
from workspaces.platforms.errors import ErrorKind, PlatformError
from workspaces.platforms.payload import mapping, rows, text, whole

logger = logging.getLogger(__name__)

BASE_URL = "https://graph.facebook.com"
API_VERSION = "v26.0"
# Meta counts a purchase under several overlapping names: one is taken, they are never added.
CONVERSION_ACTION = "omni_purchase"
PAGE_SIZE = "200"
INSIGHTS_PAGE_SIZE = "500"
_ACCOUNT_FIELDS = "id,account_id,name,currency,timezone_name,account_status"

_WRITABLE_STATUSES: Mapping[str, str] = {
    "active": "ACTIVE",
    "paused": "PAUSED",
    "archived": "ARCHIVED",
}
_WIRE_FIELDS: Mapping[tuple[str, str], str] = {
    ("campaign", "daily_budget"): "daily_budget",
    ("campaign", "lifetime_budget"): "lifetime_budget",
    ("adset", "daily_budget"): "daily_budget",
    ("adset", "lifetime_budget"): "lifetime_budget",
    ("adset", "bid"): "bid_amount",
    ("ad", "bid"): "bid_amount",
}


_Read = TypeVar("_Read")


class Meta(Adapter):
    """The Marketing API over our own client; the official SDK puts tokens into URLs."""

    name = "meta"
    max_batch = 50

    def __init__(
        self,
        *,
        access_token: str,
        base_url: str = BASE_URL,
        api_version: str = API_VERSION,
        conversion_action: str = CONVERSION_ACTION,
        allow_loopback: bool = False,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        if not re.fullmatch(r"v\d+\.\d+", api_version):
            raise invalid(f"{api_version!r} is not a version such as {API_VERSION}.")
        token = checked_secret(access_token, "access token")
        super().__init__(
            PlatformClient(
                base_url=base_url,
                auth=FixedHeaders({"Authorization": f"Bearer {token}"}, (token,)),
                dialect=Dialect(LABEL, usage_of, error_of),
                allow_loopback=allow_loopback,
                transport=transport,
            )
        )
        self._root = f"/{api_version}"
        self._conversion_action = conversion_action
        self._accounts: dict[str, AccountState] = {}

    def read_account(self, account_id: str) -> AccountState:
        """Read the account; where the table of offsets ends, ask for the account's own."""
        answer = self._get(f"/{_account_node(account_id)}", fields=_ACCOUNT_FIELDS)
        return self._keep_account(account_id, answer)

    def read_entity(self, ref: EntityRef) -> EntityState:
        """Read one campaign, ad set or ad."""
        path, fields = f"/{plain_id(ref.external_id)}", fields_of(ref.level)
        node = _account_node(ref.account_id)
        if node in self._accounts:
            return self._entity(self._get(path, fields=fields), ref)
        # Without its account no amount can be read; both in one request, for a person waits.
        account, entity = self._send_batch(
            [
                Call("GET", f"/{node}", params={"fields": _ACCOUNT_FIELDS}),
                Call("GET", path, params={"fields": fields}),
            ],
            is_write=False,
        )
        self._keep_account(ref.account_id, _told(account))
        return self._entity(_told(entity), ref)

    def read_entities(self, refs: Sequence[EntityRef]) -> list[EntityState | PlatformError]:
        """Read several in one request; an entity that is not there spoils no other."""
        if len(refs) <= 1 or not all(is_plain_id(ref.external_id) for ref in refs):
            return super().read_entities(refs)
        checked_batch(refs, self.max_batch)
        calls = [
            Call("GET", f"/{plain_id(ref.external_id)}", params={"fields": fields_of(ref.level)})
            for ref in refs
        ]
        answers = self._send_batch(calls, is_write=False)
        return [
            _outcome(answer, partial(self._entity, ref=ref))
            for ref, answer in zip(refs, answers, strict=True)
        ]

    def _entity(self, answer: Answer, ref: EntityRef) -> EntityState:
        return entity_state(answer.fields, ref.level, self._account(ref.account_id))

    def list_entities(self, account_id: str, level: EntityLevel) -> Iterator[EntityState]:
        """Yield all entities of a level that are not archived or deleted."""
        fields = fields_of(level)
        account = self._account(account_id)
        edge = f"/{_account_node(account_id)}/{EDGES[level]}"
        for row in self._pages(edge, fields=fields, limit=PAGE_SIZE):
            yield entity_state(row, level, account)

    def apply(self, change: Change) -> Receipt:
        """Write one absolute value; only ``{"success": true}`` counts."""
        call = Call("POST", self._path(change), form=self._form(change), is_write=True)
        return _receipt(self._send(call))

    def validate(self, change: Change) -> None:
        """Let Meta check the change without making it."""
        form = self._form(change) | {"execution_options": json.dumps(["validate_only"])}
        _receipt(self._send(Call("POST", self._path(change), form=form)))

    def apply_batch(self, changes: Sequence[Change]) -> list[Receipt | PlatformError]:
        """Write up to 50 changes in one request; each has its own answer, or none."""
        checked_batch(changes, self.max_batch)
        results: list[Receipt | PlatformError] = []
        elements: list[tuple[int, Call]] = []
        for index, change in enumerate(changes):
            results.append(_not_run())
            try:
                form = self._form(change)
                path = f"/{plain_id(change.ref.external_id)}"
            except PlatformError as error:
                results[index] = error
            else:
                elements.append((index, Call("POST", path, form=form, is_write=True)))
        if elements:
            answers = self._send_batch([call for _, call in elements], is_write=True)
            for (index, _), answer in zip(elements, answers, strict=True):
                results[index] = _outcome(answer, _receipt)
        return results

    def insights(
        self, account_id: str, since: date, until: date, level: InsightLevel
    ) -> Iterator[InsightRow]:
        """Yield one row per entity and day; amounts here are in major units already."""
        for row in self._pages(
            f"/{_account_node(account_id)}/insights",
            level=level,
            time_range=json.dumps({"since": since.isoformat(), "until": until.isoformat()}),
            time_increment="1",
            fields=insight_fields(level),
            limit=INSIGHTS_PAGE_SIZE,
        ):
            yield insight_row(row, level, self._conversion_action)

    def money_step(self, currency: str) -> Decimal:
        """Return one of Meta's units in major units."""
        known = (a.money_offset for a in self._accounts.values() if a.currency == currency)
        return step_of(currency, next(known, None))

    def earliest(self, change: Change, now: datetime, account_tz: tzinfo) -> datetime | None:
        """Meta forbids by count, not by clock; the queue counts the four budgets an hour."""
        return None

    def _account(self, account_id: str) -> AccountState:
        # The currency of an ad account cannot change, so one read serves the instance's life.
        return self._accounts.get(_account_node(account_id)) or self.read_account(account_id)

    def _keep_account(self, account_id: str, answer: Answer) -> AccountState:
        node, data = _account_node(account_id), answer.fields
        offset = self._reported_offset(node, text(data.get("currency")))
        self._accounts[node] = account_state(data, account_id, offset)
        return self._accounts[node]

    def _reported_offset(self, node: str, currency: str) -> int | None:
        if currency not in THREE_DECIMAL_CURRENCIES:
            return None
        try:
            data = self._get(f"/{node}", fields="currency_offset").fields
        except PlatformError as error:
            # Not every version knows the field; then the currency stays refused.
            if error.kind is ErrorKind.INVALID:
                return None
            raise
        return whole(data.get("currency_offset")) or None

    def _path(self, change: Change) -> str:
        return f"{self._root}/{plain_id(change.ref.external_id)}"

    def _form(self, change: Change) -> dict[str, str]:
        if change.field == "status":
            status = _WRITABLE_STATUSES.get(str(change.value))
            if status is None or change.ref.level not in EDGES:
                raise invalid(f"Meta takes no status {change.value!r} here.", "status")
            return {"status": status}
        wire_field = _WIRE_FIELDS.get((change.ref.level, change.field))
        if wire_field is None:
            raise invalid(f"Meta has no {change.field} on the {change.ref.level}.", change.field)
        account = self._account(change.ref.account_id)
        offset = offset_of(account.currency, account.money_offset)
        money = money_of(
            change, account_currency=account.currency, step=Decimal(1) / Decimal(offset)
        )
        return {wire_field: str(int(money * offset))}

    def _get(self, path: str, **params: str) -> Answer:
        return self._send(Call("GET", self._root + path, params=params))

    def _send(self, call: Call) -> Answer:
        answer = self._client.send(call)
        if warning := answer.headers.get("x-ad-api-version-warning"):
            logger.warning("Meta: %s", warning)
        return answer

    def _pages(self, path: str, **params: str) -> Iterator[dict[str, object]]:
        seen: set[str] = set()
        while True:
            data = self._get(path, **params).fields
            if not isinstance(data.get("data"), list):
                raise incomplete(LABEL, "a list")
            yield from rows(data["data"])
            paging = mapping(data.get("paging"))
            # An empty page may have a next one. The address in `next` may carry the token, so
            # only its cursor is used; one that repeats would never end.
            if not paging.get("next"):
                return
            params["after"] = text(mapping(paging.get("cursors")).get("after"))
            if not params["after"] or params["after"] in seen:
                raise incomplete(LABEL, "the cursor of its next page")
            seen.add(params["after"])

    def _send_batch(self, calls: Sequence[Call], *, is_write: bool) -> list[Answer | PlatformError]:
        batch = [
            {"method": c.method, "relative_url": _relative(c)}
            | ({"body": str(httpx.QueryParams(c.form))} if c.form else {})
            for c in calls
        ]
        call = Call(
            "POST",
            f"{self._root}/",
            form={"batch": json.dumps(batch)},
            is_write=is_write,
            timeout_s=BATCH_TIMEOUT_S,
        )
        try:
            answer = self._send(call)
        except PlatformError as error:
            return [error for _ in calls]
        elements = answer.data if isinstance(answer.data, list) else []
        if len(elements) != len(calls):
            return [incomplete(LABEL, "one result per request") for _ in calls]
        return [
            self._batch_result(answer, call, element)
            for call, element in zip(calls, elements, strict=True)
        ]

    def _batch_result(self, outer: Answer, call: Call, element: object) -> Answer | PlatformError:
        if element is None:
            return _not_run()
        try:
            return self._client.judge(self._inner_answer(outer, call, element))
        except PlatformError as error:
            return error

    def _inner_answer(self, outer: Answer, call: Call, element: object) -> Answer:
        part = mapping(element)
        headers = {
            text(h.get("name")).lower(): text(h.get("value")) for h in rows(part.get("headers"))
        }
        return self._client.answer(
            call,
            whole(part.get("code")),
            headers or outer.headers,
            text(part.get("body")).encode(errors="replace"),
        )


def _told(answer: Answer | PlatformError) -> Answer:
    if isinstance(answer, PlatformError):
        raise answer
    return answer


def _account_node(account_id: str) -> str:
    return f"act_{plain_id(account_id.removeprefix('act_'))}"


def _relative(call: Call) -> str:
    query = f"?{httpx.QueryParams(call.params)}" if call.params else ""
    return call.path[1:] + query


def _outcome(
    answer: Answer | PlatformError, read: Callable[[Answer], _Read]
) -> _Read | PlatformError:
    if isinstance(answer, PlatformError):
        return answer
    try:
        return read(answer)
    except PlatformError as error:
        return error


def _receipt(answer: Answer) -> Receipt:
    if answer.fields.get("success") is not True:
        raise PlatformError(
            ErrorKind.UNKNOWN,
            "Meta did not confirm the change; read the live value before trying again.",
            response=answer.kept(),
            usage=answer.usage,
        )
    request_id = answer.headers.get("x-fb-request-id") or answer.headers.get("x-fb-trace-id", "")
    return Receipt(request_id=request_id, response=answer.kept(), usage=answer.usage)


def _not_run() -> PlatformError:
    return PlatformError(
        ErrorKind.TRANSIENT, "Meta did not run this part of the batch. It is tried again."
    )
