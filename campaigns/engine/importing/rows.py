"""One row of a file to one row of the staging table, checked cell by cell."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final, NoReturn, TypeVar

from campaigns.engine.importing import values
from campaigns.engine.importing.currencies import CODES
from campaigns.engine.importing.errors import RowError
from campaigns.engine.importing.fields import COUNTS, ENTITIES, ENTITY_FIELDS, NULLABLE
from campaigns.engine.importing.mapping import Mapping
from campaigns.engine.importing.names import Names

WHOLE_ACCOUNT: Final = "(whole account)"
STAGE_COLUMNS: Final = (
    "line",
    "account",
    "campaign",
    "campaign_name",
    "ad_set",
    "ad_set_name",
    "ad",
    "ad_name",
    "level",
    "day",
    "derived",
    "status",
    "budget",
)
_PLAIN_COUNT: Final = re.compile(r"\d{1,12}", re.ASCII).fullmatch
_PLAIN_AMOUNT: Final = re.compile(r"\d{1,12}(?:\.\d{1,12})?", re.ASCII).fullmatch
_CACHE_SIZE: Final = 50_000
_ACCOUNT_FIELDS: Final = ("account_id", "account_name", "currency", "time_zone")

Entity = tuple[str, ...]
_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What a file and its options say about one account."""

    name: str
    currency: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Context:
    """What rows are judged by besides the mapping.

    ``account_id``, ``account_name``, ``currency`` and ``time_zone`` hold where the file is silent;
    ``kept_currencies`` are those of accounts that exist; no day may lie after ``last_day``.
    """

    last_day: date
    account_id: str = ""
    account_name: str = ""
    currency: str = ""
    time_zone: str = ""
    kept_currencies: dict[str, str] = field(default_factory=dict)
    names: Names = field(default_factory=Names)


