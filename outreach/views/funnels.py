"""Funnels of the social board: made, changed, switched, reported; and what posts allow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from outreach.models import (
    CampaignType,
    EngagementKind,
    OutreachCampaign,
    SocialEngagementFunnel,
    SocialPlatform,
    SocialPost,
)
from outreach.selectors.answers import ANSWERED
from outreach.selectors.funnels import funnel_report, funnels_of, last_days
from outreach.services.social.funnels import (
    archive_funnel,
    change_funnel,
    change_post,
    create_funnel,
    switch_funnel,
)
from workspaces.gate import GateError, Proposer, RequestError
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.roles import Role

_NUMBERS: Final = (
    ("least_interactions", "Interactions in 7 days that are enough by themselves (0: not)"),
    ("least_score", "Least score as an advocate"),
    ("least_followers", "Least followers"),
    ("daily_limit", "People answered a day"),
    ("reply_after_min", "Minutes until the public reply"),
    ("dm_after_min", "Minutes until the message"),
)


@require_http_methods(["GET", "HEAD", "POST"])
@page(Role.OPERATOR)
def new(request: PageRequest) -> HttpResponse:
    """Make a funnel, with the form as it was typed where something is wrong."""
    draft = SocialEngagementFunnel(workspace=request.workspace, platforms=["instagram"])
    if request.method != "POST":
        return _form(request, draft)
    try:
        made = create_funnel(
            workspace=request.workspace, values=_values(request.POST),
            by=Proposer.person(request.user), now=timezone.now(),
        )  # fmt: skip
    except GateError as error:
        return _refused(request, draft, error)
    messages.success(request, f"“{made.name}” is made. It answers nobody until you switch it on.")
    return redirect("social-funnel", made.public_id)


@require_safe
@page(Role.VIEWER)
def funnel(request: PageRequest, public_id: UUID) -> HttpResponse:
    """One funnel: its figures, and its rules to change."""
    return _form(request, _own(request, public_id))


@require_POST
@page(Role.OPERATOR)
def save(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Change its rules, with the form as it was typed where something is wrong."""
    found = _own(request, public_id)
    try:
        change_funnel(
            funnel=found, values=_values(request.POST), by=Proposer.person(request.user),
            now=timezone.now(),
        )  # fmt: skip
    except GateError as error:
        return _refused(request, found, error)
    messages.success(request, f"“{found.name}” is changed.")
    return redirect("social-funnel", public_id)


@require_POST
@page(Role.OPERATOR)
def act(request: PageRequest, public_id: UUID, action: str) -> HttpResponse:
    """Switch a funnel on or off, or put it away."""
    if action not in ("on", "off", "archive"):
        raise Http404("There is no such action.")
    found, by, now = _own(request, public_id), Proposer.person(request.user), timezone.now()
    try:
        if action == "archive":
            archive_funnel(funnel=found, by=by, now=now)
            messages.success(request, f"“{found.name}” is put away.")
            return redirect(f"{reverse('social')}?tab=funnels")
        switch_funnel(funnel=found, is_on=action == "on", by=by, now=now)
        told = "answers what comes from now on" if action == "on" else "answers nothing more"
        messages.success(request, f"“{found.name}” {told}.")
    except GateError as error:
        messages.error(request, str(error))
    return redirect("social-funnel", public_id)


@require_POST
@page(Role.OPERATOR)
def post_switches(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Say what funnels may do below a post."""
    rows = SocialPost.objects.filter(workspace=request.workspace).select_related("workspace")
    given = request.POST
    values = {
        "auto_respond": given.get("auto_respond") == "yes", "funnel": given.get("funnel", ""),
        "keyword_triggers": _lines(given.get("keyword_triggers", "")),
    }  # fmt: skip
    try:
        change_post(
            post=get_object_or_404(rows, public_id=public_id), values=values,
            by=Proposer.person(request.user), now=timezone.now(),
        )  # fmt: skip
        messages.success(request, "What funnels may do below the post is kept.")
    except GateError as error:
        messages.error(request, str(error))
    return redirect("social")


def _own(request: PageRequest, public_id: UUID) -> SocialEngagementFunnel:
    found = funnels_of(request.workspace, is_archived=None).filter(public_id=public_id).first()
    if found is None:
        raise Http404("There is no such funnel.")
    return found


def _lines(text: str) -> list[str]:
    return [one.strip() for one in text.replace(",", "\n").splitlines() if one.strip()]


def _values(given: QueryDict) -> dict[str, Any]:
    """What the form says, as the services take it."""
    return {
        "name": given.get("name", ""),
        "platforms": given.getlist("platforms"),
        "kinds": given.getlist("kinds"),
        "keywords": _lines(given.get("keywords", "")),
        "excluded": _lines(given.get("excluded", "")),
        "public_reply": given.get("public_reply", "").replace("\r\n", "\n"),
        "dm_text": given.get("dm_text", "").replace("\r\n", "\n"),
        "follow_up": given.get("follow_up", ""),
        "needs_approval": given.get("needs_approval") == "yes",
        **{name: given.get(name, "0") for name, _ in _NUMBERS},
    }


def _refused(
    request: PageRequest, funnel: SocialEngagementFunnel, error: GateError
) -> HttpResponse:
    """The form as it was typed, with what is wrong."""
    field = error.field if isinstance(error, RequestError) else ""
    answer = _form(request, funnel, _values(request.POST), str(error), field)
    answer.status_code = error.status if isinstance(error, RequestError) else 422
    return answer


def _form(
    request: PageRequest, funnel: SocialEngagementFunnel,
    typed: Mapping[str, Any] | None = None, error: str = "", field: str = "",
) -> HttpResponse:  # fmt: skip
    workspace = request.workspace
    shown = typed or _shown(funnel)
    context: dict[str, Any] = {
        "title": funnel.name if funnel.pk else "New funnel",
        "funnel": funnel if funnel.pk else None,
        "shown": shown,
        "keywords": "\n".join(shown["keywords"]),
        "excluded": "\n".join(shown["excluded"]),
        "numbers": [(name, label, shown[name]) for name, label in _NUMBERS],
        "networks": [(one.value, one.label, one in shown["platforms"]) for one in ANSWERED],
        "kinds": [(one.value, one.label, one in shown["kinds"]) for one in EngagementKind],
        "sequences": OutreachCampaign.objects.filter(
            workspace=workspace, type=CampaignType.SEQUENCE, archived_at=None
        ).order_by("name"),
        "error": error,
        "field": field.replace("_", " "),
        "may_write": has_role(request, Role.OPERATOR) and funnel.archived_at is None,
        "is_on_linkedin": SocialPlatform.LINKEDIN in shown["platforms"],
    }
    if funnel.pk:
        first, last = last_days(workspace, timezone.now())
        context["report"] = funnel_report(
            workspace=workspace, starts_on=first, ends_on=last, funnel=funnel
        )
    return show(request, "outreach/social/funnel.html", context)


def _shown(funnel: SocialEngagementFunnel) -> dict[str, Any]:
    return {
        "name": funnel.name, "platforms": funnel.platforms, "kinds": funnel.kinds,
        "keywords": funnel.keywords, "excluded": funnel.excluded,
        "public_reply": funnel.public_reply, "dm_text": funnel.dm_text,
        "follow_up": str(funnel.follow_up.public_id) if funnel.follow_up else "",
        "needs_approval": funnel.needs_approval,
        **{name: getattr(funnel, name) for name, _ in _NUMBERS},
    }  # fmt: skip
