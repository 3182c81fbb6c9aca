"""How the dashboards write figures, and what their forecasts rest on."""

from __future__ import annotations

from decimal import Decimal

from mlops.models import ModelVersion
from mlops.selectors.board_days import TYPICAL_DAYS
from workspaces.formats import decimals_of, figure, money


def points(value: float, decimals: int = 0) -> str:
    """Difference of percentages."""
    return f"{figure(100 * value, decimals)} points"


def count_text(value: float) -> str:
    """Count for an axis: ``1.2 M``, ``850 k``."""
    if abs(value) >= 1e6:
        return f"{figure(value / 1e6, 1)} M"
    return f"{figure(value / 1e3)} k" if abs(value) >= 1e4 else figure(value)


def money_text(value: float, currency: str) -> str:
    """Amount without decimals, for a picture."""
    whole = money(Decimal(round(value)), currency)
    places = decimals_of(currency)
    return whole[: -places - 1] if places else whole


def basis_of(version: ModelVersion | None) -> str:
    """What the forecast of ROI rests on."""
    if version is None:
        return (
            f"Plain mean of the last {TYPICAL_DAYS} days, no model yet; the interval is that of"
            f" {TYPICAL_DAYS} such days to come."
        )
    return (
        f"ROI model, version {version.version}, at what is typical of each channel's campaigns in"
        f" the last {TYPICAL_DAYS} days."
    )
