"""Channels by code, and what is known of each: scores, costs, hours and lists, all as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

BoolArray = npt.NDArray[np.bool_]
CodeArray = npt.NDArray[np.int8]
IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
MomentArray = npt.NDArray[np.datetime64]

HOURS: Final = 24
#: In place of a code: none, or not known.
NONE: Final = -1


class Code(IntEnum):
    """A number in arrays, a word for people and documents."""

    @property
    def key(self) -> str:
        """As documents name it."""
        return self.name.lower()


class Channel(Code):
    """Where a person is reached; the order never changes, for arrays hold the numbers."""

    EMAIL = 0
    SMS = 1
    WHATSAPP = 2
    INSTAGRAM = 3
    FACEBOOK = 4
    LINKEDIN = 5
    TWITTER = 6
    CHAT = 7


class CustomerType(Code):
    """What a person is to us."""

    NEW = 0
    RETURNING = 1
    EXISTING = 2


class Device(Code):
    """What a person mostly uses."""

    MOBILE = 0
    DESKTOP = 1


class Urgency(Code):
    """How soon a message should be read."""

    URGENT = 0
    NORMAL = 1
    LOW = 2


class Purpose(Code):
    """What a message is for; a reply answers what the person wrote."""

    MARKETING = 0
    SERVICE = 1
    REPLY = 2


AnyCode = TypeVar("AnyCode", bound=Code)

# The order of the specification's table, which has no text messages: theirs are WhatsApp's.
_TABLE: Final = (
    Channel.EMAIL, Channel.INSTAGRAM, Channel.FACEBOOK, Channel.LINKEDIN, Channel.TWITTER,
    Channel.WHATSAPP, Channel.CHAT,
)  # fmt: skip

Row = Mapping[Channel, float]


def _row(*figures: float) -> Row:
    row = dict(zip(_TABLE, figures, strict=True))
    return MappingProxyType({**row, Channel.SMS: row[Channel.WHATSAPP]})


def _band(others: float, **named: float) -> Row:
    row = {channel: named.get(channel.key, others) for channel in _TABLE}
    return MappingProxyType({**row, Channel.SMS: row[Channel.WHATSAPP]})


_BEST_HOURS: Final = {
    CustomerType.NEW: _row(10, 19, 19, 11, 12, 18, 14),
    CustomerType.RETURNING: _row(14, 20, 20, 13, 17, 19, 15),
    CustomerType.EXISTING: _row(9, 18, 18, 10, 15, 10, 13),
}
_DAY: Final = _band(0.7, email=1.0, linkedin=1.0, instagram=0.6, facebook=0.6, twitter=0.6)
_EVENING: Final = _band(0.8, email=0.7, instagram=1.0, facebook=1.0, whatsapp=1.0)
_NIGHT: Final = _band(0.3, email=0.9)


@dataclass(frozen=True)
class HourBand:
    """What channels are worth from one hour to another, both within it."""

    first: int
    last: int
    factors: Row


@dataclass(frozen=True)
class ChannelTable:
    """Figures that a choice among channels rests on; a workspace can keep its own.

    Attributes
    ----------
    types, devices, urgencies : worth of each channel in [0, 1] by what is known of the person
    bands : worth by local hour; hours of no band take `night`
    best_hours : local hour to send at, by customer type and channel
    costs_micros : of one message, in millionths of the workspace's currency
    lists : channels for a campaign that names none, the first one first
    ties : who goes first where scores are equal
    """

    types: Mapping[CustomerType, Row] = field(
        default_factory=lambda: {
            CustomerType.NEW: _row(0.9, 0.7, 0.7, 0.6, 0.5, 0.4, 0.8),
            CustomerType.RETURNING: _row(0.8, 0.9, 0.8, 0.7, 0.7, 0.6, 0.7),
            CustomerType.EXISTING: _row(0.7, 0.8, 0.7, 0.8, 0.6, 0.9, 0.9),
        }
    )
    devices: Mapping[Device, Row] = field(
        default_factory=lambda: {
            Device.MOBILE: _row(0.7, 1.0, 0.9, 0.6, 0.9, 1.0, 0.8),
            Device.DESKTOP: _row(1.0, 0.7, 0.8, 1.0, 0.7, 0.5, 0.9),
        }
    )
    urgencies: Mapping[Urgency, Row] = field(
        default_factory=lambda: {
            Urgency.URGENT: _row(0.5, 0.7, 0.7, 0.4, 0.8, 1.0, 1.0),
            Urgency.NORMAL: _row(1.0, 0.8, 0.8, 0.9, 0.7, 0.7, 0.8),
            Urgency.LOW: _row(1.0, 0.9, 0.9, 1.0, 0.8, 0.5, 0.6),
        }
    )
    bands: tuple[HourBand, ...] = (HourBand(9, 17, _DAY), HourBand(18, 22, _EVENING))
    night: Row = field(default_factory=lambda: _NIGHT)
    best_hours: Mapping[CustomerType, Row] = field(default_factory=lambda: _BEST_HOURS)
    costs_micros: Mapping[Channel, int] = field(
        default_factory=lambda: {
            **dict.fromkeys(Channel, 0),
            Channel.EMAIL: 1_000,
            Channel.WHATSAPP: 5_000,
            Channel.SMS: 5_000,
        }
    )
    lists: Mapping[CustomerType, tuple[Channel, ...]] = field(
        default_factory=lambda: {
            CustomerType.NEW: (Channel.EMAIL, Channel.CHAT, Channel.INSTAGRAM),
            CustomerType.RETURNING: (Channel.INSTAGRAM, Channel.EMAIL, Channel.FACEBOOK),
            CustomerType.EXISTING: (Channel.WHATSAPP, Channel.CHAT, Channel.EMAIL),
        }
    )
    ties: tuple[Channel, ...] = (
        Channel.EMAIL, Channel.INSTAGRAM, Channel.LINKEDIN, Channel.FACEBOOK, Channel.TWITTER,
        Channel.WHATSAPP, Channel.SMS, Channel.CHAT,
    )  # fmt: skip

    def by_type(self, channels: tuple[Channel, ...]) -> FloatArray:
        """Worth by customer type: (types, channels)."""
        return _matrix(self.types, CustomerType, channels)

    def by_device(self, channels: tuple[Channel, ...]) -> FloatArray:
        """Worth by device: (devices + 1, channels); the last row, the mean, is for unknown ones."""
        known = _matrix(self.devices, Device, channels)
        return np.vstack([known, known.mean(axis=0)])

    def by_hour(self, channels: tuple[Channel, ...]) -> FloatArray:
        """Worth by local hour: (24, channels)."""
        rows = [self.night] * HOURS
        for band in self.bands:
            rows[band.first : band.last + 1] = [band.factors] * (band.last + 1 - band.first)
        return np.array([[row[channel] for channel in channels] for row in rows], np.float64)

    def hours(self, channels: tuple[Channel, ...]) -> CodeArray:
        """Best local hour: (types, channels)."""
        return _matrix(self.best_hours, CustomerType, channels).astype(np.int8)

    def costs(self, channels: tuple[Channel, ...]) -> IntArray:
        """Micros of one message: (channels,)."""
        return np.array([self.costs_micros[channel] for channel in channels], np.int64)


def _matrix(
    rows: Mapping[AnyCode, Row], codes: type[AnyCode], channels: tuple[Channel, ...]
) -> FloatArray:
    return np.array([[rows[code][channel] for channel in channels] for code in codes], np.float64)


DEFAULT_TABLE: Final = ChannelTable()
