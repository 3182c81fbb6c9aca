"""A draft of a test from a recommendation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from attribution.services.funnels.advising import take_up
from experiments.models import ABTest
from experiments.selectors.ideas import idea_told
from experiments.services.drafting import create_draft
from workspaces.gate import Proposer
from workspaces.models import User, Workspace
from workspaces.roles import Role
from workspaces.services.locks import lock_names
from workspaces.services.permissions import require


@transaction.atomic
def draft_of_idea(*, workspace: Workspace, name: str, by: User, now: datetime) -> ABTest:
    """Make a draft with a recommendation as its hypothesis, once; that accepts the recommendation.

    Raises
    ------
    ValidationError : there is no such recommendation
    AdviceError : it was done already
    NotAllowedError : the person is no operator
    """
    proposer = Proposer.person(by)
    require(Role.OPERATOR, by=proposer, workspace=workspace, now=now, what="Making a test")
    told = idea_told(workspace, name)
    if told is None:
        raise ValidationError({"idea": "There is no such recommendation."})
    lock_names([f"idea:{workspace.pk}:{name}"])
    made = ABTest.objects.filter(workspace=workspace, origin=name, archived_at=None).first()
    if made is not None:
        return made
    values: dict[str, Any] = {
        **told.values,
        "variants": [{"name": "As it is"}, {"name": "Changed"}],
    }
    test = create_draft(workspace=workspace, values=values, by=proposer, now=now)
    test.origin = name
    test.save(update_fields=["origin"])
    if told.recommendation is not None:
        take_up(recommendation=told.recommendation, test_key=test.key, by=by, now=now)
    return test
