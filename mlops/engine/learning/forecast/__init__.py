"""Forecasts of campaigns: the next seven days of results, their cost and return, as quantiles."""

from typing import Final

KIND: Final = "forecast"
