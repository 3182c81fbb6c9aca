"""Pictures of the ML dashboards as answers, the same for pages and the API."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response

from mlops.models import MLDashboard, Theme
from mlops.selectors.boards import Board, picture_of
from workspaces.models import Workspace

_NONE_YET = "There is no chart yet: it is drawn by the next sync that finds days of ads."


def picture_answer(request: HttpRequest, workspace: Workspace, board: Board) -> HttpResponse:
    """The stored chart for the theme asked for; 304 where the caller holds it already.

    Raises
    ------
    Http404 : nothing is drawn yet
    """
    theme = Theme.DARK if request.GET.get("theme") == Theme.DARK else Theme.LIGHT
    found = picture_of(workspace, board, theme)
    if found is None:
        raise Http404(_NONE_YET)
    answer = get_conditional_response(request, etag=f'"{found.sha256}"')
    if answer is None:
        data = MLDashboard.objects.values_list("data", flat=True).get(pk=found.pk)
        answer = HttpResponse(bytes(data), content_type="image/png")
        answer["ETag"] = f'"{found.sha256}"'
    # One that is asked for by its checksum never changes; any other is asked for anew.
    is_fixed = request.GET.get("v") == found.sha256
    answer["Cache-Control"] = f"private, {'max-age=86400, immutable' if is_fixed else 'no-cache'}"
    answer["Vary"] = "Cookie, Authorization"
    return answer
