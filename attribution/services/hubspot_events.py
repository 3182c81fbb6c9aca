"""Webhooks of HubSpot are hints: each says which deal to read, and the deal says what is true."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from attribution.hubspot.client import BATCH, DealsRead, HubSpot
from attribution.hubspot.reading import ContactSeen, DealSeen, moment_of
from attribution.hubspot.registry import client_of
from attribution.services.hubspot_deals import (
    Portal,
    delete_deal,
    merge_deals,
    take_deal,
    unattributed,
)
from attribution.services.hubspot_origin import contact_key
from attribution.services.privacy import erase_contact
from workspaces import crypto
from workspaces.gate import GateError
from workspaces.inbound.registry import Failure
from workspaces.models import Connection, ConnectionStatus, InboundEvent
from workspaces.platforms.errors import ErrorKind, PlatformError
from workspaces.services.refusals import RefusedError

logger = logging.getLogger(__name__)

CONSUMER: Final = "attribution.hubspot"
KINDS: Final = ("deal.*", "contact.privacyDeletion")
# Their replicas are seconds behind; 5, 10, 20, 30 seconds.
_LAG_WAIT_S, _LAG_WAIT_MOST_S = 5.0, 30.0
_CLOCKS: Final = timedelta(seconds=2)
# So often a deal that was deleted may still be read before we believe that it came back, and a
# contact may be missing before we believe that it was taken away again.
_LOOKS: Final = 4
_READ_FOR: Final = frozenset({"dealstage", "pipeline", "amount"})


@dataclass(frozen=True)
class Hint:
    """One event, read."""

    pk: int
    attempts: int
    kind: str
    at: datetime
    deal: str
    told: Mapping[str, Any] = field(repr=False)

    @property
    def wait_s(self) -> float:
        """How long to leave a deal alone that is not there yet."""
        return float(min(_LAG_WAIT_S * 2**self.attempts, _LAG_WAIT_MOST_S))

    @property
    def absorbed(self) -> list[str]:
        """Deals that a merge did away with."""
        told = self.told.get("mergedObjectIds")
        olds = [self.told.get("primaryObjectId"), *(told if isinstance(told, list) else [])]
        return [str(one) for one in olds if one is not None and str(one) != self.deal]


def consume(
    connection: Connection, events: Sequence[InboundEvent], now: datetime
) -> dict[int, Failure]:
    """Bring the ledger up to what the portal says of the deals that these events name."""
    failures: dict[int, Failure] = {}
    by_deal: dict[str, list[Hint]] = {}
    secret = crypto.decrypt(connection.secret)
    portal = Portal(connection.workspace, secret.get("portal_id", ""), {})
    for event in events:
        try:
            hint = _hint(event, portal)
        except PlatformError as error:
            failures[event.pk] = Failure(error.message, is_final=True)
            continue
        if hint is None:
            continue
        if hint.kind == "contact.privacyDeletion":
            try:
                erase_contact(
                    workspace=portal.workspace, contact=contact_key(portal.id, hint.deal), now=now
                )
            except GateError as error:
                failures[event.pk] = Failure(str(error))
        else:
            by_deal.setdefault(hint.deal, []).append(hint)
    if by_deal:
        try:
            client = client_of(connection, secret)
        except PlatformError as error:
            return failures | _all_fail(connection, by_deal.values(), error, now)
        try:
            failures |= _read_and_take(client, connection, portal, by_deal, now)
        finally:
            client.close()
    return failures


def _hint(event: InboundEvent, portal: Portal) -> Hint | None:
    """Read an event; ``None``: it is of another portal, or of nothing that we keep."""
    told = json.loads(event.body)
    if str(told.get("portalId", portal.id)) != portal.id:
        logger.warning("event of a foreign portal dropped", extra={"event": event.pk})
        return None
    if event.kind == "deal.propertyChange" and told.get("propertyName") not in _READ_FOR:
        return None
    names = {"deal.merge": "newObjectId", "deal.associationChange": "fromObjectId"}
    object_id = str(told.get(names.get(event.kind, "objectId"), told.get("objectId", "")))
    if not object_id.isdigit():
        raise PlatformError(ErrorKind.INVALID, "The event names no object.")
    at = moment_of(told.get("occurredAt"))
    return Hint(event.pk, event.attempts, event.kind, at, object_id, told)


def _read_and_take(
    client: HubSpot,
    connection: Connection,
    portal: Portal,
    by_deal: Mapping[str, list[Hint]],
    now: datetime,
) -> dict[int, Failure]:
    failures: dict[int, Failure] = {}
    for ids in chunks(list(by_deal)):
        hints = [by_deal[one] for one in ids]
        try:
            found = client.read_deals(ids)
            contacts = contacts_of_deals(client, portal, list(found.deals))
            for one in ids:
                failures |= _take(client, portal, by_deal[one], found, contacts, now)
        except PlatformError as error:
            failures |= _all_fail(connection, hints, error, now)
    return failures


def contacts_of_deals(
    client: HubSpot, portal: Portal, deals: Sequence[str]
) -> dict[str, list[ContactSeen]]:
    """Read contacts of the deals whose origin is not recorded yet; only these are in the answer."""
    wanted = unattributed(portal, deals)
    if not wanted:
        return {}
    ids = client.contacts_of(wanted)
    seen: dict[str, ContactSeen] = {}
    for some in chunks(sorted({contact for linked in ids.values() for contact in linked})):
        seen |= client.read_contacts(some)
    return {deal: [seen[one] for one in ids.get(deal, ()) if one in seen] for deal in wanted}


def chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut ids into batches that HubSpot takes."""
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))


