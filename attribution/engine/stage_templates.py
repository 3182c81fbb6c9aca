"""Stage values to start from."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from attribution.engine.synthetic_revenue import Outcome, Stage, StageValues


def _stage(row: tuple[str, str, int, str, str], order: int, outcome: Outcome = "open") -> Stage:
    key, label, value, confidence, description = row
    return Stage(key, label, order, Decimal(value), Decimal(confidence), description, outcome)


def _values(stages: tuple[Stage, ...], deal: int, cycle_days: int, win_rate: str) -> StageValues:
    return StageValues(stages, Decimal(deal), Decimal(cycle_days), Decimal(win_rate))


TEMPLATES: Final[dict[str, StageValues]] = {
    "ptd_fitness": _values(
        (
            _stage(("lead", "Lead", 0, "0.10", "Left contact details."), 1),
            _stage(
                ("appointment_scheduled", "Appointment scheduled", 2250, "0.60",
                 "Agreed to a first session."), 2,
            ),
            _stage(("show_up", "Show-up", 9000, "0.85", "Came to the first session."), 3),
            _stage(("closed_won", "Closed won", 15000, "1.00", "Signed."), 4, "won"),
            _stage(("closed_lost", "Closed lost", 0, "1.00", "Will not sign."), 5, "lost"),
        ),
        15000, 6, "0.60",
    ),
    "ecommerce": _values(
        (
            _stage(("add_to_cart", "Add to cart", 15, "0.25", "Put something in the cart."), 1),
            _stage(
                ("initiated_checkout", "Initiated checkout", 45, "0.75", "Started to pay."), 2
            ),
            _stage(("purchase", "Purchase", 60, "1.00", "Paid."), 3, "won"),
        ),
        60, 0, "0.75",
    ),
    "b2b_saas": _values(
        (
            _stage(
                ("marketing_qualified_lead", "Marketing qualified lead", 100, "0.05",
                 "Fits the profile."), 1,
            ),
            _stage(
                ("sales_qualified_lead", "Sales qualified lead", 2000, "0.20",
                 "Sales talked to them."), 2,
            ),
            _stage(("demo_scheduled", "Demo scheduled", 3500, "0.35", "Booked a demo."), 3),
            _stage(("proposal_sent", "Proposal sent", 6000, "0.60", "Has an offer."), 4),
            _stage(("closed_won", "Closed won", 10000, "1.00", "Signed."), 5, "won"),
        ),
        10000, 45, "0.20",
    ),
}  # fmt: skip
