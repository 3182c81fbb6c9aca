"""From headers and a few rows to a mapping, with everything said that was assumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from campaigns.engine.importing import fields, values
from campaigns.engine.importing.errors import FileError
from campaigns.engine.importing.mapping import Mapping, problems

Rows = Sequence[Sequence[str]]
_ID_MARKS = (("base ad group", "ad_set_id"), ("base campaign", "campaign_id"))


@dataclass(frozen=True, slots=True)
class Guess:
    """A mapping and the account of how it came about, in sentences and column names."""

    mapping: Mapping
    notes: tuple[str, ...]
    breakdowns: tuple[str, ...]
    unused: tuple[str, ...]
    unknown: tuple[str, ...]
    problems: tuple[str, ...]


def guess_mapping(headers: Sequence[str], sample: Rows, *, delimiter: str = ",") -> Guess:
    """Map columns to fields by the platforms' own words and by what the rows hold.

    Parameters
    ----------
    headers : the file's columns, all different
    sample : the first rows; they settle the order of day and month, the decimal sign and which of
        two columns for one field is filled
    delimiter : the file's; with ``;`` a lone comma may well stand before decimals

    Returns
    -------
    the guess; ``problems`` is empty when the file can be imported without help

    Raises
    ------
    FileError : the file is monthly
    """
    _refuse_months(headers)
    cells = {header: [row[i] for row in sample] for i, header in enumerate(headers)}
    columns = _columns(headers, cells)
    mapping = Mapping(columns=columns, platform=fields.guess_platform(headers))
    mapping = replace(
        mapping,
        fixed_currency=_currency(columns),
        day_order=_day_order(cells.get(columns.get("day", ""), [])),
        decimal_sign=_decimal_sign(mapping, cells, delimiter),
        rates_in=_rates_in(mapping, cells),
    )
    return describe(mapping, headers)


def _refuse_months(headers: Sequence[str]) -> None:
    names = {fields.normalise(header) for header in headers}
    if "month" in names and not names & set(fields.synonyms("day")):
        raise FileError("The file has one row a month; export it by day.")


def describe(mapping: Mapping, headers: Sequence[str]) -> Guess:
    """Say what a mapping (guessed, remembered or edited) does with the columns of a file."""
    used = set(mapping.columns.values())
    rest = [header for header in headers if header not in used]
    normal = {header: fields.normalise(header) for header in rest}
    breakdowns = [header for header in rest if normal[header] in fields.BREAKDOWNS]
    searches = [
        header for header in headers if fields.normalise(header) in fields.SEARCH_BREAKDOWNS
    ]
    other = [header for header in rest if header not in breakdowns and header not in searches]
    known = [h for h in other if any(s in fields.KNOWN for s in fields.spellings(h))]
    return Guess(
        mapping=mapping,
        notes=tuple(_notes(mapping, breakdowns, searches)),
        breakdowns=(*breakdowns, *searches),
        unused=tuple(known),
        unknown=tuple(header for header in other if header not in known),
        problems=tuple(problems(mapping, headers)),
    )


def _notes(mapping: Mapping, breakdowns: Sequence[str], searches: Sequence[str]) -> list[str]:
    notes = []
    if breakdowns or searches:
        text = ", ".join((*breakdowns, *searches))
        notes.append(f"Rows by {text} are summed to days; reach is left empty where they are.")
    if searches:
        notes.append("The file counts keywords or searches only, so its days may lack traffic.")
    if not any(name in mapping.columns for name in fields.ENTITY_FIELDS):
        notes.append("The file names no campaigns: its days are those of the whole account.")
    if mapping.is_micros:
        notes.append(f"{mapping.columns['spend_micros']} counts millionths.")
    notes.extend(
        f"{target} is not in the file; it is computed from rates and marked derived."
        for target in mapping.derived
    )
    return notes


def _columns(headers: Sequence[str], cells: dict[str, list[str]]) -> dict[str, str]:
    taken: dict[str, str] = dict(_bare_ids(headers))
    taken |= _resource_names(headers, cells)
    for field in fields.FIELDS:
        if field in taken:
            continue
        candidates = _candidates(field, [h for h in headers if h not in taken.values()])
        if not candidates:
            continue
        filled = [h for h in candidates if not all(values.is_empty(cell) for cell in cells[h])]
        taken[field] = (filled or candidates)[0]
    return _without_double(taken)


def _candidates(field: str, headers: Sequence[str]) -> list[str]:
    """Headers that may mean a field, whole ones first: ``Clicks (all)`` is not just ``Clicks``."""
    names = fields.synonyms(field)
    whole = [h for name in names for h in headers if name == fields.spellings(h)[0]]
    short = [h for name in names for h in headers if name in fields.spellings(h)[1:]]
    return whole + [header for header in short if header not in whole]


def _without_double(columns: dict[str, str]) -> dict[str, str]:
    if "spend" in columns and "spend_micros" in columns:
        columns = {name: column for name, column in columns.items() if name != "spend_micros"}
    return {name: columns[name] for name in fields.FIELDS if name in columns}


def _bare_ids(headers: Sequence[str]) -> list[tuple[str, str]]:
    """Fivetran calls the id of the reported object ``id``; a sibling column tells its kind."""
    normal = {fields.normalise(header): header for header in headers}
    if "id" not in normal:
        return []
    return [(field, normal["id"]) for mark, field in _ID_MARKS if mark in normal][:1]


def _resource_names(headers: Sequence[str], cells: dict[str, list[str]]) -> dict[str, str]:
    """Google's ``customers/1/adGroups/2`` is an id, where the plain id column is empty."""
    found = {}
    for kind, names in (("campaign", ("campaign",)), ("ad_set", ("ad group",))):
        plain = [h for h in headers if fields.normalise(h) in fields.synonyms(f"{kind}_id")]
        if any(not values.is_empty(cell) for header in plain for cell in cells[header]):
            continue
        for header in headers:
            if fields.normalise(header) in names and _is_resource(cells[header]):
                found[f"{kind}_id"] = header
    return found


