"""What is known of people when somebody asks whether they may be written to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from outreach.engine.caps import CapUse
from outreach.engine.channels import BoolArray, Channel, CodeArray, IntArray, MomentArray
from outreach.engine.laws import Region
from outreach.engine.zones import NEVER, Zones


class Point(IntEnum):
    """Address of a person on a channel."""

    MISSING = 0
    USABLE = 1
    UNREACHABLE = 2  # it failed for good, or is not verified where it has to be
    ACCEPTING = 3  # usable, and the person allows messages in the settings there


class Consent(IntEnum):
    """What a person said to messages of this purpose on a channel, last."""

    UNKNOWN = 0
    GIVEN = 1
    WITHDRAWN = 2


class Suppression(IntEnum):
    """Why an address gets nothing at all."""

    FREE = 0
    UNSUBSCRIBE = 1
    BOUNCE = 2
    COMPLAINT = 3
    MANUAL = 4


_PER_CHANNEL: Final = ("point", "consent", "consent_id", "suppression", "last_inbound", "ad_entry")
_PER_PERSON: Final = ("is_nanp", "zone", "region")


@dataclass(frozen=True)
class Facts:
    """Facts of n people on k channels, for one purpose.

    Attributes
    ----------
    channels : of the k columns
    zones : what the codes in `zone` stand for
    point, consent, suppression : (n, k) codes of `Point`, `Consent`, `Suppression`
    consent_id : (n, k) number of the record of consent, 0 for none, which makes it no consent
    last_inbound : (n, k) when the person wrote or called last, UTC seconds
    ad_entry : (n, k) first message after a click on an advertisement that opens conversations
    is_nanp : (n,) whether the number begins with +1
    zone : (n,) places in `zones.entries`
    region : (n,) codes of `Region`
    caps : of n people
    """

    channels: tuple[Channel, ...]
    zones: Zones
    point: CodeArray
    consent: CodeArray
    consent_id: IntArray
    suppression: CodeArray
    last_inbound: MomentArray
    ad_entry: MomentArray
    is_nanp: BoolArray
    zone: npt.NDArray[np.int16]
    region: CodeArray
    caps: CapUse

    def __post_init__(self) -> None:
        if len(set(self.channels)) < len(self.channels) or not self.channels:
            raise ValueError(f"channels: {self.channels} are not different channels")
        wanted = (self.n, len(self.channels))
        for name in _PER_CHANNEL:
            if (shape := getattr(self, name).shape) != wanted:
                raise ValueError(f"{name}: its shape is {shape}, not {wanted}")
        for name in _PER_PERSON:
            if (shape := getattr(self, name).shape) != (self.n,):
                raise ValueError(f"{name}: its shape is {shape}, not {(self.n,)}")
        if self.caps.any_day.shape != (self.n,):
            raise ValueError(f"caps: they are of {self.caps.any_day.size} people, not {self.n}")
        _check_codes("zone", self.zone, len(self.zones.entries))
        for name, codes in _CODES:
            _check_codes(name, getattr(self, name), len(codes))

    @property
    def n(self) -> int:
        """How many people."""
        return int(self.zone.shape[0])

    def rows(self, which: slice | IntArray | BoolArray) -> Facts:
        """Take some of the people."""
        some = {name: getattr(self, name)[which] for name in (*_PER_CHANNEL, *_PER_PERSON)}
        return replace(self, **some, caps=self.caps.rows(which))

    def only(self, channel: Channel, which: IntArray) -> Facts:
        """Take some of the people on one channel."""
        at = self.channels.index(channel)
        one = {name: getattr(self, name)[which, at : at + 1] for name in _PER_CHANNEL}
        some = {name: getattr(self, name)[which] for name in _PER_PERSON}
        return replace(self, channels=(channel,), **one, **some, caps=self.caps.rows(which))

    @classmethod
    def unknown(cls, n: int, channels: tuple[Channel, ...], zones: Zones) -> Facts:
        """Make n people of whom nothing is known, not even an address; to be filled in."""
        shape = (n, len(channels))
        return cls(
            channels=channels,
            zones=zones,
            point=np.zeros(shape, np.int8),
            consent=np.zeros(shape, np.int8),
            consent_id=np.zeros(shape, np.int64),
            suppression=np.zeros(shape, np.int8),
            last_inbound=np.full(shape, NEVER),
            ad_entry=np.full(shape, NEVER),
            is_nanp=np.zeros(n, np.bool_),
            zone=np.zeros(n, np.int16),
            region=np.zeros(n, np.int8),
            caps=CapUse.none(n),
        )


_CODES: Final = (
    ("point", Point),
    ("consent", Consent),
    ("suppression", Suppression),
    ("region", Region),
)


def _check_codes(name: str, codes: CodeArray | npt.NDArray[np.int16], count: int) -> None:
    if codes.size and not (codes.min() >= 0 and codes.max() < count):
        raise ValueError(
            f"{name}: its codes go from {codes.min()} to {codes.max()}, not below {count}"
        )
