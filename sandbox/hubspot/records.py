"""Deals and contacts of a portal: every value they ever had, and what they became."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sandbox.store import Store
from sandbox.web import JsonObject

Kind = Literal["deals", "contacts"]
#: Which property says when an object was changed; contacts are older than the rule.
MODIFIED: dict[Kind, str] = {"deals": "hs_lastmodifieddate", "contacts": "lastmodifieddate"}
FIRST_ID = {"deals": 9_000_000_001, "contacts": 501}


class CrmError(ValueError):
    """The portal has no such thing; the message says which."""


@dataclass(frozen=True, slots=True)
class Record:
    """One object as of a moment: values newest first by property."""

    id: str
    created_ms: int
    is_archived: bool
    history: Mapping[str, list[tuple[str, int]]]

    @property
    def modified_ms(self) -> int:
        """When it last changed."""
        return max((at for rows in self.history.values() for _, at in rows), default=0)

    def value(self, name: str) -> str | None:
        """Current value of a property."""
        rows = self.history.get(name)
        return rows[0][0] if rows else None


class Portal:
    """The CRM of one account; times are whole milliseconds."""

    def __init__(self, store: Store, portal_id: str) -> None:
        self._store, self.id = store, portal_id

    def create(
        self, kind: Kind, values: Mapping[str, str], at_ms: int, *, object_id: str = ""
    ) -> str:
        """Put an object in; its id."""
        object_id = object_id or self._next_id(kind)
        if self._row(kind, object_id):
            raise CrmError(f"{kind} {object_id} is there already")
        self._store.execute(
            "INSERT INTO crm_object VALUES ('hubspot', ?, ?, ?, ?, 0, '')",
            *(self.id, kind, object_id, at_ms),
        )
        self.write(kind, object_id, values, at_ms)
        return object_id

    def _next_id(self, kind: Kind) -> str:
        rows = self._store.query(
            "SELECT max(CAST(id AS INTEGER)) + 1 AS next FROM crm_object"
            " WHERE account_id = ? AND kind = ?",
            *(self.id, kind),
        )
        return str(rows[0]["next"] or FIRST_ID[kind])

    def write(
        self, kind: Kind, object_id: str, values: Mapping[str, str], at_ms: int
    ) -> dict[str, int]:
        """Set properties; when each changed, for those that did."""
        record, changed = self.record(kind, object_id), {}
        for name, value in values.items():
            if record.value(name) == value:
                continue
            # Two changes of one property have two moments, also while the clock stands.
            last = record.history[name][0][1] if name in record.history else 0
            changed[name] = max(at_ms, last + 1)
            self._store.execute(
                "INSERT INTO crm_value VALUES ('hubspot', ?, ?, ?, ?, ?, ?)",
                *(self.id, kind, record.id, name, value, changed[name]),
            )
        return changed

    def link(self, deal: str, contact: str) -> None:
        """Associate a deal with a contact."""
        self._store.execute(
            "INSERT OR IGNORE INTO crm_link VALUES ('hubspot', ?, ?, ?)", self.id, deal, contact
        )

    def contacts_of(self, deal: str) -> list[str]:
        """Contacts of a deal that are still there."""
        rows = self._store.query(
            "SELECT contact FROM crm_link JOIN crm_object o ON o.account_id = crm_link.account_id"
            " AND o.kind = 'contacts' AND o.id = contact AND NOT o.archived"
            " WHERE crm_link.account_id = ? AND deal = ? ORDER BY CAST(contact AS INTEGER)",
            *(self.id, self.current_id("deals", deal)),
        )
        return [row["contact"] for row in rows]

    def merge(self, primary: str, merged: Iterable[str], new_id: str, at_ms: int) -> str:
        """Make one deal of several; the old ids go on answering with the new one's."""
        olds = [primary, *merged]
        records = [self.record("deals", old) for old in olds]
        target = new_id or self._next_id("deals")
        if target not in olds:
            values = {name: rows[0][0] for name, rows in records[0].history.items()}
            self.create("deals", values, at_ms, object_id=target)
        for old in olds:
            for contact in self.contacts_of(old):
                self.link(target, contact)
        for old in olds:
            if old != target:
                self._store.execute(
                    "UPDATE crm_object SET merged_into = ? WHERE account_id = ? AND kind = 'deals'"
                    " AND id = ?",
                    *(target, self.id, old),
                )
        return target

    def archive(self, kind: Kind, object_id: str, *, is_archived: bool = True) -> None:
        """Delete an object into the bin, or bring it back."""
        self.record(kind, object_id)
        self._store.execute(
            "UPDATE crm_object SET archived = ? WHERE account_id = ? AND kind = ? AND id = ?",
            *(is_archived, self.id, kind, object_id),
        )

    def forget(self, contact: str) -> None:
        """Erase a contact for good."""
        self.record("contacts", contact)
        for table, column in (("crm_object", "id"), ("crm_value", "object_id")):
            self._store.execute(
                f"DELETE FROM {table} WHERE account_id = ? AND kind = 'contacts'"  # noqa: S608  # constant names
                f" AND {column} = ?",
                *(self.id, contact),
            )
        self._store.execute(
            "DELETE FROM crm_link WHERE account_id = ? AND contact = ?", self.id, contact
        )

    def current_id(self, kind: Kind, object_id: str) -> str:
        """Return the id under which an object goes on after merges."""
        while (row := self._row(kind, object_id)) and row["merged_into"]:
            object_id = row["merged_into"]
        return object_id

    def record(self, kind: Kind, object_id: str, *, until_ms: int | None = None) -> Record:
        """Return an object as of a moment.

        Raises
        ------
        CrmError : there is none
        """
        found = self.find(kind, object_id, until_ms=until_ms)
        if found is None:
            raise CrmError(f"portal {self.id} has no {kind} {object_id!r}")
        return found

    def find(self, kind: Kind, object_id: str, *, until_ms: int | None = None) -> Record | None:
        """Return an object as of a moment, under its current id, or nothing."""
        row = self._row(kind, self.current_id(kind, object_id))
        if row is None or (until_ms is not None and row["created_ms"] > until_ms):
            return None
        history: dict[str, list[tuple[str, int]]] = {}
        for value in self._store.query(
            "SELECT name, value, at FROM crm_value WHERE account_id = ?1 AND kind = ?2"
            " AND object_id = ?3 AND (?4 IS NULL OR at <= ?4) ORDER BY at DESC, rowid DESC",
            *(self.id, kind, row["id"], until_ms),
        ):
            history.setdefault(value["name"], []).append((value["value"], value["at"]))
        return Record(row["id"], row["created_ms"], bool(row["archived"]), history)

    def ids(self, kind: Kind) -> list[str]:
        """Ids of all objects that are still there, in order."""
        rows = self._store.query(
            "SELECT id FROM crm_object WHERE account_id = ? AND kind = ? AND NOT archived"
            " AND merged_into = '' ORDER BY CAST(id AS INTEGER)",
            *(self.id, kind),
        )
        return [row["id"] for row in rows]

    def modified(self, kind: Kind, until_ms: int | None) -> dict[str, int]:
        """When each object that is still there last changed, as of a moment."""
        rows = self._store.query(
            "SELECT object_id, max(at) AS at FROM crm_value WHERE account_id = ?1 AND kind = ?2"
            " AND (?3 IS NULL OR at <= ?3) GROUP BY object_id",
            *(self.id, kind, until_ms),
        )
        alive = set(self.ids(kind))
        return {row["object_id"]: row["at"] for row in rows if row["object_id"] in alive}

    def _row(self, kind: Kind, object_id: str) -> sqlite3.Row | None:
        rows = self._store.query(
            "SELECT * FROM crm_object WHERE account_id = ? AND kind = ? AND id = ?",
            *(self.id, kind, object_id),
        )
        return rows[0] if rows else None


def milliseconds(at: float) -> int:
    """Unix seconds as whole milliseconds."""
    return round(at * 1000)


def moment(at_ms: int) -> str:
    """Write a moment as HubSpot does."""
    text = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def shown(
    record: Record, kind: Kind, names: Iterable[str], with_history: Iterable[str] = ()
) -> JsonObject:
    """Write an object as the API shows it; unknown properties are left out."""
    own = {
        "createdate": moment(record.created_ms),
        "hs_object_id": record.id,
        MODIFIED[kind]: moment(record.modified_ms),
    }
    asked = {name: record.value(name) for name in names if name in record.history}
    reply: JsonObject = {
        "id": record.id,
        "properties": {**own, **asked},
        "createdAt": moment(record.created_ms),
        "updatedAt": moment(record.modified_ms),
        "archived": record.is_archived,
    }
    histories = {
        name: [
            {"value": value, "timestamp": moment(at), "sourceType": "CRM_UI"}
            for value, at in record.history[name]
        ]
        for name in with_history
        if name in record.history
    }
    return reply | ({"propertiesWithHistory": histories} if histories else {})
