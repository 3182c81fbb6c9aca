"""Journeys as sorted integer arrays: the form in which all models count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

DIRECT = "direct"


@dataclass(frozen=True, eq=False)
class Journeys:
    """Touches of many journeys, one journey after the other, each in time order.

    Parameters
    ----------
    names : (n_channels,) channel names (or ads, campaigns); a channel id is a place in it
    offsets : (n_journeys + 1,) where each journey's touches start; the last entry is their number
    channels : (n_touches,) channel ids
    conversions : (n_journeys,) how many times this row's path converted
    nulls : (n_journeys,) how many times it ended without a conversion
    values : (n_journeys,) money of all its conversions together
    ages : (n_touches,) days from each touch to the conversion, for time decay

    Raises
    ------
    ValueError : an empty journey, a channel id without a name, unequal lengths, or a count,
        an amount or an age that is negative or not finite; the message names the argument
    """

    names: tuple[str, ...]
    offsets: IntArray
    channels: IntArray
    conversions: FloatArray
    nulls: FloatArray
    values: FloatArray
    ages: FloatArray | None = None

    def __post_init__(self) -> None:
        lengths = np.diff(self.offsets)
        if not len(self.offsets) or self.offsets[0] != 0 or self.offsets[-1] != len(self.channels):
            raise ValueError(f"offsets must run from 0 to the {len(self.channels)} touches")
        if (lengths < 1).any():
            raise ValueError(f"offsets: journey {int(np.argmax(lengths < 1))} has no touch")
        if ((self.channels < 0) | (self.channels >= len(self.names))).any():
            raise ValueError(f"channels: ids must lie between 0 and {len(self.names) - 1}")
        for name in ("conversions", "nulls", "values"):
            _check_amounts(name, getattr(self, name), len(lengths), "journeys")
        if self.ages is not None:
            _check_amounts("ages", self.ages, len(self.channels), "touches")

    @classmethod
    def from_paths(
        cls,
        paths: Sequence[Sequence[str]],
        conversions: Sequence[float],
        values: Sequence[float] | None = None,
        nulls: Sequence[float] | None = None,
        touch_ages: Sequence[Sequence[float]] | None = None,
    ) -> Journeys:
        """Turn paths of names into integers, channels numbered in alphabetical order.

        Parameters
        ----------
        paths : channel names in time order, one sequence per row
        conversions, values, nulls : per row: count, money in total, count
        touch_ages : days from each touch to the conversion, shaped like `paths`

        Returns
        -------
        the same rows as integers

        Raises
        ------
        ValueError : an empty path, a path that is text, a channel without a name, unequal lengths,
            or a number that is negative or not finite; the message names the argument
        """
        rows = list(paths)
        lengths = _path_lengths(rows)
        flat = list(chain.from_iterable(rows))
        names = _channel_names(flat)
        place = {name: number for number, name in enumerate(names)}
        return cls(
            names=names,
            offsets=_offsets(lengths),
            channels=np.fromiter(map(place.__getitem__, flat), dtype=np.intp, count=len(flat)),
            conversions=_amounts("conversions", conversions, len(rows)),
            nulls=_amounts("nulls", nulls, len(rows)),
            values=_amounts("values", values, len(rows)),
            ages=None if touch_ages is None and rows else _flat_ages(touch_ages or (), lengths),
        )

    @classmethod
    def from_touches(
        cls,
        names: Sequence[str],
        journey_ids: npt.ArrayLike,
        channel_ids: npt.ArrayLike,
        *,
        conversions: npt.ArrayLike,
        nulls: npt.ArrayLike | None = None,
        values: npt.ArrayLike | None = None,
        ages: npt.ArrayLike | None = None,
    ) -> Journeys:
        """Take touches as stored: sorted by journey, then by time.

        Parameters
        ----------
        names : (n_channels,) the name of each channel id
        journey_ids : (n_touches,) any integers that do not fall
        channel_ids : (n_touches,) 0 to n_channels - 1
        conversions, nulls, values : (n_journeys,) in the order of the journey ids
        ages : (n_touches,) days from each touch to the conversion

        Returns
        -------
        the journeys

        Raises
        ------
        ValueError : journey ids that fall, unequal lengths, or what `Journeys` refuses
        """
        journeys = np.asarray(journey_ids)
        channels = np.asarray(channel_ids, dtype=np.intp)
        if journeys.shape != channels.shape or journeys.ndim != 1:
            raise ValueError(
                f"journey_ids has shape {journeys.shape} and channel_ids {channels.shape}: "
                "both hold one entry a touch"
            )
        steps = journeys[1:] != journeys[:-1]
        if (journeys[1:] < journeys[:-1]).any():
            raise ValueError("journey_ids must not fall: sort the touches by journey and time")
        starts = np.flatnonzero(np.concatenate([np.ones(min(len(journeys), 1), bool), steps]))
        return cls(
            names=tuple(names),
            offsets=np.append(starts, len(journeys)).astype(np.intp),
            channels=channels,
            conversions=_amounts("conversions", conversions, len(starts)),
            nulls=_amounts("nulls", nulls, len(starts)),
            values=_amounts("values", values, len(starts)),
            ages=None if ages is None else np.asarray(ages, dtype=np.float64),
        )

    @cached_property
    def lengths(self) -> IntArray:
        """Touches per journey."""
        return np.diff(self.offsets)

    @property
    def starts(self) -> IntArray:
        """Place of each journey's first touch."""
        return self.offsets[:-1]

    @property
    def ends(self) -> IntArray:
        """Place of each journey's last touch."""
        return self.offsets[1:] - 1

    @cached_property
    def credited(self) -> Journeys:
        """Only the journeys that have a conversion or money to give away."""
        keep = (self.conversions > 0) | (self.values > 0)
        if keep.all():
            return self
        touched = np.repeat(keep, self.lengths)
        return Journeys(
            names=self.names,
            offsets=_offsets(self.lengths[keep]),
            channels=self.channels[touched],
            conversions=self.conversions[keep],
            nulls=self.nulls[keep],
            values=self.values[keep],
            ages=None if self.ages is None else self.ages[touched],
        )


