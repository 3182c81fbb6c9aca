"""How fast and how reliably people were answered: figures of many turns, whole and by part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from outreach.engine.channels import BoolArray, FloatArray, IntArray

ObjectArray = npt.NDArray[np.object_]

#: What an inbox is asked to reach: service mails in under two hours of business time, most
#: answers by the machine, few conversations escalated.
MAIL_MINUTES: Final = 120.0
AUTOMATIC: Final = 0.60
ESCALATED: Final = 0.15


@dataclass(frozen=True)
class Turns:
    """Each first message that waited for an answer of ours; columns of one length.

    Attributes
    ----------
    wall, business : minutes until it was answered; not a number where it was not
    is_first : whether it waited for the first answer of its conversation
    is_kept, is_missed : what became of its promise; neither where nothing was to be judged
    is_automatic : whether its answer went out unsigned
    conversation : its id
    is_escalated : whether its conversation was escalated since it began
    """

    wall: FloatArray
    business: FloatArray
    is_first: BoolArray
    is_kept: BoolArray
    is_missed: BoolArray
    is_automatic: BoolArray
    conversation: IntArray
    is_escalated: BoolArray

    def where(self, chosen: BoolArray) -> Turns:
        """Keep some of them."""
        return Turns(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Spread:
    """How long something took, in minutes; none of nothing."""

    count: int = 0
    mean: float | None = None
    median: float | None = None
    p90: float | None = None


@dataclass(frozen=True)
class Figures:
    """What is told of turns."""

    turns: int
    answered: int
    first: Spread
    first_business: Spread
    kept: int
    missed: int
    automatic: int
    conversations: int
    escalated: int

    @property
    def judged(self) -> int:
        """Promises that were kept or broken."""
        return self.kept + self.missed

    @property
    def compliance(self) -> float | None:
        """Kept among judged, 0 to 1."""
        return _share(self.kept, self.judged)

    @property
    def automatic_share(self) -> float | None:
        """Answered unsigned among answered."""
        return _share(self.automatic, self.answered)

    @property
    def escalated_share(self) -> float | None:
        """Conversations that were escalated among those in which somebody waited."""
        return _share(self.escalated, self.conversations)


#: Of no turns.
NOTHING: Final = Figures(0, 0, Spread(), Spread(), 0, 0, 0, 0, 0)


def figures_of(turns: Turns) -> Figures:
    """Figures of all of them."""
    is_answered = ~np.isnan(turns.wall)
    first = turns.is_first & is_answered
    return Figures(
        turns=turns.wall.size,
        answered=int(is_answered.sum()),
        first=spread_of(turns.wall[first]),
        first_business=spread_of(turns.business[first]),
        kept=int(turns.is_kept.sum()),
        missed=int(turns.is_missed.sum()),
        automatic=int((turns.is_automatic & is_answered).sum()),
        conversations=np.unique(turns.conversation).size,
        escalated=np.unique(turns.conversation[turns.is_escalated]).size,
    )


def figures_by(turns: Turns, labels: ObjectArray | IntArray) -> Mapping[object, Figures]:
    """Figures of each part, by its label."""
    places: dict[object, int] = {}
    codes = np.fromiter(
        (places.setdefault(one, len(places)) for one in labels.tolist()), np.int64, labels.size
    )
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(len(places)), side="right")
    parts = np.split(order, ends[:-1]) if places else []
    return {
        name: figures_of(Turns(*(getattr(turns, f)[part] for f in turns.__dataclass_fields__)))
        for name, part in zip(places, parts, strict=True)
    }


def spread_of(minutes: FloatArray) -> Spread:
    """Mean, median and what nine of ten stay below (linear between two neighbours)."""
    if not minutes.size:
        return Spread()
    median, p90 = np.percentile(minutes, [50, 90])
    return Spread(minutes.size, float(minutes.mean()), float(median), float(p90))


def levels_of(counts: IntArray) -> IntArray:
    """How strong a count is among others, 0 (none) to 4 (over three quarters of the highest)."""
    top = counts.max(initial=0)
    if not top:
        return np.zeros_like(counts)
    found: IntArray = -(-4 * counts // top)
    return found


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
