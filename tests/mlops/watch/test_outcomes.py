"""What became of those who were scored, and what new users are expected to be worth."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from attribution.models import AppCohort, UserInstall
from attribution.selectors.growth.value import predicted_value
from mlops.models import ScoreDay
from mlops.services.watch.outcomes import learn_outcomes
from mlops.services.watch.scoring import forget_scores, score_users
from tests.mlops.registry.steps import champion
from tests.mlops.watch.steps import DAY, installs_of, score, version_of
from workspaces.periods import Period

SINCE = date(2026, 4, 1)


@pytest.fixture
def serving(workspace, approver, now):
    """A model of value that serves."""
    version = version_of(workspace, now, name="ltv")
    champion(version, now, approver)
    return version


def test_value_is_known_once_it_is_counted_and_stays(serving, workspace):
    installs = installs_of(workspace, 4, SINCE)
    score(serving, installs, np.ones(4), [None] * 4)
    for install, later in zip(installs, (30, 5, None), strict=False):
        values = {"ltv_7_days": 10, "ltv_180_days": later}
        UserInstall.objects.filter(pk=install.pk).update(**values)

    learnt = learn_outcomes(version=serving, until=SINCE + 2 * DAY)

    outcomes = serving.userscores.order_by("install_id").values_list("outcome", flat=True)
    # Below nothing is nothing: a refund takes no more than what came after the first week.
    assert (learnt, list(outcomes)) == (2, [20.0, 0.0, None, None])
    UserInstall.objects.filter(pk=installs[0].pk).update(ltv_180_days=99)
    assert learn_outcomes(version=serving, until=SINCE + 2 * DAY) == 0


def test_scores_of_what_was_put_away_long_ago_are_forgotten(serving, workspace, now):
    version = version_of(workspace, now, name="ltv")
    installs = installs_of(workspace, 2, SINCE)
    for own in (serving, version):
        score(own, installs, np.ones(2), [None] * 2)
        ScoreDay.objects.create(workspace=workspace, version=own, began_on=SINCE, users=2, total=2)
    rows = type(version).objects.filter(pk=version.pk)
    rows.update(stage="archived", archived_at=now - 89 * DAY)
    assert forget_scores(workspace=workspace, now=now) == 0

    rows.update(archived_at=now - 91 * DAY)

    assert forget_scores(workspace=workspace, now=now) == 2
    assert [row.version for row in ScoreDay.objects.select_related("version")] == [serving]
    assert serving.userscores.count() == 2


def test_without_what_serves_nobody_is_scored(workspace, other_workspace, serving, now):
    installs_of(other_workspace, 3, SINCE)

    assert score_users(workspace=other_workspace, name="ltv", now=now) == {
        "scores": 0, "outcomes": 0,
    }  # fmt: skip
    assert not other_workspace.userscore_set.exists()


def test_new_users_are_worth_their_first_week_and_what_is_predicted(
    serving, workspace, other_workspace
):
    period = Period(SINCE, SINCE + 2 * DAY)
    assert predicted_value(workspace, period) is None
    for day, users, total in ((0, 4, 20.0), (1, 6, 10.0), (9, 99, 9e9)):
        own = {"workspace": workspace, "version": serving}
        ScoreDay.objects.create(**own, began_on=SINCE + day * DAY, users=users, total=total)
    for day, money in ((0, 5), (1, 15), (2, 1_000)):
        AppCohort.objects.create(
            workspace=workspace, installed_on=SINCE + day * DAY, channel="meta", source="paid",
            users=1, revenue_7=money,
        )  # fmt: skip

    # (20 + 10 predicted, 5 + 15 known) of ten users; the third day is not scored yet.
    assert predicted_value(workspace, period) == Decimal("5.00")
    assert predicted_value(other_workspace, period) is None


def test_what_does_not_serve_tells_no_value(workspace, now):
    version = version_of(workspace, now, name="ltv")
    ScoreDay.objects.create(workspace=workspace, version=version, began_on=SINCE, users=1, total=9)

    assert predicted_value(workspace, Period(SINCE, SINCE)) is None
