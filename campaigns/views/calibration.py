"""How far predictions held, for the people who sign on them."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from campaigns.selectors.calibration import calibration_of
from workspaces.pages import PageRequest, page, show
from workspaces.roles import Role


@require_GET
@page(Role.VIEWER)
def calibration(request: PageRequest) -> HttpResponse:
    """Predicted against realised effects, by proposer."""
    context = {
        "title": "Calibration",
        "calibration": calibration_of(workspace=request.workspace),
    }
    return show(request, "campaigns/calibration.html", context)