def _is_resource(cells: Sequence[str]) -> bool:
    return bool(cells) and all(cell.startswith("customers/") for cell in cells if cell)


def _currency(columns: dict[str, str]) -> str:
    column = columns.get("spend", "")
    if "currency" in columns:
        return ""
    stated = {fields.currency_of_header(name) for name in columns.values()} - {""}
    return stated.pop() if len(stated) == 1 else "USD" * column.lower().endswith("_usd")


def _day_order(cells: Sequence[str]) -> str:
    """Order of day and month, told by a number above 12 or by the sign between them."""
    filled = [cell for cell in cells if cell.strip()]
    if filled and all(values.is_excel_day(cell) for cell in filled):
        return "excel"
    parts = [found for cell in filled if (found := values.year_last_parts(cell))]
    # Days are written 31.12.2024 with dots by people who put the day first.
    if any(first > 12 or sign == "." for first, sign, _ in parts):
        return "dmy"
    return "mdy" if any(second > 12 for _, _, second in parts) else ""


def _decimal_sign(mapping: Mapping, cells: dict[str, list[str]], delimiter: str) -> str:
    names = [n for n in (*fields.MEASURES, *fields.RATIOS) if n in mapping.columns]
    texts = [cell for name in names for cell in cells[mapping.columns[name]]]
    with_comma = [text for text in texts if "," in text]
    if not with_comma:
        counts = [c for n in fields.COUNTS if n in names for c in cells[mapping.columns[n]]]
        return "," if any(_is_grouped(text, ".") for text in counts) else "."
    if any(text.rfind(".") > text.rfind(",") for text in texts):
        return "."
    if any(not _is_grouped(text, ",") for text in with_comma):
        return ","
    return "" if delimiter == ";" else "."


def _is_grouped(text: str, sign: str) -> bool:
    """Whether every group after the first has three digits, as thousands are written."""
    first, *rest = text.strip(" %$€£¥").split(sign)
    return (
        bool(rest)
        and bool(first.strip("-"))
        and all(len(group) == 3 and group.isdecimal() for group in rest)
    )


def _rates_in(mapping: Mapping, cells: dict[str, list[str]]) -> str:
    """Take rates for per cent where one is above 1 or the header says so; a sign wins anyway."""
    for name in ("conversion_rate", "ctr"):
        column = mapping.columns.get(name, "")
        if any(word in column.lower() for word in ("%", "pct", "percent")):
            return "percent"
        for cell in cells.get(column, []):
            if "%" not in cell and _above_one(cell):
                return "percent"
    return "share"


def _above_one(cell: str) -> bool:
    try:
        value = values.number(cell)
    except ValueError:
        return False
    return value is not None and value > 1
