"""The figures that rules of alerts compare, each over some days of a book."""

from __future__ import annotations

from typing import Final

import numpy as np

from campaigns import metrics
from campaigns.engine.alerting.book import FACTS, Book, FloatArray

# Ratios of sums: what is divided, and by what.
_RATIOS: Final = {
    "roas": (metrics.roas, "revenue", "known_spend"),
    "cpa": (metrics.cpa, "known_spend", "conversions"),
    "ctr": (metrics.ctr, "clicks", "impressions"),
    "cvr": (metrics.cvr, "conversions", "known_clicks"),
    "engagement_rate": (metrics.engagement_rate, "engagement", "impressions"),
}
# Means of a day, over days with figures; and parts of a day that they are told in.
_DAILY: Final = {"spend": ("spend", 1), "conversions": ("conversions", 1),
                 "impressions_per_hour": ("impressions", 24)}  # fmt: skip
METRICS: Final = frozenset({*_RATIOS, *_DAILY, *FACTS, "daily_budget_used"})
_MONEY: Final = frozenset({"spend", "cpa"})
# What they are made of only grows while a day runs, so it may cross a line from below meanwhile.
GROWING: Final = frozenset({"spend", "daily_budget_used"})
# Fewer than that show nothing: three clicks without a conversion are no conversion rate.
LEAST: Final = {
    "ctr": ("impressions", 1_000),
    "engagement_rate": ("impressions", 1_000),
    "cvr": ("known_clicks", 30),
}


def measure(metric: str, book: Book, days: slice) -> FloatArray:
    """Return a figure of each campaign or channel over some days.

    Parameters
    ----------
    metric : one of ``METRICS``
    days : columns of the book; facts of now do not depend on them

    Returns
    -------
    (n,) values; NaN where it is undefined: nothing to divide by, no day with figures, fewer than
    ``LEAST``, or money of another currency

    Raises
    ------
    ValueError : there is no such metric
    """
    if metric not in METRICS:
        raise ValueError(f"metric {metric!r} is none of {', '.join(sorted(METRICS))}")
    values = _values(metric, book, days)
    if metric in LEAST:
        name, least = LEAST[metric]
        values = np.where(_sums(book, name, days) >= least, values, np.nan)
    return np.where(book.has_home_money, values, np.nan) if metric in _MONEY else values


def _values(metric: str, book: Book, days: slice) -> FloatArray:
    if metric in FACTS:
        return book.facts[metric]
    if metric in _RATIOS:
        ratio, above, below = _RATIOS[metric]
        return ratio(_sums(book, above, days), _sums(book, below, days))
    counts = book.has_data[:, days].sum(axis=1).astype(np.float64)
    if metric == "daily_budget_used":
        total, parts = book.daily_budget_used[:, days].sum(axis=1), 1
    else:
        name, parts = _DAILY[metric]
        total = _sums(book, name, days)
    undefined = np.full(len(book), np.nan)
    np.divide(total, counts * parts, out=undefined, where=counts > 0)
    return undefined


def _sums(book: Book, name: str, days: slice) -> FloatArray:
    sums: FloatArray = book.amounts[name][:, days].sum(axis=1)
    return sums
