"""A campaign made step by step; each step is saved, so it can be left and found again."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from experiments.forms import problems_of
from outreach.forms import STEPS, example_steps, read_step
from outreach.models import (
    Audience,
    CampaignStatus,
    CampaignType,
    MessageChannel,
    OutreachCampaign,
    Purpose,
    StepCondition,
    Urgency,
)
from outreach.selectors.builder import (
    PERSONAL_FIELDS,
    audiences_of,
    budget_rows,
    channel_lines,
    look_at,
    mark_of,
    personal_rows,
    priority_rows,
    segments,
    tests_of,
    text_rows,
)
from outreach.selectors.campaign_rules import steps_of
from outreach.selectors.launch_review import review_of
from outreach.selectors.launches import open_launch_of
from outreach.selectors.laws import one_look
from outreach.selectors.text_faults import findings_of
from outreach.services.drafting import create_campaign, edit_campaign
from outreach.views.report import own_campaign
from workspaces.gate import GateError, Proposer
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.roles import Role

_PAGE: Final = "outreach/builder.html"


@page(Role.OPERATOR)
def new(request: PageRequest) -> HttpResponse:
    """Begin a draft."""
    context: dict[str, Any] = {
        "title": "New campaign", "step": "about", "steps": STEPS.items(), "given": request.GET,
        "may_write": True, **_about(),
    }  # fmt: skip
    if request.method != "POST":
        return show(request, _PAGE, context)
    try:
        values = read_step("about", request.POST, request.workspace.zone)
        campaign = create_campaign(
            workspace=request.workspace, values={**values, "channels": [MessageChannel.EMAIL]},
            by=Proposer.person(request.user), now=timezone.now(),
        )  # fmt: skip
    except ValidationError as error:
        context |= {"problems": problems_of(error), "given": request.POST}
        return show(request, _PAGE, context, status=400)
    return redirect("outreach-campaign-edit", campaign.public_id, "audience")


@require_safe
@page(Role.VIEWER)
def edit(request: PageRequest, public_id: UUID, step: str) -> HttpResponse:
    """One step of a campaign; of one that is over, its report."""
    if step not in STEPS:
        raise Http404("There is no such step.")
    campaign = own_campaign(request, public_id)
    if campaign.status == CampaignStatus.COMPLETED:
        return redirect("outreach-campaign", public_id)
    return show(request, _PAGE, _context(request, campaign, step))


@require_POST
@page(Role.OPERATOR)
def save(request: PageRequest, public_id: UUID, step: str) -> HttpResponse:
    """Save a step; it leads to the next."""
    if step not in STEPS or step == "review":
        raise Http404("There is no such step to save.")
    campaign = own_campaign(request, public_id)
    try:
        edit_campaign(
            campaign=campaign, values=_values(request, campaign, step),
            by=Proposer.person(request.user), now=timezone.now(),
            seen=(step, request.POST.get("mark", "")),
        )  # fmt: skip
    except ValidationError as error:
        campaign.refresh_from_db()
        context = _context(request, campaign, step, given=request.POST)
        if getattr(error, "code", "") != "meanwhile":  # who was told of it may save over it
            context["mark"] = request.POST.get("mark", "")
        return show(request, _PAGE, {**context, "problems": problems_of(error)}, status=400)
    except GateError as error:
        messages.error(request, str(error))
        return redirect("outreach-campaign-edit", public_id, step)
    names = list(STEPS)
    stays = "stay" in request.POST or "example" in request.POST
    onward = step if stays else names[names.index(step) + 1]
    return redirect("outreach-campaign-edit", public_id, onward)


def _values(request: PageRequest, campaign: OutreachCampaign, step: str) -> dict[str, Any]:
    if step == "texts" and "example" in request.POST:
        return {"type": CampaignType.SEQUENCE, "steps": example_steps(_first_texts(campaign))}
    return read_step(step, request.POST, request.workspace.zone)


def _first_texts(campaign: OutreachCampaign) -> list[dict[str, str]]:
    """What its first step says now, to be kept."""
    steps = steps_of(campaign)
    texts = steps[0].texts.all() if steps else ()
    return [
        {"channel": one.channel, "variant": one.variant, "template": str(one.template.public_id)}
        for one in texts
    ]


def _context(
    request: PageRequest, campaign: OutreachCampaign, step: str, given: QueryDict | None = None
) -> dict[str, Any]:
    return {
        "title": campaign.name,
        "campaign": campaign,
        "step": step,
        "steps": STEPS.items(),
        "given": given or QueryDict(),
        "may_write": has_role(request, Role.OPERATOR),
        "currency": request.workspace.currency,
        "proposal": open_launch_of(campaign),
        "is_running": campaign.status in (CampaignStatus.ACTIVE, CampaignStatus.PAUSED),
        "mark": mark_of(campaign, step) if step != "review" else "",
        **_of_step(campaign, step, given or QueryDict()),
    }


def _of_step(campaign: OutreachCampaign, step: str, given: QueryDict) -> dict[str, Any]:
    if step == "about":
        return _about()
    if step == "audience":
        return {"audiences": audiences_of(campaign.workspace)}
    if step == "channels":
        return {
            "channel_lines": channel_lines(campaign, given.getlist("channels") if given else None),
            "priority_rows": priority_rows(campaign, given),
            "channels": [one for one in MessageChannel.choices if one[0] in campaign.channels],
        }
    if step == "texts":
        return {
            "text_rows": text_rows(campaign, given), "conditions": StepCondition.choices,
            "segments": segments(), "tests": tests_of(campaign.workspace),
            "personal_rows": personal_rows(campaign, given),
            "personal_fields": PERSONAL_FIELDS,
        }  # fmt: skip
    if step == "limits":
        return {"budget_rows": budget_rows(campaign, given), "zone": str(campaign.workspace.zone)}
    with one_look():
        findings = findings_of(campaign)
        return {"review": review_of(campaign, findings, timezone.now()), "findings": findings}


def _about() -> dict[str, Any]:
    return {
        "types": CampaignType.choices, "purposes": Purpose.choices, "urgencies": Urgency.choices,
    }  # fmt: skip


@require_safe
@page(Role.VIEWER)
def audience(request: PageRequest, public_id: UUID) -> HttpResponse:
    """How many are in an audience now, and whom for example; drawn anew as one chooses."""
    own_campaign(request, public_id)
    rows = Audience.objects.select_related("workspace").filter(workspace=request.workspace)
    try:
        given = request.GET.get("audience", "")
        chosen = rows.filter(public_id=given).first() if given else None
    except ValidationError:
        chosen = None
    context = {"look": look_at(chosen, timezone.now()) if chosen else None}
    return show(request, "outreach/builder/_look.html", context)
