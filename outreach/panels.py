"""How sends and answers look in the queue."""

from __future__ import annotations

from outreach.models import LaunchOperation
from outreach.selectors.answer_page import answer_context
from outreach.selectors.answers import KIND as ANSWER
from outreach.selectors.launch_page import launch_context
from outreach.selectors.launches import KIND
from workspaces.formats import money
from workspaces.models import Proposal
from workspaces.panels import KindPanel

_SENDS = (LaunchOperation.LAUNCH, LaunchOperation.CHANGE)


def stake_of(proposal: Proposal) -> str:
    """How many people a send reaches and what it costs in all; nothing of a stop."""
    plan = proposal.current_plan
    body = plan.content if plan else {}
    if body.get("operation") not in _SENDS or proposal.money_at_stake is None:
        return ""
    count = body["recipients"]
    people = "1 person" if count == 1 else f"{count:,} people"
    return f"{people} · {money(proposal.money_at_stake, proposal.workspace.currency)}"


LAUNCH_PANEL = KindPanel(kind=KIND, context=launch_context, stake=stake_of)
ANSWER_PANEL = KindPanel(kind=ANSWER, context=answer_context)
