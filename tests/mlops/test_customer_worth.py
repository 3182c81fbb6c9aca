"""What models say of people, for those who answer them."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from attribution.models import Identifier, Person
from inbox.selectors.worth import Worth
from mlops.selectors.customer_worth import CHURN_FROM, LTV_FROM, predicted_worth
from tests.mlops.registry.steps import champion
from tests.mlops.watch.steps import installs_of, score, version_of
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 9, 15, 10, 0, tzinfo=UTC)


def test_champions_speak_of_people_by_all_that_they_are_known_by(
    workspace: Workspace, other_workspace: Workspace
) -> None:
    person = Person.objects.create(workspace=workspace)
    merged = Person.objects.create(workspace=workspace, root=person)
    other = Person.objects.create(workspace=workspace)
    for who, value in ((person, "u00000"), (merged, "u00001"), (other, "u00002")):
        Identifier.objects.create(
            workspace=workspace, person=who, kind="user_id", value=value, first_seen_at=NOW
        )
    installs = installs_of(workspace, 3, NOW.date())
    for name, said in (("ltv", [10, 5, 7]), ("churn", [0.2, 0.6, 0.1])):
        version = version_of(workspace, NOW, name=name)
        score(version, installs, np.array(said), [None] * 3)
        roots = [person.pk, other.pk]
        if name == "ltv":
            # A challenger says nothing.
            assert predicted_worth(workspace.pk, roots) == {}
        champion(version, NOW)

    found = predicted_worth(workspace.pk, roots)
    assert found == {
        person.pk: Worth(15, LTV_FROM, 0.6, CHURN_FROM),
        other.pk: Worth(7, LTV_FROM, 0.1, CHURN_FROM),
    }
    assert predicted_worth(other_workspace.pk, roots) == {}
