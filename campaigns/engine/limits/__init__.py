"""Safety limits of an ad change, as plain arithmetic.

Every check takes facts and the policy and returns a frozen `Check`. Nothing here reads
a clock, a database or a platform, so the same functions serve the proposal, the claim,
the last look before a call, and the simulator that replays history under another policy.
"""

from campaigns.engine.limits.approval import (
    Risk,
    RiskLevel,
    auto_approve,
    risk,
    signatures_required,
)
from campaigns.engine.limits.base import (
    BlackoutWindow,
    Change,
    ChangeType,
    Check,
    Limits,
    Verdict,
)
from campaigns.engine.limits.calendar import blackout, next_free_moment, next_local_midnight
from campaigns.engine.limits.pace import (
    BudgetOwner,
    PastChange,
    first_moment_for,
    platform_rate,
    rate,
    velocity,
    velocity_range,
)
from campaigns.engine.limits.state import bounds, drift, freshness, ignorance, learning
from campaigns.engine.limits.steps import Step, draw_fuzz, draw_jitter_ms, step_allowed

__all__ = [
    "BlackoutWindow",
    "BudgetOwner",
    "Change",
    "ChangeType",
    "Check",
    "Limits",
    "PastChange",
    "Risk",
    "RiskLevel",
    "Step",
    "Verdict",
    "auto_approve",
    "blackout",
    "bounds",
    "draw_fuzz",
    "draw_jitter_ms",
    "drift",
    "first_moment_for",
    "freshness",
    "ignorance",
    "learning",
    "next_free_moment",
    "next_local_midnight",
    "platform_rate",
    "rate",
    "risk",
    "signatures_required",
    "step_allowed",
    "velocity",
    "velocity_range",
]
