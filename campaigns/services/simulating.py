"""The policy simulator: the last weeks' proposals judged again under an edited policy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from campaigns.judging import judge_change
from campaigns.models import AdAccount
from campaigns.selectors.policies import current_policy
from campaigns.services.policy import draft_policy, loosened
from workspaces.gate import Judgement, PlanView
from workspaces.models import Proposal, Workspace

DAYS = 30
MOST = 2000


@dataclass(frozen=True)
class SimulatedRow:
    """One past proposal: its fate, and the verdict of both policies at its own moment."""

    proposal: Proposal
    was: str
    now_standing: str
    would_be: str
    why: str

    @property
    def differs(self) -> bool:
        """Whether the edited policy decides otherwise than the one in force."""
        return self.now_standing != self.would_be


@dataclass(frozen=True)
class Simulation:
    """Counts by verdict under both policies, and the rows behind them."""

    standing: Mapping[str, int]
    edited: Mapping[str, int]
    rows: tuple[SimulatedRow, ...]
    loosens: tuple[str, ...]
    is_cut: bool


def simulate(
    *,
    workspace: Workspace,
    values: Mapping[str, Any],
    now: datetime,
    account: AdAccount | None = None,
    days: int = DAYS,
) -> Simulation:
    """Judge the proposals of the last days again. Writes nothing.

    Each is judged at the moment when it was made; what depends on the state of the entity
    (learning phase, connection) is as it stands today.
    """
    edited = draft_policy(workspace=workspace, values=values, account=account)
    standing = current_policy(workspace=workspace, account=account)
    proposals = list(
        Proposal.objects.filter(
            workspace=workspace, kind="ad_change", created_at__gte=now - timedelta(days=days)
        )
        .select_related("workspace", "current_plan", "ad_change__account")
        .exclude(current_plan=None)
        .order_by("-pk")[: MOST + 1]
    )
    rows = []
    for proposal in proposals[:MOST]:
        plan = proposal.current_plan
        if plan is None or (account and proposal.ad_change.account_id != account.pk):
            continue
        view = PlanView.of(plan, proposal)
        old = judge_change(view, now=proposal.created_at, policy=standing)
        new = judge_change(view, now=proposal.created_at, policy=edited)
        rows.append(
            SimulatedRow(proposal, proposal.status, _fate(old), _fate(new), new.holds or "")
        )
    return Simulation(
        standing=Counter(row.now_standing for row in rows),
        edited=Counter(row.would_be for row in rows),
        rows=tuple(rows),
        loosens=tuple(loosened(standing, edited)),
        is_cut=len(proposals) > MOST,
    )


def _fate(verdict: Judgement) -> str:
    """What a verdict leads to: blocked, deferred, auto_approved, two_signatures, one_signature."""
    if verdict.is_blocked:
        return "blocked"
    if verdict.earliest is not None:
        return "deferred"
    if verdict.policy_may_sign:
        return "auto_approved"
    return "two_signatures" if verdict.signatures > 1 else "one_signature"
