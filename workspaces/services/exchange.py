"""Exchange rates from a spreadsheet: day, base, quote, rate."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError

from workspaces.models import ExchangeRate, Workspace
from workspaces.models.workspace import currency_code
from workspaces.services.refusals import RefusedError

COLUMNS = ("day", "base", "quote", "rate")
_MAX_RATE = Decimal(10) ** 10


class RateFileError(RefusedError):
    """The file as a whole cannot be read."""

    status = 400


@dataclass
class RateImport:
    """What became of a file of rates."""

    written: int = 0
    errors: list[str] = field(default_factory=list)


def import_rates(*, workspace: Workspace, content: bytes) -> RateImport:
    """Write the rates of a CSV file; a row replaces the rate of its pair and day.

    All rows or none: a file with a bad line changes nothing and every bad line is named.
    """
    report = RateImport()
    rates: dict[tuple[date, str, str], ExchangeRate] = {}
    for number, row in enumerate(_rows(content), start=2):
        try:
            rate = _rate(workspace, row)
        except ValueError as error:
            report.errors.append(f"Line {number}: {error}")
            continue
        rates[rate.day, rate.base, rate.quote] = rate
    if report.errors:
        return report
    ExchangeRate.objects.bulk_create(
        rates.values(),
        update_conflicts=True,
        unique_fields=["workspace", "base", "quote", "day"],
        update_fields=["rate"],
        batch_size=1000,
    )
    report.written = len(rates)
    return report


def _rows(content: bytes) -> list[dict[str, str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RateFileError("The file is not UTF-8 text; save it as 'CSV UTF-8'.") from None
    header = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if header.count(";") > 1 else ",")
    names = [(name or "").strip().lower() for name in reader.fieldnames or ()]
    if missing := [column for column in COLUMNS if column not in names]:
        raise RateFileError(
            f"The column {missing[0]!r} is missing; the first line must name {', '.join(COLUMNS)}."
        )
    reader.fieldnames = names
    return [{column: (row[column] or "").strip() for column in COLUMNS} for row in reader]


def _rate(workspace: Workspace, row: dict[str, str]) -> ExchangeRate:
    base, quote = _currency(row["base"]), _currency(row["quote"])
    if base == quote:
        raise ValueError("base and quote are the same currency.")
    try:
        day = date.fromisoformat(row["day"])
    except ValueError:
        raise ValueError(f"{row['day']!r} is no day; write it as 2026-11-21.") from None
    try:
        rate = Decimal(row["rate"])
    except InvalidOperation:
        raise ValueError(f"{row['rate']!r} is no number; use a point for decimals.") from None
    if not (rate.is_finite() and 0 < rate < _MAX_RATE):
        raise ValueError(f"the rate must be above zero and below 10000000000, not {rate}.")
    rounded = rate.quantize(Decimal("1e-10"))
    if not rounded:
        raise ValueError(f"the rate {rate} is too small; give the inverse pair instead.")
    return ExchangeRate(workspace=workspace, day=day, base=base, quote=quote, rate=rounded)


def _currency(code: str) -> str:
    upper = code.upper()
    try:
        currency_code(upper)
    except ValidationError:
        raise ValueError(f"{code!r} is no currency code; use three letters such as EUR.") from None
    return upper
