"""From a recommendation to a draft of a test."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from experiments.forms import problems_of
from experiments.selectors.ideas import idea_told
from experiments.services.ideas import draft_of_idea
from workspaces.pages import PageRequest, page
from workspaces.roles import Role
from workspaces.services.refusals import RefusedError


@require_POST
@page(Role.OPERATOR)
def take_up(request: PageRequest) -> HttpResponse:
    """Make a draft of a recommendation, or go to the one that was made."""
    name = request.POST.get("idea", "")
    told = idea_told(request.workspace, name)
    if told is None:
        raise Http404("There is no such recommendation.")
    try:
        test = draft_of_idea(
            workspace=request.workspace, name=name, by=request.user, now=timezone.now()
        )
    except (RefusedError, ValidationError) as error:
        words = problems_of(error) if isinstance(error, ValidationError) else [str(error)]
        messages.error(request, " ".join(words))
        return redirect(told.url)
    messages.success(request, "A draft with this recommendation as its hypothesis.")
    return redirect("experiment-edit", test.public_id, "idea")