def _offsets(lengths: IntArray) -> IntArray:
    return np.concatenate([np.zeros(1, np.intp), np.cumsum(lengths, dtype=np.intp)])


def _path_lengths(rows: list[Sequence[str]]) -> IntArray:
    for number, row in enumerate(rows):
        if isinstance(row, str):
            raise ValueError(f"paths[{number}] is text: give a tuple of channel names, not {row!r}")
        if not len(row):
            raise ValueError(f"paths[{number}] is empty: a path needs at least one touch")
    return np.fromiter(map(len, rows), dtype=np.intp, count=len(rows))


def _channel_names(flat: list[str]) -> tuple[str, ...]:
    found = set(flat)
    for name in found:
        if not isinstance(name, str) or not name:
            raise ValueError(f"paths: a channel is named by a text that is not empty, not {name!r}")
    return tuple(sorted(found))


def _amounts(name: str, given: npt.ArrayLike | None, count: int) -> FloatArray:
    if given is None:
        return np.zeros(count)
    array = np.asarray(given, dtype=np.float64)
    if array.shape != (count,):
        raise ValueError(f"{name} has shape {array.shape} for {count} paths: one number a path")
    return array


def _flat_ages(touch_ages: Sequence[Sequence[float]], lengths: IntArray) -> FloatArray:
    if len(touch_ages) != len(lengths):
        raise ValueError(f"touch_ages has {len(touch_ages)} entries for {len(lengths)} paths")
    for number, (ages, length) in enumerate(zip(touch_ages, lengths.tolist(), strict=True)):
        if len(ages) != length:
            raise ValueError(f"touch_ages[{number}] has {len(ages)} entries for {length} touches")
    return np.fromiter(chain.from_iterable(touch_ages), np.float64, count=int(lengths.sum()))


def _check_amounts(name: str, amounts: FloatArray, count: int, what: str) -> None:
    if amounts.shape != (count,):
        raise ValueError(f"{name} has shape {amounts.shape} for {count} {what}")
    wrong = ~(np.isfinite(amounts) & (amounts >= 0))
    if wrong.any():
        place = int(np.argmax(wrong))
        raise ValueError(
            f"{name}[{place}] is {float(amounts[place])}: it must be zero or more, and finite"
        )
    with np.errstate(over="ignore"):
        if not np.isfinite(amounts.sum()):
            raise ValueError(f"{name} add up to more than a number can hold")
