"""The few calls of HubSpot's CRM that we need; the official SDK is a client of our tests only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final

import httpx

from attribution.hubspot.reading import (
    CONTACT_PROPERTIES,
    DEAL_HISTORIES,
    DEAL_PROPERTIES,
    TOUCH_PROPERTIES,
    ContactSeen,
    DealSeen,
    contact_of,
    deal_of,
    milliseconds,
    moment_of,
)
from workspaces.platforms.client import (
    Answer,
    Call,
    Dialect,
    FixedHeaders,
    PlatformClient,
    checked_secret,
)
from workspaces.platforms.errors import ErrorKind, PlatformError, Usage
from workspaces.platforms.payload import decimal, mapping, rows, text

LABEL: Final = "HubSpot"
BASE_URL: Final = "https://api.hubapi.com"
API_VERSION: Final = "v3"
BATCH: Final = 100
SEARCH_PAGE: Final = 200
# A search gives no result after this one, however it is paged.
SEARCH_CAP: Final = 10_000
# Ids of the types, which dated versions of the API want in place of names.
_TYPE_IDS: Final = {"deals": "0-3", "contacts": "0-1"}
_LOCKED, _GONE_FOR_NOW = 423, (477, 521, 522, 523, 524)
_KINDS: Final[Mapping[int, ErrorKind]] = {
    400: ErrorKind.INVALID,
    401: ErrorKind.AUTH,
    403: ErrorKind.PERMISSION,
    404: ErrorKind.GONE,
    _LOCKED: ErrorKind.THROTTLED,
    429: ErrorKind.THROTTLED,
    **dict.fromkeys((502, 503, 504, *_GONE_FOR_NOW), ErrorKind.TRANSIENT),
}
_ADVICE: Final = {
    ErrorKind.INVALID: "The call was refused as it is; this will not get better by itself.",
    ErrorKind.AUTH: "Enter a new private-app token.",
    ErrorKind.PERMISSION: "Give the private app the scopes of deals and contacts that it lacks.",
    ErrorKind.GONE: "It is not there, or the token cannot see it.",
    ErrorKind.THROTTLED: "It is tried again later by itself.",
    ErrorKind.UNKNOWN: "It may have been done all the same; it is looked at before another try.",
    ErrorKind.TRANSIENT: "It is tried again by itself.",
}
# A lock is asked to be left alone for two seconds; a day's quota does not come back in minutes.
_WAITS_S: Final = {"TEN_SECONDLY_ROLLING": 10.0, "SECONDLY": 1.0, "DAILY": 3600.0}
_LOCK_WAIT_S: Final = 2.0


@dataclass(frozen=True)
class Token:
    """What a private-app token opens."""

    portal_id: str
    scopes: tuple[str, ...]


@dataclass(frozen=True)
class DealsRead:
    """Deals by the id that they have now, and ids that nothing answered to."""

    deals: Mapping[str, DealSeen]
    missing: frozenset[str]


@dataclass(frozen=True)
class Changed:
    """One page of deals by time of change; ``after`` is empty on the last one."""

    rows: tuple[tuple[str, datetime], ...]
    after: str


class HubSpot:
    """One portal by its token. Nothing is retried here."""

    def __init__(
        self,
        *,
        token: str,
        base_url: str = BASE_URL,
        api_version: str = API_VERSION,
        allow_loopback: bool = False,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._token = checked_secret(token, "private-app token")
        self._version = api_version
        self._client = PlatformClient(
            base_url=base_url,
            auth=FixedHeaders({"Authorization": f"Bearer {self._token}"}, (self._token,)),
            dialect=Dialect(LABEL, usage_of, error_of),
            allow_loopback=allow_loopback,
            transport=transport,
        )

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def token_info(self) -> Token:
        """Which portal the token is of, and what it may read."""
        path = "/oauth/v2/private-apps/get/access-token-info"
        fields = self._post(path, {"tokenKey": self._token}).fields
        scopes = fields.get("scopes")
        return Token(
            text(fields.get("hubId")),
            tuple(text(one) for one in scopes) if isinstance(scopes, list) else (),
        )

    def read_deals(self, ids: Sequence[str]) -> DealsRead:
        """Read up to 100 deals with the history of their stages.

        A deal that was merged answers under its new id; it is in neither part of the result then.
        """
        body = _batch(ids, DEAL_PROPERTIES, DEAL_HISTORIES)
        fields = self._post(f"{self._objects('deals')}/batch/read", body).fields
        found = [deal_of(row) for row in _results(fields)]
        return DealsRead({deal.id: deal for deal in found}, _missing(fields))

    def contacts_of(self, deals: Sequence[str]) -> dict[str, list[str]]:
        """Ids of the contacts of up to 1 000 deals."""
        path = "/crm/v4/associations/deals/contacts/batch/read"
        fields = self._post(path, {"inputs": [{"id": one} for one in deals]}).fields
        return {
            text(mapping(row.get("from")).get("id")): [
                text(end.get("toObjectId")) for end in rows(row.get("to"))
            ]
            for row in _results(fields)
        }

    def read_contacts(self, ids: Sequence[str]) -> dict[str, ContactSeen]:
        """Read up to 100 contacts with what they clicked and when."""
        body = _batch(ids, CONTACT_PROPERTIES, TOUCH_PROPERTIES)
        fields = self._post(f"{self._objects('contacts')}/batch/read", body).fields
        found = [contact_of(row) for row in _results(fields)]
        return {contact.id: contact for contact in found}

    def set_amount(self, deal: str, amount: str) -> None:
        """Set what a deal is worth; the same call again changes nothing."""
        path = f"{self._objects('deals')}/{deal}"
        body = {"properties": {"amount": amount}}
        answer = self._client.send(Call("PATCH", path, json=body, is_write=True))
        if text(answer.fields.get("id")) != deal:
            raise PlatformError(ErrorKind.UNKNOWN, f"{LABEL} did not name the deal it changed.")

    @property
    def usage(self) -> Usage:
        """Quota use in the newest answer."""
        return self._client.usage

    def changed_deals(
        self, since: datetime, *, after: str = "", limit: int = SEARCH_PAGE
    ) -> Changed:
        """One page of the deals that changed at or after a moment, the longest ago first."""
        name = "hs_lastmodifieddate"
        condition = {"propertyName": name, "operator": "GTE", "value": str(milliseconds(since))}
        body: dict[str, object] = {
            "filterGroups": [{"filters": [condition]}],
            "sorts": [{"propertyName": name, "direction": "ASCENDING"}],
            "properties": [name],
            "limit": limit,
        }
        if after:
            body["after"] = after
        fields = self._post(f"{self._objects('deals')}/search", body).fields
        following = mapping(mapping(fields.get("paging")).get("next"))
        found = tuple(
            (text(row.get("id")), moment_of(mapping(row.get("properties")).get(name)))
            for row in _results(fields)
        )
        return Changed(found, text(following.get("after")))

    def stage_labels(self) -> dict[tuple[str, str], str]:
        """What the portal calls each stage of each pipeline."""
        fields = self._client.send(Call("GET", "/crm/v3/pipelines/deals")).fields
        return {
            (text(pipeline.get("id")), text(stage.get("id"))): text(stage.get("label"))
            for pipeline in _results(fields)
            for stage in rows(pipeline.get("stages"))
        }

    def _objects(self, name: str) -> str:
        if self._version == API_VERSION:
            return f"/crm/v3/objects/{name}"
        return f"/crm/objects/{self._version}/{_TYPE_IDS[name]}"

    def _post(self, path: str, body: object) -> Answer:
        return self._client.send(Call("POST", path, json=body))


def _batch(ids: Sequence[str], names: Sequence[str], histories: Sequence[str]) -> object:
    if len(ids) > BATCH:
        raise ValueError(f"{len(ids)} ids; {LABEL} reads {BATCH} at once")
    return {
        "inputs": [{"id": one} for one in ids],
        "properties": list(names),
        "propertiesWithHistory": list(histories),
    }


def _results(fields: Mapping[str, object]) -> list[dict[str, object]]:
    """Return what an answer lists; an answer without a list is no success."""
    if not isinstance(fields.get("results"), list):
        raise PlatformError(ErrorKind.TRANSIENT, f"{LABEL} answered without its results.")
    return rows(fields["results"])


def _missing(fields: Mapping[str, object]) -> frozenset[str]:
    found: set[str] = set()
    for error in rows(fields.get("errors")):
        ids = mapping(error.get("context")).get("ids")
        found |= {text(one) for one in ids} if isinstance(ids, list) else set()
    return frozenset(found)


def usage_of(headers: Mapping[str, str]) -> Usage:
    """Share of the ten seconds' limit that is used, by the headers; search sends none."""
    most = decimal(headers.get("X-HubSpot-RateLimit-Max"))
    left = decimal(headers.get("X-HubSpot-RateLimit-Remaining"))
    if not most or left is None:
        return Usage()
    interval_ms = decimal(headers.get("X-HubSpot-RateLimit-Interval-Milliseconds"))
    pct = float(100 * (1 - left / most))
    return Usage(pct, float(interval_ms / 1000) if interval_ms else None)


def error_of(answer: Answer) -> PlatformError | None:
    """Judge by status; every field of the envelope may be missing."""
    if answer.is_success:
        return None
    kind = _KINDS.get(answer.status)
    if kind is None and answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return None
    kind = kind or ErrorKind.TRANSIENT
    if kind == ErrorKind.TRANSIENT and answer.call.is_write:
        kind = ErrorKind.UNKNOWN  # a server that failed may have written before it did
    fields = answer.fields
    policy = text(fields.get("policyName"))
    said = text(fields.get("message")).rstrip(".") or f"it answered {answer.status}"
    wait_s = _WAITS_S.get(policy, _LOCK_WAIT_S if answer.status == _LOCKED else None)
    return PlatformError(
        kind,
        f"{LABEL}: {said}. {_ADVICE[kind]}",
        # What the platform says itself goes before; the client reads that header.
        retry_after_s=None if "Retry-After" in answer.headers else wait_s,
        provider_code=text(fields.get("category")) or str(answer.status),
        provider_subcode=policy or text(fields.get("subCategory")),
        trace_id=text(fields.get("correlationId")),
    )
