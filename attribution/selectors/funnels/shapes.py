"""What is asked of a funnel, and what its figures look like."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from attribution.models import FunnelDefinition
from campaigns import metrics
from workspaces.periods import Period

DIMENSIONS: Final = ("source", "device", "customer_type", "variant")


@dataclass(frozen=True)
class Filters:
    """Whose attempts count; None is anybody's, an empty text those of whom it is not known."""

    source: str | None = None
    device: str | None = None
    customer_type: str | None = None
    variant: str | None = None  # test:variant

    def as_json(self) -> dict[str, str]:
        """Those that are set."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class FunnelView:
    """A funnel over days of its first step, both included."""

    funnel: FunnelDefinition
    period: Period
    filters: Filters = field(default=Filters())

    @property
    def previous(self) -> FunnelView:
        """As many days before."""
        days = (self.period.until - self.period.since).days + 1
        until = self.period.since - timedelta(days=1)
        return FunnelView(
            self.funnel, Period(until - timedelta(days=days - 1), until), self.filters
        )

    @property
    def n_steps(self) -> int:
        """How many steps there are."""
        return len(self.funnel.step_names)


@dataclass(frozen=True)
class StepBar:
    """One step: who reached it, from where, and how long that took."""

    number: int
    name: str
    reached: int
    rate_from_previous: float | None
    rate_from_first: float | None
    dropped: int
    drop_off: float | None
    median_seconds: float | None
    p90_seconds: float | None


@dataclass(frozen=True)
class Bars:
    """All steps, and what they came to."""

    steps: tuple[StepBar, ...]
    revenue: Decimal
    median_seconds: float | None  # from the first step to the last
    p90_seconds: float | None

    @property
    def entered(self) -> int:
        """People at the first step."""
        return self.steps[0].reached

    @property
    def completed(self) -> int:
        """People at the last step."""
        return self.steps[-1].reached

    @property
    def rate(self) -> float | None:
        """Share that got from the first step to the last."""
        return share(self.completed, self.entered)

    @property
    def average_order_value(self) -> Decimal | None:
        """Money per person who completed."""
        return metrics.average_order_value(self.revenue, self.completed)

    @property
    def worst(self) -> StepBar | None:
        """The step that loses the largest share on the way to it."""
        lossy = [step for step in self.steps[1:] if step.drop_off is not None]
        return max(lossy, key=lambda step: (step.drop_off, -step.number), default=None)


@dataclass(frozen=True)
class Line:
    """One day, or one key of a breakdown."""

    key: str
    entered: int
    completed: int
    revenue: Decimal
    reached: tuple[int, ...]

    @property
    def rate(self) -> float | None:
        """Share that got from the first step to the last."""
        return share(self.completed, self.entered)


@dataclass(frozen=True)
class TimeBar:
    """How many took up to so many seconds, and more than the bar before; None: longer."""

    up_to_seconds: int | None
    people: int


@dataclass(frozen=True)
class Walker:
    """Somebody behind a bar."""

    visitor_key: UUID
    visitor: UUID | None
    person: UUID | None
    level: int
    started_at: datetime
    seconds: float
    value: Decimal | None
    source: str
    device: str
    customer_type: str


def share(part: int, whole: int) -> float | None:
    """Part of a whole, None of nothing."""
    return part / whole if whole else None