class RowReader:
    """Reads rows of one file; ``accounts`` grows with the accounts that it meets."""

    def __init__(self, mapping: Mapping, headers: Sequence[str], context: Context) -> None:
        self.accounts: dict[str, AccountFacts] = {}
        self.measures = mapping.measures
        self.columns = (*STAGE_COLUMNS, *self.measures)
        self._mapping, self._context = mapping, context
        self._at = {name: headers.index(column) for name, column in mapping.columns.items()}
        self._sign = mapping.decimal_sign
        self._key_at = [self._at[n] for n in (*_ACCOUNT_FIELDS, *ENTITY_FIELDS) if n in self._at]
        self._entities: dict[tuple[str, ...], Entity] = {}
        self._days: dict[str, str] = {}
        self._readers = [self._measure_reader(name) for name in self.measures]
        self._is_derived, self._has_day_end = bool(mapping.derived), "day_end" in self._at
        self._has_state = "status" in self._at or "daily_budget" in self._at
        self._flag = "t" if mapping.derived else "f"

    def is_total(self, cells: Sequence[str], *, is_first: bool = False) -> bool:
        """Whether a row sums up others: it says so, or comes first and names nothing."""
        first = cells[0] or next((cell for cell in cells if cell.strip()), "")
        if first[:5].lower() == "total" and not self._has_day(cells):
            return True
        if not is_first:
            return False
        named = [self._at[name] for name in ENTITY_FIELDS if name in self._at]
        return bool(named) and not any(cells[position].strip() for position in named)

    def _has_day(self, cells: Sequence[str]) -> bool:
        try:
            return bool(self._day(cells[self._at["day"]]))
        except RowError:
            return False

    def read(self, line: int, cells: Sequence[str]) -> tuple[object, ...]:
        """Check a row and give its values in the order of ``columns``; empty means null.

        Parameters
        ----------
        line : line of the row in the file
        cells : as many as the file has headers

        Raises
        ------
        RowError : the first cell that is wrong, by its column, and why
        """
        text = cells[self._at["day"]]
        day = self._days.get(text) or self._day(text)
        if self._has_day_end:
            self._check_one_day(cells, day)
        key = tuple([cells[position] for position in self._key_at])
        entity = self._entities.get(key) or self._entity(key)
        state = self._state(cells) if self._has_state else ("", "")
        if self._is_derived:
            figures = self._derive(cells)
        else:
            figures = [read(cells) for read in self._readers]
        return (line, *entity, day, self._flag, *state, *figures)

    def _day(self, text: str) -> str:
        try:
            day = values.day(text, self._mapping.day_order)
        except ValueError as error:
            raise RowError(self._mapping.columns["day"], str(error)) from None
        if not date(1990, 1, 1) <= day <= self._context.last_day:
            raise RowError(
                self._mapping.columns["day"],
                f"{day} is not between 1990-01-01 and {self._context.last_day}",
            )
        _remember(self._days, text, day.isoformat())
        return day.isoformat()

    def _check_one_day(self, cells: Sequence[str], day: str) -> None:
        last = self._day(cells[self._at["day_end"]])
        if last != day:
            raise RowError(
                self._mapping.columns["day_end"],
                f"the row covers {day} to {last}; export it with a breakdown by day",
            )

    def _state(self, cells: Sequence[str]) -> tuple[str, str]:
        state = values.status(cells[self._at["status"]]) if "status" in self._at else ""
        if "daily_budget" not in self._at:
            return state, ""
        budget = self._number("daily_budget", cells)
        return state, "" if budget is None else str(budget)

    # --- who the row is about -------------------------------------------------------------

    def _entity(self, key: tuple[str, ...]) -> Entity:
        present = [name for name in (*_ACCOUNT_FIELDS, *ENTITY_FIELDS) if name in self._at]
        cells = dict(zip(present, key, strict=True))
        ids = {kind: self._identify(kind, cells) for kind in ENTITIES}
        names = {kind: cells.get(f"{kind}_name", "").strip()[:300] for kind in ENTITIES}
        self._inherit(ids)
        level = next((kind for kind in reversed(ENTITIES) if ids[kind]), "")
        if not level:
            if any(name in self._at for name in ENTITY_FIELDS):
                column = next(self._mapping.columns[n] for n in ENTITY_FIELDS if n in self._at)
                raise RowError(column, "the row names no campaign, ad set or ad")
            ids["campaign"], names["campaign"], level = WHOLE_ACCOUNT, "Whole account", "campaign"
        account = self._account(cells, ids)
        for kind in ENTITIES:
            names[kind] = names[kind] or self._context.names.get(kind, ids[kind]).name
        pairs = [part for kind in ENTITIES for part in (ids[kind], names[kind])]
        entity = (account, *pairs, level)
        _remember(self._entities, key, entity)
        return entity

    def _identify(self, kind: str, cells: dict[str, str]) -> str:
        try:
            external_id = values.identifier(cells.get(f"{kind}_id", ""))
        except ValueError as error:
            raise RowError(self._mapping.columns[f"{kind}_id"], str(error)) from None
        name = cells.get(f"{kind}_name", "").strip()
        if external_id or not name:
            return external_id
        # Files without ids: names are unique below their parents only.
        parents = [cells.get(f"{k}_{p}", "") for k in ENTITIES for p in ("id", "name")]
        above = "\x1f".join(parents[: 2 * ENTITIES.index(kind)])
        mark = hashlib.sha256(f"{above}\x1f{name}".encode("utf-8", "replace")).hexdigest()[:12]
        return f"{name[:100]} #{mark}" if above.strip("\x1f") or len(name) > 100 else name

    def _inherit(self, ids: dict[str, str]) -> None:
        """Fill parents that the row leaves out from the files of names."""
        names = self._context.names
        if ids["ad"]:
            ids["ad_set"] = ids["ad_set"] or names.get("ad", ids["ad"]).ad_set_id
            ids["campaign"] = ids["campaign"] or names.get("ad", ids["ad"]).campaign_id
        if ids["ad_set"]:
            ids["campaign"] = ids["campaign"] or names.get("ad_set", ids["ad_set"]).campaign_id

    def _account(self, cells: dict[str, str], ids: dict[str, str]) -> str:
        names, context = self._context.names, self._context
        try:
            external_id = values.identifier(cells.get("account_id", ""))
        except ValueError as error:
            raise RowError(self._mapping.columns["account_id"], str(error)) from None
        external_id = (
            external_id
            or names.get("campaign", ids["campaign"]).account_id
            or cells.get("account_name", "").strip()[:120]
            or context.account_id
        )
        said = names.get("account", external_id)
        facts = AccountFacts(
            name=cells.get("account_name", "").strip()[:300] or said.name or context.account_name,
            currency=self._currency(cells, external_id, said.currency),
            time_zone=values.zone(cells.get("time_zone", ""))
            or said.time_zone
            or context.time_zone,
        )
        if len(self.accounts) >= 10_000 and external_id not in self.accounts:
            raise RowError("", "the file names more than 10,000 accounts; is the column right?")
        self.accounts.setdefault(external_id, facts)
        return external_id

    def _currency(self, cells: dict[str, str], account: str, said: str) -> str:
        column = self._mapping.columns.get("currency", "")
        stated = cells.get("currency", "").strip().upper() or self._mapping.fixed_currency
        kept = self._context.kept_currencies.get(account, "")
        if account in self.accounts:
            kept = kept or self.accounts[account].currency
        currency = stated or kept or said or self._context.currency
        if currency not in CODES:
            raise RowError(column, f"{values.shorten(currency)!r} is not a currency (ISO 4217)")
        if kept and currency != kept:
            raise RowError(
                column, f"the account {account} is kept in {kept}, the row is in {currency}"
            )
        return currency

    # --- how much ---------------------------------------------------------------------------

    def _measure_reader(self, name: str) -> Callable[[Sequence[str]], str]:
        source = "spend_micros" if name == "spend" and self._mapping.is_micros else name
        if source not in self._at:
            return lambda cells: ""
        position, is_count = self._at[source], name in COUNTS
        empty = "" if name in NULLABLE else "0"
        plain = _PLAIN_COUNT if is_count or self._sign == "," else _PLAIN_AMOUNT

        def read(cells: Sequence[str]) -> str:
            """Text that the database takes as a number, refusing what is none."""
            text = cells[position]
            # Nearly every cell is a plain short number: no need to make a Decimal of it.
            if plain(text):
                return text
            value = self._number(source, cells)
            if value is None:
                return empty
            if is_count and value != value.to_integral_value():
                self._refuse(source, f"{values.shorten(text)!r} is not a whole number")
            return str(value.quantize(1)) if is_count else f"{value:f}"

        return read

    def _number(self, name: str, cells: Sequence[str]) -> Decimal | None:
        text = cells[self._at[name]]
        try:
            value = values.number(text, self._sign)
        except ValueError as error:
            self._refuse(name, str(error))
        if value is not None and value < 0 and name != "roi":
            self._refuse(name, f"{values.shorten(text)!r} is negative")
        return value

    def _refuse(self, name: str, reason: str) -> NoReturn:
        raise RowError(self._mapping.columns[name], reason)

    def _derive(self, cells: Sequence[str]) -> list[str]:
        got: dict[str, str] = {}
        for name, read in zip(self.measures, self._readers, strict=True):
            got[name] = read(cells)
        for name in self._mapping.derived:
            got[name] = f"{self._derived(name, got, cells):f}"
        return [got[name] for name in self.measures]

    def _derived(self, name: str, got: dict[str, str], cells: Sequence[str]) -> Decimal:
        if name == "clicks":
            exact = self._rate("ctr", cells) * Decimal(got["impressions"])
            return exact.to_integral_value()
        if name == "spend":
            return (self._number("cpc", cells) or Decimal(0)) * Decimal(got["clicks"])
        if name == "conversions":
            return self._rate("conversion_rate", cells) * Decimal(got["clicks"])
        spend = Decimal(got["spend"]) / (1_000_000 if self._mapping.is_micros else 1)
        return self._multiple(cells) * spend

    def _rate(self, name: str, cells: Sequence[str]) -> Decimal:
        value = self._number(name, cells) or Decimal(0)
        is_marked = "%" in cells[self._at[name]]
        return value / 100 if self._mapping.rates_in == "percent" and not is_marked else value

    def _multiple(self, cells: Sequence[str]) -> Decimal:
        """Revenue per unit of spend."""
        name = "roas" if "roas" in self._at else "roi"
        value = self._number(name, cells)
        if value is None:
            return Decimal(0)
        is_net = name == "roi" and self._mapping.roi_kind == "net"
        multiple = value + 1 if is_net else value
        if multiple < 0:
            self._refuse(name, f"{value} would make the revenue negative")
        return multiple


def _remember(cache: dict[_K, _V], key: _K, value: _V) -> None:
    if len(cache) >= _CACHE_SIZE:
        cache.clear()  # cheaper than an order of use, and as bounded
    cache[key] = value
