"""How the columns of one kind of file are read: plain data that people can edit."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Final

from campaigns.engine.importing.fields import FIELDS, MEASURES, RATIOS

SETTINGS: Final[dict[str, tuple[str, ...]]] = {
    "day_order": ("", "dmy", "mdy", "excel"),
    "decimal_sign": ("", ".", ","),
    "roi_kind": ("", "multiple", "net"),
    "rates_in": ("", "share", "percent"),
}
PLATFORMS: Final = ("meta", "google", "tiktok", "linkedin", "microsoft", "other")
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Mapping:
    """Our field to the file's column, and what the columns do not say by themselves.

    An empty setting is an open question where the columns need it. ``roi_kind``: ``multiple`` means
    revenue = ROI x spend, ``net`` means revenue = (1 + ROI) x spend.
    """

    columns: dict[str, str] = field(default_factory=dict)
    platform: str = "other"
    fixed_currency: str = ""
    day_order: str = ""
    decimal_sign: str = "."
    roi_kind: str = ""
    rates_in: str = "share"

    def to_json(self) -> dict[str, object]:
        """Plain data for storage."""
        return {"version": _VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, data: Dict[str, object]) -> Mapping:
        """Read what :meth:`to_json` or a person wrote.

        Raises
        ------
        ValueError : an unknown key, field or setting, named
        """
        rest = {key: value for key, value in data.items() if key not in ("version", "columns")}
        columns = data.get("columns") or {}
        if not isinstance(columns, dict):
            raise ValueError("'columns' of a mapping must name a column for each field")
        mapping = cls()
        for key, value in [*columns.items(), *rest.items()]:
            mapping = mapping.with_entry(str(key), "" if value is None else str(value))
        return mapping

    def with_entry(self, key: str, value: str) -> Mapping:
        """Change one field's column, or one setting; an empty column takes the field out.

        Raises
        ------
        ValueError : the key is no field and no setting, or the setting has no such value
        """
        if key in FIELDS:
            columns = {name: column for name, column in self.columns.items() if name != key}
            return replace(self, columns=columns | ({key: value} if value else {}))
        if key == "platform" and value in PLATFORMS:
            return replace(self, platform=value)
        if key == "fixed_currency":
            return replace(self, fixed_currency=value.upper())
        if value in SETTINGS.get(key, ()):
            return replace(self, **{key: value})  # type: ignore[arg-type]  # text settings only
        allowed = SETTINGS.get(key) or (PLATFORMS if key == "platform" else ())
        if allowed:
            raise ValueError(f"{key} is one of {', '.join(filter(None, allowed))}, not {value!r}")
        raise ValueError(f"{key!r} is no field of ours; the fields are {', '.join(FIELDS)}")

    @property
    def is_micros(self) -> bool:
        """Whether spend is counted in millionths."""
        return "spend" not in self.columns and "spend_micros" in self.columns

    @property
    def derived(self) -> tuple[str, ...]:
        """Measures that are computed from ratios, in the order of computing."""
        have, found = set(self.columns), []
        have |= {"spend"} if self.is_micros else set()
        rules = (
            ("clicks", "ctr", "impressions"),
            ("spend", "cpc", "clicks"),
            ("conversions", "conversion_rate", "clicks"),
            ("revenue", "roas", "spend"),
            ("revenue", "roi", "spend"),
        )
        for target, ratio, base in rules:
            if target not in have and ratio in have and base in have:
                have.add(target)
                found.append(target)
        return tuple(found)

    @property
    def measures(self) -> tuple[str, ...]:
        """Measures that rows of this mapping have."""
        have = {*self.columns, *self.derived} | ({"spend"} if self.is_micros else set())
        return tuple(name for name in MEASURES if name in have)


def problems(mapping: Mapping, headers: Sequence[str]) -> list[str]:
    """Sentences on everything that keeps ``mapping`` from reading a file with ``headers``."""
    found = [
        f"The mapping reads {name} from the column {column!r}, which the file does not have."
        for name, column in mapping.columns.items()
        if column not in headers
    ]
    if "day" not in mapping.columns:
        found.append("No column is known to hold the day; say which one does: day=<column>.")
    if not mapping.measures:
        found.append(
            "No column is known to hold a figure; map at least one of impressions, clicks,"
            " spend, conversions, revenue."
        )
    if not mapping.decimal_sign:
        found.append("Say which sign stands before decimals: decimal_sign=. or decimal_sign=,")
    return found + _open_ratio_questions(mapping)


def _open_ratio_questions(mapping: Mapping) -> list[str]:
    found = []
    uses_roi = "revenue" in mapping.derived and "roas" not in mapping.columns
    if uses_roi and not mapping.roi_kind:
        found.append(
            f"The column {mapping.columns['roi']!r} gives ROI. Say whether 2.8 is a multiple of the"
            " cost (roi_kind=multiple) or the net gain on it (roi_kind=net)."
        )
    if any(name in mapping.columns for name in RATIOS) and not mapping.rates_in:
        found.append("Say whether rates are shares or per cent: rates_in=share or rates_in=percent")
    return found
