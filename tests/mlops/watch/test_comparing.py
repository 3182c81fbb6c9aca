"""From challenger to a proposal: into the shadow, compared, proposed once."""

from __future__ import annotations

import numpy as np
import pytest
from django.db import IntegrityError, transaction

from mlops.models import ModelPolicy, ModelVersion, ShadowReport
from mlops.services.watch.comparing import MOST_DIFFERING, advance, compare, propose_ready
from tests.mlops.registry.steps import champion, proposed
from tests.mlops.watch.steps import DAY, drawn, installs_of, score, version_of
from tests.workspaces.gate_steps import fresh, sign
from workspaces.gate import Proposer, StateError
from workspaces.models import Proposal, Status
from workspaces.services import proposing

NAME = "churn"


@pytest.fixture
def pair(workspace, approver, now) -> tuple[ModelVersion, ModelVersion]:
    """What serves, and a newer version in its shadow."""
    first = version_of(workspace, now)
    champion(first, now, approver)
    second = version_of(workspace, now)
    advance(workspace=workspace, name=NAME, now=now)
    second.refresh_from_db()
    return first, second


def _score_both(pair, now, known: int, waiting: int = 0) -> None:
    first, second = pair
    users = drawn(known + waiting)
    installs = installs_of(first.workspace, known + waiting, (now - 50 * DAY).date())
    outcomes = [*users.came[:known], *[None] * waiting]
    score(first, installs, users.dim, outcomes)
    score(second, installs, users.sharp, outcomes)


def _ask(workspace, now) -> Proposal | None:
    compare(workspace=workspace, name=NAME, now=now)
    return propose_ready(workspace=workspace, name=NAME, now=now)


def test_the_first_version_of_a_name_is_proposed_once_by_itself(workspace, approver, now):
    version_of(workspace, now, is_better=False)
    assert _ask(workspace, now) is None
    version_of(workspace, now)

    made = _ask(workspace, now)

    assert made.summary == "Let version 2 of Churn serve"
    assert made.reason == "No version of Churn serves yet. Ranks better."
    assert made.proposed_by is None
    proposing_again = _ask(workspace, now + DAY)
    assert proposing_again is None
    assert Proposal.objects.filter(kind="model_promotion").count() == 1


def test_what_beats_the_plain_models_goes_into_the_shadow_by_itself(pair, workspace, now):
    _, second = pair
    assert second.stage == "shadow"

    worse = version_of(workspace, now, is_better=False)
    assert advance(workspace=workspace, name=NAME, now=now) is None
    third = version_of(workspace, now)
    assert advance(workspace=workspace, name=NAME, now=now) == third

    stages = ModelVersion.objects.filter(name=NAME).order_by("version")
    assert [row.stage for row in stages] == ["champion", "archived", "challenger", "shadow"]
    assert worse.version == 3


def test_a_shadow_that_is_proposed_stays(pair, workspace, now):
    _, second = pair
    proposed(second, now)
    version_of(workspace, now)

    advance(workspace=workspace, name=NAME, now=now)

    second.refresh_from_db()
    assert second.stage == "shadow"


def test_a_real_gain_on_enough_rows_is_proposed_with_its_evidence(pair, workspace, now):
    first, second = pair
    _score_both(pair, now, known=1_000)

    made = _ask(workspace, now)

    report = ShadowReport.objects.get(version=second, champion=first)
    assert (report.rows, report.scored, report.is_eligible) == (1_000, 1_000, True)
    assert report.gain > report.gain_low > 0.05
    assert (report.metric, 0 < report.same_decisions < 1) == ("log loss", True)
    assert report.rank_correlation > 0.5
    gaps = [abs(row["champion"] - row["challenger"]) for row in report.differing]
    assert len(gaps) == MOST_DIFFERING
    assert gaps == sorted(gaps, reverse=True)
    assert made.summary == (
        "Let version 2 of Churn serve instead of version 1, 10 % of the subjects first"
    )
    plan = made.current_plan
    assert plan.predicted["metric"].startswith("leavers among the 100 of 1,000")
    assert float(plan.predicted["low"]) < float(plan.predicted["delta"])
    assert plan.evidence["shadow"]["rows"] == 1_000
    assert plan.confidence == 1


