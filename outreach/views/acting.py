"""What is done with a campaign: planned, launched, paused, resumed, stopped, copied, archived."""

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

from experiments.forms import problems_of
from outreach.models import OutreachCampaign
from outreach.services.drafting import archive_campaign, copy_campaign, restore_campaign
from outreach.services.life import (
    launch_campaign,
    pause_campaign,
    resume_campaign,
    stop_campaign,
)
from outreach.services.planning.making import plan_campaign
from outreach.services.texts.trying_subjects import draft_subject_test
from outreach.views.report import own_campaign
from workspaces.gate import GateError, Proposer
from workspaces.models import Proposal, Status
from workspaces.pages import PageRequest, page
from workspaces.roles import Role

#: What was done, in a sentence, and where to go on; empty: the campaign's page.
Done = tuple[str, str]
_Act = Callable[[PageRequest, OutreachCampaign, Proposer, datetime], Done]


@require_POST
@page(Role.OPERATOR)
def act(request: PageRequest, public_id: UUID, action: str) -> HttpResponse:
    """Do one thing with a campaign; refusals are said on its page."""
    if action not in _ACTS:
        raise Http404("There is no such action.")
    campaign = own_campaign(request, public_id)
    onward = reverse("outreach-campaign", args=[public_id])
    try:
        told, there = _ACTS[action](
            request, campaign, Proposer.person(request.user), timezone.now()
        )
        messages.success(request, told)
        onward = there or onward
    except GateError as error:
        messages.error(request, str(error))
    except ValidationError as error:
        messages.error(request, " ".join(problems_of(error)))
    return redirect(onward)


def _reason(request: PageRequest) -> str:
    return request.POST.get("reason", "").replace("\x00", "")[:300]


def _review(campaign: OutreachCampaign) -> str:
    return reverse("outreach-campaign-edit", args=[campaign.public_id, "review"])


def _plan(request: PageRequest, campaign: OutreachCampaign, by: Proposer, now: datetime) -> Done:
    plan = plan_campaign(campaign=campaign, by=by, now=now)
    if plan.made_at is None:
        return "The plan is being made; this page shows it once it is there.", _review(campaign)
    people = "1 person gets it" if plan.recipients == 1 else f"{plan.recipients:,} people get it"
    return f"Plan {plan.number} is made: {people}.", _review(campaign)


def _launch(request: PageRequest, campaign: OutreachCampaign, by: Proposer, now: datetime) -> Done:
    proposal = launch_campaign(campaign=campaign, by=by, now=now, reason=_reason(request))
    return _told(proposal, campaign)


def _told(proposal: Proposal, campaign: OutreachCampaign) -> Done:
    if proposal.status == Status.PENDING:
        page_of = reverse("approvals-proposal", args=[proposal.public_id])
        return f"“{campaign.name}” waits for a signature.", page_of
    return f"“{campaign.name}” was signed by policy: it goes out.", ""


def _resume(request: PageRequest, campaign: OutreachCampaign, by: Proposer, now: datetime) -> Done:
    proposal = resume_campaign(campaign=campaign, by=by, reason=_reason(request), now=now)
    return _told(proposal, campaign)


def _pause(request: PageRequest, campaign: OutreachCampaign, by: Proposer, now: datetime) -> Done:
    pause_campaign(campaign=campaign, by=by, reason=_reason(request), now=now)
    return "Paused: nothing more of it is sent until somebody signs that it goes on.", ""


def _stop(request: PageRequest, campaign: OutreachCampaign, by: Proposer, now: datetime) -> Done:
    stop_campaign(campaign=campaign, by=by, reason=_reason(request), now=now)
    return "Stopped: what was not sent yet stays unsent.", ""


def _copy(request: PageRequest, campaign: OutreachCampaign, by: Proposer, now: datetime) -> Done:
    made = copy_campaign(campaign=campaign, by=by, now=now)
    return f"“{made.name}” is a draft.", reverse(
        "outreach-campaign-edit", args=[made.public_id, "about"]
    )


def _archive(request: PageRequest, campaign: OutreachCampaign, by: Proposer, now: datetime) -> Done:
    archive_campaign(campaign=campaign, by=by, now=now)
    return f"“{campaign.name}” is archived.", reverse("outreach-campaigns")


def _test_subject(
    request: PageRequest, campaign: OutreachCampaign, by: Proposer, now: datetime
) -> Done:
    subject = request.POST.get("subject", "").replace("\x00", "")
    test = draft_subject_test(campaign=campaign, subject=subject, by=by, now=now)
    told = f"“{test.name}” is a draft; start it before the campaign is sent."
    return told, reverse("experiment-edit", args=[test.public_id, "idea"])


def _restore(request: PageRequest, campaign: OutreachCampaign, by: Proposer, now: datetime) -> Done:
    restore_campaign(campaign=campaign, by=by, now=now)
    return f"“{campaign.name}” is back in the lists.", ""


_ACTS: Final[Mapping[str, _Act]] = MappingProxyType(
    {
        "plan": _plan,
        "launch": _launch,
        "resume": _resume,
        "pause": _pause,
        "stop": _stop,
        "copy": _copy,
        "archive": _archive,
        "restore": _restore,
        "test-subject": _test_subject,
    }
)
