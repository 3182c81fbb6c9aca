"""Names, states and parents of entities, from the history files that connectors export."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from campaigns.engine.importing import values
from campaigns.engine.importing.errors import FileError, RowError
from campaigns.engine.importing.fields import normalise
from campaigns.engine.importing.tables import Table

_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "name": ("name", "descriptive name", "ad name", "title", "title part 1"),
    "status": ("status", "intended status"),
    "account_id": ("account id", "customer id"),
    "campaign_id": ("campaign id",),
    "ad_set_id": ("ad set id", "ad group id", "adset id"),
    "currency": ("currency", "currency code"),
    "time_zone": ("time zone",),
    "channel": ("advertising channel type", "type"),
    "stamp": ("modified time", "updated at", "updated time", "last modified time", "created time"),
}
_KEYWORD_MARKS: Final = frozenset(("match type", "keyword text", "keyword match type"))
_LINKEDIN_CREATIVE_MARKS: Final = frozenset(("intended status", "click uri"))


@dataclass(frozen=True, slots=True)
class NameRow:
    """What the newest row of one entity says; empty where it says nothing."""

    name: str = ""
    status: str = ""
    account_id: str = ""
    campaign_id: str = ""
    ad_set_id: str = ""
    currency: str = ""
    time_zone: str = ""
    channel: str = ""


@dataclass(slots=True)
class Names:
    """Entities by kind (``account``, ``campaign``, ``ad_set``, ``ad``) and id."""

    rows: dict[str, dict[str, NameRow]] = field(default_factory=dict)

    def get(self, kind: str, external_id: str) -> NameRow:
        """Row of one entity; an empty one where it is not known."""
        return self.rows.get(kind, {}).get(external_id, _UNKNOWN)

    def only_account(self) -> str:
        """Id of the account when all rows belong to one, else an empty string."""
        found = {row.account_id for kind in self.rows.values() for row in kind.values()} - {""}
        found |= set(self.rows.get("account", {}))
        return found.pop() if len(found) == 1 else ""


_UNKNOWN: Final = NameRow()


def read_names(tables: Sequence[Table]) -> Names:
    """Take the newest row of every id from history files of any platform.

    Parameters
    ----------
    tables : opened files; their columns tell what they name

    Raises
    ------
    FileError : a file has no ids, or names keywords
    """
    names = Names()
    for table in tables:
        kind, columns = _kind(table.headers), _columns(table.headers)
        known = names.rows.setdefault(kind, {})
        known.update(_newest(table, columns))
    return names


def _kind(headers: Sequence[str]) -> str:
    normal = {normalise(header) for header in headers}
    if "id" not in normal:
        raise FileError("A file of names needs a column 'id'; is this a report?")
    if normal & _KEYWORD_MARKS:
        raise FileError("This file names keywords; names of campaigns, ad sets and ads are needed.")
    if normal & {"ad group id", "ad set id", "adset id"} or normal & _LINKEDIN_CREATIVE_MARKS:
        return "ad"
    if "campaign id" in normal:
        return "ad_set"
    return "campaign" if normal & {"account id", "customer id"} else "account"


def _columns(headers: Sequence[str]) -> dict[str, int]:
    positions = {normalise(header): i for i, header in enumerate(headers)}
    found = {"id": positions["id"]}
    for name, words in _WORDS.items():
        position = next((positions[word] for word in words if word in positions), None)
        if position is not None:
            found[name] = position
    return found


def _newest(table: Table, columns: Dict[str, int]) -> dict[str, NameRow]:
    newest: dict[str, tuple[str, NameRow]] = {}
    for line, cells in table.records():
        if isinstance(cells, RowError):
            continue
        row = {name: cells[position].strip() for name, position in columns.items()}
        try:
            external_id = values.identifier(row["id"])
        except ValueError as error:
            raise FileError(f"Line {line} of the file of names: {error}.") from error
        stamp = row.get("stamp", "").replace("T", " ")
        if external_id and (external_id not in newest or stamp >= newest[external_id][0]):
            newest[external_id] = (stamp, _name_row(row))
    return {external_id: row for external_id, (_, row) in newest.items()}


def _name_row(row: Dict[str, str]) -> NameRow:
    return NameRow(
        name=row.get("name", "")[:300],
        status=values.status(row.get("status", "")),
        account_id=row.get("account_id", ""),
        campaign_id=row.get("campaign_id", ""),
        ad_set_id=row.get("ad_set_id", ""),
        currency=row.get("currency", "").upper(),
        time_zone=values.zone(row.get("time_zone", "")),
        channel=row.get("channel", "").lower()[:40],
    )
