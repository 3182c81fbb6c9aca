"""The figures of channels as JSON, so that a workspace can keep its own, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Final, TypeVar

from outreach.engine.channels import (
    DEFAULT_TABLE,
    HOURS,
    Channel,
    ChannelTable,
    Code,
    CustomerType,
    Device,
    HourBand,
    Row,
    Urgency,
)

MICROS: Final = 1_000_000
#: Of one message; more is a slip of the keyboard.
_MOST_COST: Final = 1_000
_PARTS: Final = (
    "types", "devices", "urgencies", "bands", "night", "best_hours", "costs", "lists", "ties",
)  # fmt: skip

Document = dict[str, object]
AnyCode = TypeVar("AnyCode", bound=Code)


def table_to_document(table: ChannelTable) -> Document:
    """Write all figures as JSON; costs are texts in the workspace's currency."""
    return {
        "types": {code.key: _words(row) for code, row in table.types.items()},
        "devices": {code.key: _words(row) for code, row in table.devices.items()},
        "urgencies": {code.key: _words(row) for code, row in table.urgencies.items()},
        "bands": [
            {"first": band.first, "last": band.last, "factors": _words(band.factors)}
            for band in table.bands
        ],
        "night": _words(table.night),
        "best_hours": {code.key: _words(row) for code, row in table.best_hours.items()},
        "costs": {
            channel.key: f"{Decimal(micros) / MICROS:f}"
            for channel, micros in table.costs_micros.items()
        },
        "lists": {code.key: [one.key for one in some] for code, some in table.lists.items()},
        "ties": [channel.key for channel in table.ties],
    }


def _words(row: Row) -> dict[str, float]:
    return {channel.key: row[channel] for channel in Channel}


def table_from_document(document: object) -> ChannelTable:
    """Read figures; what the document leaves out stays as it is shipped.

    Parameters
    ----------
    document : what `table_to_document` writes, or any part of it

    Raises
    ------
    ValueError : a part is unknown or wrong; it begins with the name of the field
    """
    told = _object(document, "choice")
    for name in told:
        if name not in _PARTS:
            raise ValueError(f"{name}: there is no such part; there are {', '.join(_PARTS)}")
    shipped = DEFAULT_TABLE
    return replace(
        shipped,
        types=_shares(told, "types", CustomerType, shipped.types),
        devices=_shares(told, "devices", Device, shipped.devices),
        urgencies=_shares(told, "urgencies", Urgency, shipped.urgencies),
        bands=_bands(told.get("bands"), shipped),
        night=_row(told.get("night", {}), "night", shipped.night, 1),
        best_hours=_best_hours(told, shipped),
        costs_micros=_costs(told.get("costs", {}), shipped),
        lists=_lists(told.get("lists", {}), shipped),
        ties=_ties(told.get("ties"), shipped),
    )


def _object(told: object, field: str) -> Mapping[str, object]:
    if not isinstance(told, Mapping):
        raise ValueError(f"{field}: it is an object, not {told!r}")
    return told


def _code(codes: type[AnyCode], name: object, field: str) -> AnyCode:
    for code in codes:
        if code.key == name:
            return code
    raise ValueError(f"{field}: {name!r} is none of {', '.join(code.key for code in codes)}")


def _row(told: object, field: str, shipped: Row, most: float) -> Row:
    """One figure for each channel, those left out as shipped."""
    row = dict(shipped)
    for name, figure in _object(told, field).items():
        channel = _code(Channel, name, field)
        row[channel] = _figure(figure, f"{field}.{name}", most)
    return row


def _figure(told: object, field: str, most: float) -> float:
    if isinstance(told, bool) or not isinstance(told, int | float) or not 0 <= told <= most:
        raise ValueError(f"{field}: {told!r} does not lie in [0, {most:g}]")
    return float(told)


def _shares(
    told: Mapping[str, object],
    part: str,
    codes: type[AnyCode],
    shipped: Mapping[AnyCode, Row],
    most: float = 1,
) -> Mapping[AnyCode, Row]:
    rows = dict(shipped)
    for name, row in _object(told.get(part, {}), part).items():
        code = _code(codes, name, part)
        rows[code] = _row(row, f"{part}.{name}", shipped[code], most)
    return rows


def _best_hours(told: Mapping[str, object], shipped: ChannelTable) -> Mapping[CustomerType, Row]:
    rows = _shares(told, "best_hours", CustomerType, shipped.best_hours, HOURS - 1)
    for code, row in rows.items():
        for channel, hour in row.items():
            if hour != int(hour):
                field = f"best_hours.{code.key}.{channel.key}"
                raise ValueError(f"{field}: {hour} is no whole hour")
    return rows


def _bands(told: object, shipped: ChannelTable) -> tuple[HourBand, ...]:
    if told is None:
        return shipped.bands
    bands, free = [], 0
    for place, one in enumerate(_list(told, "bands")):
        field = f"bands.{place}"
        band = _object(one, field)
        first = _figure(band.get("first"), f"{field}.first", HOURS - 1)
        last = _figure(band.get("last"), f"{field}.last", HOURS - 1)
        if first != int(first) or last != int(last) or not free <= first <= last:
            raise ValueError(f"{field}: {first:g} to {last:g} are no hours after those before")
        factors = _row(band.get("factors", {}), f"{field}.factors", shipped.night, 1)
        bands.append(HourBand(int(first), int(last), factors))
        free = int(last) + 1
    return tuple(bands)


def _list(told: object, field: str) -> Sequence[object]:
    if not isinstance(told, Sequence) or isinstance(told, str):
        raise ValueError(f"{field}: it is a list, not {told!r}")
    return told


def _costs(told: object, shipped: ChannelTable) -> Mapping[Channel, int]:
    costs = dict(shipped.costs_micros)
    for name, cost in _object(told, "costs").items():
        costs[_code(Channel, name, "costs")] = _micros(cost, f"costs.{name}")
    return costs


def _micros(told: object, field: str) -> int:
    try:
        amount = Decimal(told) if isinstance(told, str) else Decimal("NaN")
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount <= _MOST_COST:
        raise ValueError(f"{field}: {told!r} is no amount as text from 0 to {_MOST_COST}")
    if amount * MICROS % 1:
        raise ValueError(f"{field}: {told!r} has more than six decimals")
    return int(amount * MICROS)


def _lists(told: object, shipped: ChannelTable) -> Mapping[CustomerType, tuple[Channel, ...]]:
    lists = dict(shipped.lists)
    for name, some in _object(told, "lists").items():
        lists[_code(CustomerType, name, "lists")] = _channels(some, f"lists.{name}")
    return lists


def _ties(told: object, shipped: ChannelTable) -> tuple[Channel, ...]:
    if told is None:
        return shipped.ties
    ties = _channels(told, "ties")
    if len(ties) != len(Channel):
        raise ValueError(f"ties: it names {len(ties)} of {len(Channel)} channels")
    return ties


def _channels(told: object, field: str) -> tuple[Channel, ...]:
    found = tuple(_code(Channel, name, field) for name in _list(told, field))
    if not found or len(set(found)) < len(found):
        raise ValueError(f"{field}: name each channel once, and at least one")
    return found
