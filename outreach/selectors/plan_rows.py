"""Rows of a plan as arrays: what is hashed, written, and read back to be hashed again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from outreach.engine.channels import NONE, Channel
from outreach.engine.decisions import Decisions, Reason, Status
from outreach.models import Outcome, SendPlan
from outreach.selectors.binary import NO_MOMENT, Columns, read_table

#: Order of the outcomes in codes.
OUTCOMES: Final = (
    Outcome.SCHEDULED, Outcome.QUEUED, Outcome.DUPLICATE, Outcome.FREQUENCY_CAP,
    Outcome.BUDGET_EXCEEDED, Outcome.DAILY_BUDGET_EXCEEDED, Outcome.DAILY_LIMIT_REACHED,
    Outcome.NO_VIABLE_CHANNEL, Outcome.NO_CONSENT, Outcome.SUPPRESSED, Outcome.OUTSIDE_WINDOW,
    Outcome.FAILED,
)  # fmt: skip
_BY_REASON: Final = {
    Reason.SUPPRESSED: Outcome.SUPPRESSED,
    Reason.NO_CONSENT: Outcome.NO_CONSENT,
    Reason.DUPLICATE: Outcome.DUPLICATE,
    Reason.FREQUENCY_CAP: Outcome.FREQUENCY_CAP,
    Reason.OUTSIDE_WINDOW: Outcome.OUTSIDE_WINDOW,
    Reason.NO_VIABLE_CHANNEL: Outcome.NO_VIABLE_CHANNEL,
    Reason.NOT_READY: Outcome.FAILED,
    Reason.BUDGET_EXCEEDED: Outcome.BUDGET_EXCEEDED,
    Reason.DAILY_BUDGET_EXCEEDED: Outcome.DAILY_BUDGET_EXCEEDED,
    Reason.DAILY_LIMIT_REACHED: Outcome.DAILY_LIMIT_REACHED,
}
#: Columns in the order in which they are hashed; moments in seconds of UTC, 0 for none.
COLUMNS: Final[Columns] = {
    "place": "i4", "step": "i8", "contact": "i8", "outcome": "i2", "point": "i8", "channel": "i2",
    "fallback": "i8", "fallback2": "i8", "variant": "i2", "text": "i8", "send_at": "at",
    "wave": "i2", "cost": "i8", "why": "i4", "consent": "i8",
}  # fmt: skip
_HASHED: Final = np.dtype([(name, "<i8") for name in COLUMNS])
_CHUNK: Final = 131_072
_STORED: Final = f"""
SELECT r.place, r.step_id, r.contact_id,
       (array_position(%(outcomes)s, r.outcome::text) - 1)::int2, coalesce(r.point_id, 0),
       (coalesce(array_position(%(channels)s, r.channel::text), 0) - 1)::int2,
       coalesce(r.fallbacks[1], 0), coalesce(r.fallbacks[2], 0),
       (array_position(%(variants)s, r.variant::text) - 1)::int2, coalesce(r.text_id, 0),
       coalesce(r.send_at, {NO_MOMENT}), r.wave, (r.cost * 1000000)::bigint, r.why,
       coalesce(r.consent, 0)
  FROM outreach_plannedsend r WHERE r.plan_id = %(plan)s ORDER BY r.place
"""  # noqa: S608  # one of our own constants


@dataclass(frozen=True, eq=False)
class PlanRows:
    """All rows of a plan, in their order; ``variants`` are what its codes of them stand for."""

    columns: dict[str, npt.NDArray[Any]]
    variants: tuple[str, ...]

    @property
    def is_sent(self) -> npt.NDArray[np.bool_]:
        """Who gets a message."""
        found: npt.NDArray[np.bool_] = self.columns["outcome"] < 2
        return found

    def sha256(self) -> str:
        """Name of the rows: every column as 8 bytes, little end first, row after row."""
        digest = hashlib.sha256("\0".join((*COLUMNS, *self.variants)).encode())
        size = len(self.columns["place"])
        for first in range(0, size, _CHUNK):
            some = slice(first, first + _CHUNK)
            rows = np.zeros(len(self.columns["place"][some]), _HASHED)
            for name in COLUMNS:
                rows[name] = self.columns[name][some].astype(np.int64)
            rows["send_at"][~self.is_sent[some]] = 0
            digest.update(rows.tobytes())
        return digest.hexdigest()


def stored_rows(plan: SendPlan) -> PlanRows:
    """Rows of a plan as they stand in the database."""
    variants = ("", *plan.settings["variants"])
    given = {
        "plan": plan.pk,
        "outcomes": [str(one) for one in OUTCOMES],
        "channels": [one.key for one in Channel],
        "variants": list(variants),
    }
    return PlanRows(read_table(_STORED, given, {**COLUMNS, "wave": "i2"}), variants)


def outcomes_of(found: Decisions) -> npt.NDArray[np.int16]:
    """Codes of what is said of each recipient."""
    table = np.full(len(Reason), OUTCOMES.index(Outcome.FAILED), np.int16)
    for reason, outcome in _BY_REASON.items():
        table[reason] = OUTCOMES.index(outcome)
    codes = table[found.reason]
    codes[found.status == Status.SCHEDULED] = OUTCOMES.index(Outcome.SCHEDULED)
    codes[found.status == Status.QUEUED] = OUTCOMES.index(Outcome.QUEUED)
    return codes


def why_bits(found: Decisions) -> npt.NDArray[np.int32]:
    """What allowed it, four bits each: form, what chose the channel, window, quiet hours."""
    parts = (found.form, found.by, found.window, found.hours)
    bits = sum(part.astype(np.int32) << (4 * place) for place, part in enumerate(parts))
    return np.where(found.channel == NONE, 0, bits).astype(np.int32)