def test_a_repeat_compares_anew_and_proposes_nothing_again(pair, workspace, approver, now):
    _score_both(pair, now, known=1_000)
    made = _ask(workspace, now)

    assert _ask(workspace, now) is None
    assert ShadowReport.objects.count() == 1
    assert Proposal.objects.filter(kind="model_promotion", status=Status.PENDING).get() == made


@pytest.mark.parametrize(("known", "waiting"), [(999, 500), (0, 1_200), (0, 0)])
def test_too_few_known_outcomes_propose_nothing(pair, workspace, now, known, waiting):
    _score_both(pair, now, known=known, waiting=waiting)

    assert _ask(workspace, now) is None
    report = ShadowReport.objects.get()
    assert (report.rows, report.is_eligible) == (known, False)
    assert f"{known:,} rows that neither learnt from have a known outcome" in report.verdict


def test_users_whom_one_of_both_learnt_from_do_not_count(pair, workspace, now):
    first, second = pair
    users = drawn(1_000)
    installs = installs_of(workspace, 1_000, (now - 90 * DAY).date())
    score(first, installs, users.dim, users.came)
    score(second, installs, users.sharp, users.came)

    assert compare(workspace=workspace, name=NAME, now=now).rows == 0


def test_an_admins_limits_hold(pair, workspace, now):
    _score_both(pair, now, known=300)
    policy = ModelPolicy.objects.create(workspace=workspace, least_rows=300, least_gain=0.9)
    assert _ask(workspace, now) is None

    policy.least_gain, policy.proposes_by_itself = 0.05, False
    policy.save()
    assert _ask(workspace, now) is None
    policy.proposes_by_itself = True
    policy.save()
    assert _ask(workspace, now) is not None


def test_a_machine_may_not_propose_what_was_not_compared(pair, workspace, approver, now):
    _, second = pair
    made = proposing.propose(
        workspace=workspace, kind="model_promotion", reason="It feels better.", now=now,
        request={"model": NAME, "version": second.version}, proposer=Proposer.rule("backtest"),
    )  # fmt: skip

    with pytest.raises(StateError, match="Not shown to be better: It was never scored beside"):
        sign(made, approver, now)
    assert fresh(made).status == Status.PENDING


def test_a_person_may_and_the_check_says_what_is_missing(pair, workspace, now):
    _, second = pair

    made = proposed(second, now)

    checks = {line["name"]: line for line in made.current_plan.verdict}
    assert checks["eligible"]["verdict"] == "passed"
    assert checks["shadow"]["verdict"] == "warning"
    assert "without that proof" in checks["shadow"]["why"]


def test_database_holds_what_a_report_means(pair, other_workspace, now):
    first, second = pair
    own = {
        "version": second, "champion": first, "day": now.date(), "rows": 0, "scored": 0,
        "metric": "m", "verdict": "v", "made_at": now,
    }  # fmt: skip
    for bad, name in (
        ({"is_eligible": True}, "eligible_gains"),
        ({"is_eligible": True, "gain_low": 0.0}, "eligible_gains"),
        ({"is_eligible": False, "champion": second}, "shadowreport_two"),
        ({"is_eligible": False, "workspace": other_workspace}, "shadowreport_(version|champion)"),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            ShadowReport.objects.create(**{"workspace": first.workspace, **own, **bad})


def test_a_score_goes_with_its_user_and_stays_in_its_workspace(pair, workspace, now):
    first, _ = pair
    (install,) = installs_of(workspace, 1, now.date() - 30 * DAY)
    score(first, [install], np.array([0.5]), [None])
    assert first.userscores.count() == 1

    install.delete()

    assert first.userscores.count() == 0
