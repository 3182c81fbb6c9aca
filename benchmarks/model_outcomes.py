"""What a benchmark of models found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """One measure of one model, beside its baselines and its goal."""

    data: str
    measure: str
    found: str
    baselines: str
    goal: str
    is_met: bool

    def line(self) -> str:
        """The row of the table."""
        cells = (self.data, self.measure, self.found, self.baselines or "–", self.goal)
        met = "–" if self.goal == "–" else "yes" if self.is_met else "**no**"
        return f"| {' | '.join(cells)} | {met} |"
