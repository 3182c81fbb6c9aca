"""What is done with a test: started, paused, resumed, stopped, re-shared, rolled out, copied."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from experiments.forms import problems_of, share_of
from experiments.models import OPEN_ROLL_OUTS, ABTest, RollOut
from experiments.selectors.proposals import KIND
from experiments.services.drafting import archive_test, copy_test
from experiments.services.rolling import finish_roll_out, pause_roll_out, resume_roll_out
from experiments.services.running import (
    change_shares,
    pause_test,
    resume_test,
    start_test,
    stop_test,
)
from experiments.views.live import own_test
from workspaces.gate import GateError, Proposer, StateError
from workspaces.models import Proposal
from workspaces.pages import PageRequest, page
from workspaces.roles import Role
from workspaces.services.proposing import propose

#: What was done, in a sentence, and where to go on; empty: the test's page.
Done = tuple[str, str]
_Act = Callable[[PageRequest, ABTest, Proposer, datetime], Done]


@require_POST
@page(Role.OPERATOR)
def act(request: PageRequest, public_id: UUID, action: str) -> HttpResponse:
    """Do one thing with a test; refusals are said on its page."""
    if action not in _ACTS:
        raise Http404("There is no such action.")
    test = own_test(request, public_id)
    onward = reverse("experiment", args=[public_id])
    try:
        told, there = _ACTS[action](request, test, Proposer.person(request.user), timezone.now())
        messages.success(request, told)
        onward = there or onward
    except GateError as error:
        messages.error(request, str(error))
    except ValidationError as error:
        messages.error(request, " ".join(problems_of(error)))
    return redirect(onward)


def _reason(request: PageRequest) -> str:
    return request.POST.get("reason", "")


def _start(request: PageRequest, test: ABTest, by: Proposer, now: datetime) -> Done:
    proposal = start_test(test=test, by=by, now=now, reason=_reason(request))
    if proposal is None:
        return f"“{test.name}” runs.", ""
    return f"“{test.name}” waits for a signature.", _page_of(proposal)


def _page_of(proposal: Proposal) -> str:
    return reverse("approvals-proposal", args=[proposal.public_id])


def _pause(request: PageRequest, test: ABTest, by: Proposer, now: datetime) -> Done:
    pause_test(test=test, by=by, reason=_reason(request), now=now)
    return "Paused: everybody sees the control.", ""


def _resume(request: PageRequest, test: ABTest, by: Proposer, now: datetime) -> Done:
    resume_test(test=test, by=by, now=now, reason=_reason(request))
    return "It runs again.", ""


def _stop(request: PageRequest, test: ABTest, by: Proposer, now: datetime) -> Done:
    stop_test(test=test, by=by, reason=_reason(request), now=now)
    return "Stopped: the control stays.", ""


def _shares(request: PageRequest, test: ABTest, by: Proposer, now: datetime) -> Done:
    weights = {
        one.key: share_of(request.POST, f"weight-{one.key}", one.weight / 100)
        for one in test.variants.all()
    }
    is_same = all(one.weight == weights[one.key] for one in test.variants.all())
    change_shares(
        test=test, by=by, reason=_reason(request), now=now,
        traffic=share_of(request.POST, "traffic", test.traffic / 100),
        weights=None if is_same else weights,
    )  # fmt: skip
    return "New shares hold from now on; whoever met a variant keeps it.", ""


def _declare(request: PageRequest, test: ABTest, by: Proposer, now: datetime) -> Done:
    asked = {
        "test": str(test.public_id),
        "operation": "roll_out",
        "variant": request.POST.get("variant", ""),
    }
    reason = _reason(request).strip() or f"Roll out the winner of “{test.name}”."
    return "Proposed: another person signs.", _page_of(_propose(test, asked, by, reason, now))


def _take_back(request: PageRequest, test: ABTest, by: Proposer, now: datetime) -> Done:
    asked = {"test": str(test.public_id), "operation": "revert"}
    reason = _reason(request).strip() or f"Take the roll-out of “{test.name}” back."
    return "Proposed: another person signs.", _page_of(_propose(test, asked, by, reason, now))


def _propose(
    test: ABTest, asked: dict[str, str], by: Proposer, reason: str, now: datetime
) -> Proposal:
    return propose(
        workspace=test.workspace, kind=KIND, request=asked, proposer=by, reason=reason, now=now
    )


def _open_roll_out(test: ABTest) -> RollOut:
    row = RollOut.objects.filter(test=test, state__in=OPEN_ROLL_OUTS).first()
    if row is None:
        raise StateError("Nothing of this test is being rolled out.")
    return row


def _roll_out_pause(request: PageRequest, test: ABTest, by: Proposer, now: datetime) -> Done:
    pause_roll_out(roll_out=_open_roll_out(test), by=by, reason=_reason(request), now=now)
    return "Paused: everybody sees the control.", ""


def _roll_out_resume(request: PageRequest, test: ABTest, by: Proposer, now: datetime) -> Done:
    resume_roll_out(roll_out=_open_roll_out(test), by=by, reason=_reason(request), now=now)
    return "The roll-out goes on.", ""


def _roll_out_finish(request: PageRequest, test: ABTest, by: Proposer, now: datetime) -> Done:
    finish_roll_out(roll_out=_open_roll_out(test), by=by, now=now)
    return "Finished: pages no longer ask for it.", ""


def _copy(request: PageRequest, test: ABTest, by: Proposer, now: datetime) -> Done:
    made = copy_test(test=test, by=by, now=now)
    return f"“{made.name}” is a draft.", reverse("experiment-edit", args=[made.public_id, "idea"])


def _archive(request: PageRequest, test: ABTest, by: Proposer, now: datetime) -> Done:
    archive_test(test=test, by=by, now=now)
    return f"“{test.name}” is archived.", reverse("experiments")


_ACTS: Final[Mapping[str, _Act]] = MappingProxyType(
    {
        "start": _start,
        "pause": _pause,
        "resume": _resume,
        "stop": _stop,
        "shares": _shares,
        "declare": _declare,
        "take-back": _take_back,
        "roll-out-pause": _roll_out_pause,
        "roll-out-resume": _roll_out_resume,
        "roll-out-finish": _roll_out_finish,
        "copy": _copy,
        "archive": _archive,
    }
)
