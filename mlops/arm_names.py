"""Arms by the names that callers use: an arm of an earlier draw, our ids, or the platform's."""

from __future__ import annotations

from campaigns.models import Ad, AdSet, Campaign, ChangeType
from campaigns.selectors.lookup import AmbiguousIdError, find_entity
from campaigns.selectors.subjects import subject_of
from mlops.models import SamplerDecision
from workspaces.gate import RequestError
from workspaces.models import Workspace

_OWNERS_FIRST: tuple[type[AdSet] | type[Campaign] | type[Ad], ...] = (AdSet, Campaign, Ad)


def arm_of(*, workspace: Workspace, given: str, field: str = "ad_id") -> str:
    """Return the arm that ``given`` means; an ad stands for the owner of its budget.

    Raises
    ------
    RequestError : nothing in the workspace has that name
    AmbiguousIdError : several accounts know the id
    """
    if SamplerDecision.objects.filter(workspace=workspace, arm=given).exists():
        return given
    for model in _OWNERS_FIRST:
        try:
            found = find_entity(model, workspace=workspace, given=given, field=field)
        except AmbiguousIdError:
            raise
        except RequestError:
            continue
        return subject_of(budget_owner(found), ChangeType.BUDGET).key
    raise RequestError(
        field, f"There is no ad, ad set or campaign {given!r}, and no draw had an arm of that name."
    )


def budget_owner(entity: AdSet | Campaign | Ad) -> AdSet | Campaign:
    """Climb to what owns the budget."""
    if isinstance(entity, Ad):
        return budget_owner(entity.ad_set) if entity.ad_set else entity.campaign
    if isinstance(entity, AdSet) and entity.daily_budget is None and not entity.lifetime_budget:
        return entity.campaign
    return entity
