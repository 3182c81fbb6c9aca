"""The product's ratios, one definition each, for pages, API and models.

Each metric is called with two amounts: `ctr(clicks, impressions)`. Numbers give a number
or None where the ratio is undefined; `Decimal` stays `Decimal`; NumPy arrays give an array
with NaN where the ratio is undefined. ROI is net (-1: all lost), ROAS gross (1: break-even).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import overload

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
NumberArray = npt.NDArray[np.float64] | npt.NDArray[np.int64]


@dataclass(frozen=True)
class Metric:
    """A ratio of two amounts: `factor` * `above` / `below`, less one when `is_net`."""

    key: str
    label: str
    above: str
    below: str
    factor: int = 1
    is_net: bool = False

    @property
    def formula(self) -> str:
        """Definition in words, for a page's hint."""
        above = f"({self.above} − {self.below})" if self.is_net else self.above  # typography
        return f"{above} / {self.below}" + (
            f" × {self.factor}" if self.factor != 1 else ""
        )  # typography

    @overload
    def __call__(self, above: NumberArray, below: NumberArray, /) -> FloatArray: ...
    @overload
    def __call__(self, above: float | None, below: float | None, /) -> float | None: ...
    @overload
    def __call__(self, above: Decimal, below: Decimal | int | None, /) -> Decimal | None: ...
    @overload
    def __call__(self, above: int | None, below: Decimal, /) -> Decimal | None: ...

    def __call__(
        self,
        above: NumberArray | Decimal | float | None,
        below: NumberArray | Decimal | float | None,
        /,
    ) -> FloatArray | Decimal | float | None:
        if isinstance(above, np.ndarray) and isinstance(below, np.ndarray):
            return self._of_arrays(above, below)
        if isinstance(above, np.ndarray) or isinstance(below, np.ndarray):
            raise TypeError(f"{self.key}: {self.above} and {self.below} must both be arrays")
        if above is None or not below:
            return None
        if isinstance(above, Decimal) or isinstance(below, Decimal):
            # A float beside a Decimal raises TypeError here: money is never mixed silently.
            return self._of_decimals(above, below)
        top = above - below if self.is_net else above
        return float(top * self.factor / below)

    def _of_decimals(self, above: Decimal | float, below: Decimal | float) -> Decimal:
        if isinstance(above, float) or isinstance(below, float):
            raise TypeError(f"{self.key}: a float beside a Decimal; convert one of them first")
        top = above - below if self.is_net else above
        return Decimal(top) * self.factor / Decimal(below)

    def _of_arrays(self, above: NumberArray, below: NumberArray) -> FloatArray:
        above, below = np.broadcast_arrays(above, below)
        top = (above - below if self.is_net else above).astype(np.float64)
        undefined = np.full(below.shape, np.nan)
        np.divide(top * self.factor, below, out=undefined, where=below != 0)
        return undefined


ctr = Metric("ctr", "CTR", "clicks", "impressions")
engagement_rate = Metric("engagement_rate", "Engagement rate", "engagement", "impressions")
cvr = Metric("cvr", "CVR", "conversions", "clicks")
cpc = Metric("cpc", "CPC", "spend", "clicks")
cpm = Metric("cpm", "CPM", "spend", "impressions", factor=1_000)
cpa = Metric("cpa", "CPA", "spend", "conversions")
cpi = Metric("cpi", "CPI", "spend", "installs")
roas = Metric("roas", "ROAS", "revenue", "spend")
roi = Metric("roi", "ROI", "revenue", "spend", is_net=True)
# Users of an app.
cac = Metric("cac", "Blended CAC", "spend", "installs, organic ones too")
install_rate = Metric("install_rate", "Impression to install", "installs", "impressions")
retention = Metric("retention", "Retention", "users who came back", "users old enough")
payer_rate = Metric("payer_rate", "Payers", "users who paid", "users")
stickiness = Metric("stickiness", "DAU / MAU", "users of a day", "users of 30 days")
arpu = Metric("arpu", "ARPU", "revenue", "users")
arppu = Metric("arppu", "ARPPU", "revenue", "users who paid")
# Messages: each step over the one before it; what comes of them over what arrived.
delivery_rate = Metric("delivery_rate", "Delivery rate", "delivered", "sent")
open_rate = Metric("open_rate", "Open rate", "opened", "delivered")
click_rate = Metric("click_rate", "Click rate", "clicked", "opened")
reply_rate = Metric("reply_rate", "Reply rate", "replied", "delivered")
message_conversion_rate = Metric(
    "message_conversion_rate", "Conversion rate", "conversions", "delivered"
)
average_order_value = Metric("average_order_value", "Average order value", "revenue", "conversions")

METRICS: dict[str, Metric] = {
    metric.key: metric
    for metric in (
        ctr, engagement_rate, cvr, cpc, cpm, cpa, cpi, roas, roi, cac, install_rate, retention,
        payer_rate, stickiness, arpu, arppu, delivery_rate, open_rate, click_rate, reply_rate,
        message_conversion_rate, average_order_value,
    )
}  # fmt: skip