def _take(
    client: HubSpot,
    portal: Portal,
    hints: Sequence[Hint],
    found: DealsRead,
    contacts: Mapping[str, Sequence[ContactSeen]],
    now: datetime,
) -> dict[int, Failure]:
    """Take what was read of one deal; the events that it does not answer come again."""
    asked = hints[0].deal
    if asked in found.missing:
        return _gone(portal, hints, now)
    deal = found.deals.get(asked) or moved_to(client, asked)
    if deal is None:
        return {hint.pk: _not_yet(hint) for hint in hints}
    try:
        if deal.id != asked:
            merge_deals(portal=portal, deal=deal, absorbed=[asked], at=deal.modified_at, now=now)
            return {}
        for hint in (one for one in hints if one.absorbed and one.kind == "deal.merge"):
            merge_deals(portal=portal, deal=deal, absorbed=hint.absorbed, at=hint.at, now=now)
        late = [hint for hint in hints if _is_ahead(hint, deal, contacts)]
        if not any(hint.kind == "deal.deletion" for hint in late):
            take_deal(portal=portal, deal=deal, contacts=contacts.get(deal.id, ()), now=now)
    except (GateError, RefusedError) as error:
        return {hint.pk: Failure(str(error)) for hint in hints}
    return {hint.pk: _not_yet(hint) for hint in late}


def moved_to(client: HubSpot, asked: str) -> DealSeen | None:
    """Return the deal that an id leads to since a merge: alone, so that it cannot be mistaken."""
    found = client.read_deals([asked])
    return next(iter(found.deals.values()), None)


def _is_ahead(hint: Hint, deal: DealSeen, contacts: Mapping[str, Sequence[ContactSeen]]) -> bool:
    """Whether an event tells of something that was not read yet."""
    if hint.kind == "deal.deletion":
        return hint.attempts < _LOOKS
    if hint.kind == "deal.associationChange":
        is_new = not hint.told.get("associationRemoved") and hint.attempts < _LOOKS
        is_contact = "CONTACT" in str(hint.told.get("associationType"))
        linked = {one.id for one in contacts.get(deal.id, ())}
        asked = deal.id in contacts
        return is_new and is_contact and asked and str(hint.told.get("toObjectId")) not in linked
    if hint.kind not in ("deal.propertyChange", "deal.creation"):
        return False  # the others need not move the time of the last change
    value = hint.told.get("propertyValue")
    is_seen = any(one.stage == value and abs(one.at - hint.at) <= _CLOCKS for one in deal.stages)
    return not is_seen and deal.modified_at < hint.at


def _gone(portal: Portal, hints: Sequence[Hint], now: datetime) -> dict[int, Failure]:
    """Nothing answers to the id: deleted if an event says so, else not there yet."""
    told = max((hint.at for hint in hints if hint.kind == "deal.deletion"), default=None)
    if told is not None:
        delete_deal(portal=portal, deal_id=hints[0].deal, at=told, now=now)
    row = portal.deal(hints[0].deal)
    if told is not None or (row is not None and row.deleted_at is not None):
        return {}
    return {hint.pk: _not_yet(hint) for hint in hints}


def _not_yet(hint: Hint) -> Failure:
    return Failure(
        f"HubSpot does not show yet what it told of deal {hint.deal}.", retry_after_s=hint.wait_s
    )


def _all_fail(
    connection: Connection,
    groups: Any,
    error: PlatformError,
    now: datetime,
) -> dict[int, Failure]:
    note_error(connection, error, now)
    is_final = error.kind in (ErrorKind.INVALID, ErrorKind.PERMISSION)
    failure = Failure(error.message, error.retry_after_s, is_final=is_final)
    return {hint.pk: failure for hints in groups for hint in hints}


def note_error(connection: Connection, error: PlatformError, now: datetime) -> None:
    """Show on the connection what went wrong; a refused token stops it until there is a new one."""
    rows = Connection.objects.filter(pk=connection.pk)
    rows.update(last_error=error.message, last_error_at=now)
    if error.kind == ErrorKind.AUTH:
        rows.filter(status=ConnectionStatus.ACTIVE).update(status=ConnectionStatus.NEEDS_LOGIN)
