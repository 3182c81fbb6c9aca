"""Rules of a workspace read once for a page, and anew for everything else."""

from __future__ import annotations

from typing import Any

import pytest

from outreach.models import OutreachPolicy
from outreach.selectors.laws import one_look, outreach_policy_of
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db


def test_within_one_look_rules_are_read_once(
    workspace: Workspace, other_workspace: Workspace, django_assert_num_queries: Any
) -> None:
    OutreachPolicy.objects.create(workspace=workspace, postal_address="1 Main Street")

    with django_assert_num_queries(2), one_look():
        found = [outreach_policy_of(one) for one in (workspace, other_workspace, workspace)]

    assert [one.postal_address for one in found] == ["1 Main Street", "", "1 Main Street"]


def test_after_a_look_they_are_read_anew(workspace: Workspace) -> None:
    OutreachPolicy.objects.create(workspace=workspace, postal_address="1 Main Street")
    with one_look():
        outreach_policy_of(workspace)
    OutreachPolicy.objects.update(postal_address="2 Main Street")

    assert outreach_policy_of(workspace).postal_address == "2 Main Street"
