"""The rows of the attribution page: where models agree, where they do not, and in which words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from attribution.models import AttributionModel, Channel, CreditLevel, Method, channel_label
from attribution.selectors.board import Board
from attribution.selectors.credits import Line, Unit
from campaigns.models import Ad, Campaign
from workspaces.formats import plain

_AGREE: Final = 0.15  # of the mean: less is no disagreement worth a word
_LEANS: Final = 1.25
_LEAST: Final = 0.5  # of a conversion: a change from less is noise
_NOTHING: Final = 0.05  # of a conversion: it is written as 0
# Geometry of the bars, in the drawing's own units.
_LABELS, _WIDTH, _ROW = 104, 118, 17


@dataclass(frozen=True)
class Bar:
    """One model's figure, ready to be drawn."""

    name: str
    text: str
    value: float
    value_low: float | None
    value_high: float | None
    y: int
    width: float
    low: float | None
    high: float | None
    is_focus: bool

    @property
    def middle(self) -> int:
        """Height of the line of the interval."""
        return self.y + _ROW // 2

    @property
    def after(self) -> float:
        """Where the figure is written."""
        return _LABELS + max(self.width, (self.high or _LABELS) - _LABELS) + 5


@dataclass(frozen=True)
class Row:
    """A channel, campaign or ad under all models."""

    unit: Unit
    label: str
    note: str
    drill: dict[str, str]
    line: Line
    cells: list[tuple[str, float]]
    low: float
    high: float
    words: str
    previous: float | None
    bars: list[Bar]

    @property
    def spread(self) -> float:
        """Distance between the model that gives most and the one that gives least."""
        return self.high - self.low

    @property
    def change(self) -> Decimal | None:
        """Per cent against the period before; none where there was nothing."""
        if not self.previous or self.previous < _LEAST:
            return None
        return Decimal(str((self.line.conversions / self.previous - 1) * 100))

    @property
    def chart_height(self) -> int:
        """Of the drawing."""
        return len(self.bars) * _ROW + 4


def names_of(
    units: list[Unit], channels: Mapping[int, Channel] | None = None
) -> dict[tuple[str, int], Any]:
    """Channels, campaigns and ads of units, by kind and key, in three queries.

    Two where the workspace's channels are known.
    """
    found: dict[tuple[str, int], Any] = {}
    for key, channel in (channels or {}).items():
        found["channel", key] = channel
    for place, kind, model in ((0, "channel", Channel), (1, "campaign", Campaign), (2, "ad", Ad)):
        keys = {unit[place] for unit in units if unit[place] and (kind, unit[place]) not in found}
        if keys:
            rows = model._default_manager.filter(pk__in=keys)
            found |= {(kind, row.pk): row for row in rows}
    return found


def rows_of(
    board: Board,
    focus: AttributionModel,
    *,
    before: Board | None,
    within: Unit | None = None,
    channels: Mapping[int, Channel] | None = None,
) -> list[Row]:
    """Rows of a board, widest disagreement first; of a channel or campaign where one is given."""
    units = list(dict.fromkeys(unit for column in board.columns for unit in column.lines))
    if within is not None:
        units = [unit for unit in units if _is_within(unit, within)]
    named = names_of(units, channels)
    top = max(
        (
            line.conversions_high or line.conversions
            for column in board.columns
            for line in column.lines.values()
            if line.unit in set(units)
        ),
        default=0.0,
    )
    rows = [_row(board, focus, before, unit, named, top) for unit in units]
    return sorted(rows, key=lambda row: (-row.spread, -row.high, row.label))


def _is_within(unit: Unit, within: Unit) -> bool:
    return unit[0] == within[0] and (not within[1] or unit[1] == within[1])


def _row(
    board: Board, focus: AttributionModel, before: Board | None, unit: Unit,
    named: dict[tuple[str, int], Any], top: float,
) -> Row:  # fmt: skip
    nothing = Line(unit, 0.0, Decimal(0), None, 0.0)
    given = [(column.model, column.lines.get(unit, nothing)) for column in board.columns]
    line = next(line for model, line in given if model == focus)
    counts = [one.conversions for _, one in given]
    label, note, drill = _name(unit, board.level, named)
    earlier = before.column(focus).lines.get(unit) if before else None
    return Row(
        unit=unit,
        label=label,
        note=note,
        drill=drill,
        line=line,
        cells=[(model.name, one.conversions) for model, one in given],
        low=min(counts),
        high=max(counts),
        words=_words(given),
        previous=(earlier.conversions if earlier else 0.0) if before else None,
        bars=[
            _bar(place, model, one, top, is_focus=model == focus)
            for place, (model, one) in enumerate(given)
        ],
    )


