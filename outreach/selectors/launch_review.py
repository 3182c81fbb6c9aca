"""The last step before a launch: the newest plan, what speaks against it, who has to sign."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from outreach.models import OutreachCampaign, PlanStatus, SendPlan
from outreach.selectors.campaign_rules import settings_of, settings_sha256
from outreach.selectors.launch_needs import Sending, needs_of
from outreach.selectors.plan_diff import PlanDiff, diff_of
from outreach.selectors.text_faults import TextFinding
from workspaces.gate import CheckResult, Json

_MEASURES: Final = ("delivered", "opened", "clicked", "complained")
_OF_EACH: Final = ("mean", "low", "high")


@dataclass(frozen=True)
class Expected:
    """What a plan should bring, with its interval."""

    label: str
    middle: int
    low: int
    high: int


@dataclass(frozen=True)
class Review:
    """The newest plan of a campaign as somebody who launches it sees it."""

    plan: SendPlan
    is_old: bool = False
    diff: PlanDiff | None = None
    needs: tuple[str, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    expected: tuple[Expected, ...] = ()
    findings: tuple[TextFinding, ...] = ()

    @property
    def is_blocked(self) -> bool:
        """Whether a check or an error in a text keeps it from being launched."""
        has_errors = any(one.is_error for one in self.findings)
        return has_errors or any(one.verdict == "blocked" for one in self.checks)

    @property
    def can_launch(self) -> bool:
        """Whether it can be asked for as it is."""
        is_ready = self.plan.status == PlanStatus.READY and not self.is_old
        return is_ready and bool(self.plan.recipients) and not self.is_blocked


def newest_plan(campaign: OutreachCampaign) -> SendPlan | None:
    """The plan that was made last, whatever became of it."""
    rows = SendPlan.objects.filter(campaign=campaign, follows=None)
    return rows.exclude(status=PlanStatus.SUPERSEDED).order_by("-number").first()


def review_of(
    campaign: OutreachCampaign, findings: Iterable[TextFinding], now: datetime
) -> Review | None:
    """Look at the newest plan and what is wrong with its texts; ``None`` where none was made."""
    plan = newest_plan(campaign)
    if plan is None:
        return None
    plan.campaign, plan.workspace = campaign, campaign.workspace
    if plan.made_at is None:
        return Review(plan)
    is_old = settings_sha256(settings_of(campaign)) != settings_sha256(plan.settings)
    return Review(
        plan, is_old, diff_of(plan), tuple(needs_of(plan, now)),
        tuple(Sending(plan, now).checks()), expected_of(plan.expected), tuple(findings),
    )  # fmt: skip


def expected_of(document: Json) -> tuple[Expected, ...]:
    """What a plan's forecast says, as far as it says something."""
    total = document.get("total", {})
    return tuple(
        Expected(name.capitalize(), *(round(float(total[name][one])) for one in _OF_EACH))
        for name in _MEASURES
        if name in total
    )
