"""The rule of every running test, applied to its newest sums: proposed, paused or ended."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet

from experiments.models import (
    OPEN_ROLL_OUTS,
    ABTest,
    ABTestChange,
    ABTestStatus,
    EndReason,
    Operation,
    RollOut,
)
from experiments.selectors.proposals import KIND, open_proposal_of
from experiments.selectors.results import Results, results_of
from experiments.selectors.rules import policy_of
from experiments.selectors.wording import decision_words
from experiments.services.rolling import RULE, step_on, tell, watch
from experiments.services.running import pause_test, stop_test
from workspaces.gate import GateError
from workspaces.models import Proposal, Status, Workspace
from workspaces.services.proposing import propose

logger = logging.getLogger(__name__)

#: What a person turned down is not asked for again within this.
_PATIENCE: Final = timedelta(days=7)


def running_tests(workspace: Workspace) -> QuerySet[ABTest]:
    """Tests that the rule is applied to; roll-outs are watched in their own way."""
    return (
        ABTest.objects.filter(
            workspace=workspace, status=ABTestStatus.RUNNING, is_imported=False, roll_out=None
        )
        .select_related("workspace", "layer", "winner")
        .order_by("pk")
    )


def decide_test(*, test: ABTest, now: datetime) -> str:
    """Do what the rule says of one test; returns what was done, in one word, or nothing.

    Harm pauses at once, as it was signed; a test whose time is up ends, since nothing changes by
    that. To roll a winner out, and to give up before the time, a person signs.
    """
    results = results_of(test, now)
    action = results.decision.action if results.decision else ""
    if action == "gated":
        tell(test.workspace, test, "Split is off", decision_words(results), now)
        return "gated"
    if action == "stop_harm":
        return _pause(test, results, now)
    if _is_over(results):
        return _end(test, results, now)
    if action in ("ship", "stop_futility"):
        return _propose(test, results, now)
    return ""


def _is_over(results: Results) -> bool:
    """Whether it has run for as long as it may, without a winner."""
    if results.decision is None or results.days < results.rule.max_days:
        return False
    return results.decision.action in ("stop_time_up", "stop_futility")


@transaction.atomic
def _end(test: ABTest, results: Results, now: datetime) -> str:
    words = decision_words(results)
    stop_test(test=test, by=RULE, reason=words, now=now, why=EndReason.TIME_UP)
    tell(test.workspace, test, "Its time is up", words, now)
    return "ended"


# In one transaction: what is paused is looked at no more, so a worker that died in between would
# leave it without a proposal, and nobody told.
@transaction.atomic
def _pause(test: ABTest, results: Results, now: datetime) -> str:
    words = decision_words(results)
    pause_test(test=test, by=RULE, reason=words, now=now)
    request = {**_named(test), "operation": str(Operation.STOP), "why": str(EndReason.HARM)}
    _ask(test, request, words, now)
    tell(test.workspace, test, "Paused for harm", words, now)
    return "paused"


def _propose(test: ABTest, results: Results, now: datetime) -> str:
    """Propose once; figures that moved on are read when it is judged."""
    if not policy_of(test.workspace).proposes_by_itself or results.decision is None:
        return ""
    request = {**_named(test)}
    if results.decision.action == "ship":
        request |= {"operation": str(Operation.ROLL_OUT), "variant": results.decision.variant or ""}
    else:
        request |= {"operation": str(Operation.STOP), "why": str(EndReason.FUTILITY)}
    if _stands(test, request) or _was_turned_down(test, request, now):
        return ""
    return "proposed" if _ask(test, request, decision_words(results), now) else ""


def _named(test: ABTest) -> dict[str, Any]:
    return {"test": str(test.public_id)}


def _stands(test: ABTest, request: dict[str, Any]) -> bool:
    """Whether the same is open already."""
    standing = open_proposal_of(test)
    return standing is not None and standing.request == request


def _was_turned_down(test: ABTest, request: dict[str, Any], now: datetime) -> bool:
    return Proposal.objects.filter(
        pk__in=ABTestChange.objects.filter(test=test).values("proposal"),
        status__in=[Status.REJECTED, Status.CANCELLED],
        decided_at__gt=now - _PATIENCE,
        request=request,
    ).exists()


def _ask(test: ABTest, request: dict[str, Any], words: str, now: datetime) -> Proposal | None:
    try:
        return propose(
            workspace=test.workspace, kind=KIND, request=request, proposer=RULE, reason=words,
            now=now,
        )  # fmt: skip
    except GateError as error:
        # A person's proposal, or one that is signed, goes first.
        logger.info("not proposed", extra={"test": test.pk, "why": str(error)})
        return None


def watch_roll_outs(*, workspace: Workspace, now: datetime) -> dict[str, int]:
    """Look after all roll-outs of a workspace: pause, measure, and go on to the next step."""
    counts = {"paused": 0, "measured": 0, "steps": 0}
    rows = RollOut.objects.filter(workspace=workspace, state__in=OPEN_ROLL_OUTS).order_by("pk")
    for pk in list(rows.values_list("pk", flat=True)):
        if done := watch(roll_out_id=pk, now=now):
            counts[done] += 1
        counts["steps"] += step_on(roll_out_id=pk, now=now)
    return counts