def _name(
    unit: Unit, level: str, named: dict[tuple[str, int], Any]
) -> tuple[str, str, dict[str, str]]:
    """Label, what stands under it, and where a click on it leads."""
    channel = named["channel", unit[0]]
    if level == CreditLevel.CHANNEL:
        return channel.label, "", {"channel": channel.name}
    campaign = named.get(("campaign", unit[1]))
    if campaign is None:
        return f"{channel.label}, no campaign", "", {}
    drill = {"channel": channel.name, "campaign": str(campaign.public_id)}
    if level == CreditLevel.CAMPAIGN:
        return campaign.name, channel.label, drill
    ad = named.get(("ad", unit[2]))
    return (ad.name if ad else "No ad named"), campaign.name, {}


def _words(given: list[tuple[AttributionModel, Line]]) -> str:
    """How far the models are apart, in a sentence."""
    counts = {model.name: line.conversions for model, line in given}
    methods = {model.method: line.conversions for model, line in given}
    least, most = min(counts.values()), max(counts.values())
    if most < _NOTHING:
        return "No model gives it credit."
    mean = sum(counts.values()) / len(counts)
    if most - least < _AGREE * mean:
        return "The models agree."
    low = min(counts, key=lambda name: counts[name])
    high = max(counts, key=lambda name: counts[name])
    sentence = f"{_count(least)} by {low}, {_count(most)} by {high}."
    return f"{sentence} {_role(methods)}".strip()


def _role(methods: dict[str, float]) -> str:
    first, last = methods.get(Method.FIRST), methods.get(Method.LAST)
    if first is None or last is None:
        return ""
    if first > _LEANS * last:
        return "It opens journeys more often than it closes them."
    if last > _LEANS * first:
        return "It closes journeys more often than it opens them."
    between = methods.get(Method.LINEAR, 0.0)
    return "It mostly helps in between." if between > max(first, last) else ""


def _count(value: float) -> str:
    return plain(Decimal(str(round(value, 1))))


def _bar(place: int, model: AttributionModel, line: Line, top: float, *, is_focus: bool) -> Bar:
    def across(value: float | None) -> float | None:
        return None if value is None else _LABELS + _WIDTH * max(value, 0.0) / (top or 1.0)

    return Bar(
        name=model.name,
        text=_count(line.conversions),
        value=line.conversions,
        value_low=line.conversions_low,
        value_high=line.conversions_high,
        y=place * _ROW + 2,
        width=(across(line.conversions) or _LABELS) - _LABELS,
        low=across(line.conversions_low),
        high=across(line.conversions_high),
        is_focus=is_focus,
    )


@dataclass(frozen=True)
class HeatCell:
    """One channel in one country."""

    roas: float | None
    conversions: float
    level: int


@dataclass(frozen=True)
class HeatRow:
    """One channel in all countries."""

    label: str
    cells: list[HeatCell]


_HEAT: Final = (0.5, 1.0, 2.0, 4.0)


def heat_of(regions: list[dict[str, Any]]) -> tuple[list[str], list[HeatRow]]:
    """Countries, and channels with their ROAS in each; 0 to 4 for how strong."""
    countries = list(dict.fromkeys(row["region"] for row in regions))
    cells = {(row["channel"], row["region"]): row for row in regions}
    paid = {row["channel"] for row in regions if row["cost"]}
    return countries, [
        HeatRow(
            channel_label(channel),
            [_heat(cells.get((channel, country))) for country in countries],
        )
        for channel in sorted(paid)
    ]


def _heat(row: dict[str, Any] | None) -> HeatCell:
    if row is None or not row["cost"]:
        return HeatCell(None, row["conversions"] if row else 0.0, 0)
    roas = row["revenue"] / row["cost"]
    return HeatCell(roas, row["conversions"], sum(roas >= step for step in _HEAT))
