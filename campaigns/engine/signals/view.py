"""A scope on one day of a scan, with its looks kept, and what a rule finds there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from campaigns.engine.signals.history import BoolArray, FloatArray, IntArray
from campaigns.engine.signals.lens import WIDE, Lens, Look, look_at, together
from campaigns.engine.signals.synergy import Link


@dataclass(frozen=True)
class Change:
    """A measure before and after, in its own unit, with its score against the baseline.

    ``low`` and ``high`` hold the ratio of after to before with 80 % confidence.
    """

    before: float
    after: float
    score: float
    low: float
    high: float

    @property
    def ratio(self) -> float:
        """After over before."""
        return self.after / self.before


@dataclass(frozen=True)
class Hit:
    """What a rule sees on one day.

    Attributes
    ----------
    type : of the signal
    measure, look : the series that tells when it is over, as the rule saw it
    sign : +1 where that rose, −1 where it fell
    score : of the test that found it
    days : newest days that the changes are measured on
    changes : by measure
    least : size in logarithms that the rule asks of the measure
    regions : hit ones, of a change that is in some regions only
    link : what it follows, where that is known
    fades : whether it dies away, so that half of its largest size is not its end
    """

    type: str
    measure: str
    look: Look
    sign: int
    score: float
    days: int
    changes: Mapping[str, Change]
    least: float
    regions: tuple[str, ...] = ()
    fades: bool = False
    link: Link | None = None


@dataclass
class View:
    """Series of a channel or of the whole workspace as they stand on day ``at``."""

    series: Mapping[str, FloatArray]
    weekdays: IntArray
    usable: BoolArray
    at: int
    lens: Lens = WIDE
    _looks: dict[tuple[str, Lens], Look | None] = field(default_factory=dict)

    def look(self, name: str, lens: Lens | None = None) -> Look | None:
        """One series against its baseline."""
        key = (name, lens or self.lens)
        if key not in self._looks:
            values = self.series.get(name)
            self._looks[key] = (
                None
                if values is None
                else look_at(values, self.weekdays, self.usable, self.at, key[1])
            )
        return self._looks[key]

    def jointly(self, lens: Lens | None = None, **signs: int) -> Look | None:
        """Several series as one; those unknown on the newest day are left out."""
        looks = [
            (look, sign)
            for name, sign in signs.items()
            if (look := self.look(name, lens)) is not None and np.isfinite(look.away[-1])
        ]
        if not looks:
            return None
        return together(looks, self.weekdays, self.usable, lens or self.lens)

    def changes(self, days: int, *names: str) -> dict[str, Change]:
        """Before and after of the newest days."""
        found = {name: look for name in names if (look := self.look(name)) is not None}
        return {
            name: change_of(look, days)
            for name, look in found.items()
            if np.isfinite(look.shift(days))
        }


# Standard normal quantile of a two-sided interval of 80 %.
Z_80 = 1.2815515655446004


def change_of(look: Look, days: int) -> Change:
    """Hold the newest days of a look against what was usual."""
    shift, before = look.shift(days), float(np.exp(look.baseline.level))
    reach = Z_80 * look.baseline.error(days)
    return Change(
        before=before,
        after=before * float(np.exp(shift)),
        score=look.score(days),
        low=float(np.exp(shift - reach)),
        high=float(np.exp(shift + reach)),
    )
