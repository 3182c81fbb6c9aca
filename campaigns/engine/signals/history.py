"""What a scan for signals reads: plain daily arrays, all over the same consecutive days."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class ChannelHistory:
    """Days of one channel.

    Attributes
    ----------
    key : the channel
    spend : (d,) money in one currency, the same for all channels
    impressions, clicks, installs : (d,) counts
    regions : names of the g regions that installs are known by; may be empty
    region_installs : (g, d) installs by region; (0, d) where unknown
    quality : (d,) worth of the day's new users, as sales a user or the like; NaN where unknown
    reach : (d,) people reached on that day; NaN where unknown
    planned_spend : (d,) what should have been spent; NaN where there is no plan
    """

    key: str
    spend: FloatArray
    impressions: FloatArray
    clicks: FloatArray
    installs: FloatArray
    regions: tuple[str, ...] = ()
    region_installs: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))
    quality: FloatArray = field(default_factory=lambda: np.zeros(0))
    reach: FloatArray = field(default_factory=lambda: np.zeros(0))
    planned_spend: FloatArray = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True)
class History:
    """Days of a workspace.

    Attributes
    ----------
    weekdays : (d,) 0 Monday to 6 Sunday, of consecutive days, the newest last
    channels : those that spend money
    organic : (d,) installs without an ad; NaN where unknown
    mentions : (d,) how often people spoke of the product; NaN where unknown
    halo_share : (d,) share of the organic installs that ads brought; NaN where unknown
    """

    weekdays: IntArray
    channels: tuple[ChannelHistory, ...]
    organic: FloatArray
    mentions: FloatArray
    halo_share: FloatArray = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        for channel in self.channels:
            for name in ("spend", "impressions", "clicks", "installs"):
                length = getattr(channel, name).shape
                if length != self.weekdays.shape:
                    raise ValueError(
                        f"{name} of {channel.key} has shape {length}, not {self.weekdays.shape}"
                    )

    @property
    def days(self) -> int:
        """How many days there are."""
        return int(self.weekdays.size)
