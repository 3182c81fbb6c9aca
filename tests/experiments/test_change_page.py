"""The page of a proposal about a test."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from experiments.models import ExperimentPolicy
from experiments.services.deciding import decide_test
from experiments.services.running import start_test
from tests.experiments.figures import count
from tests.experiments.steps import draft_of, metric_of, on_site, running_of
from workspaces.gate import Proposer
from workspaces.models import Proposal, User, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client_as: Callable[[User], Client], approver: User) -> Callable[[], str]:
    """The one proposal as an approver sees it."""

    def show() -> str:
        path = f"/approvals/{Proposal.objects.get().public_id}/"
        return client_as(approver).get(path).content.decode()

    return show


def test_a_start_shows_its_rule_and_what_was_checked(
    workspace: Workspace, operator: User, page: Callable[[], str]
) -> None:
    ExperimentPolicy.objects.create(workspace=workspace, start_needs_signature=True)
    metrics = {"primary": metric_of(workspace), "guardrail": metric_of(workspace, "refund")}
    test = draft_of(workspace, metrics=metrics, hypothesis="Blue is calmer.")
    on_site(test)
    start_test(test=test, by=Proposer.person(operator), now=timezone.now())

    shown = page()

    for words in (
        "Blue is calmer.",
        "Always valid: level 5 %, power 80 % for an effect of 10 %; no size planned, 7 to 14 days.",
        "A winner goes to 50 % first, 3 days later to all but a hold-back of 5 %.",
        "at most 2 % worse",
        "No events came from Shop of button lately.",
    ):
        assert words in shown


def test_a_winner_shows_its_figures(workspace: Workspace, page: Callable[[], str]) -> None:
    began = timezone.now() - timedelta(days=8)
    test = running_of(workspace, at=began)
    on_site(test)
    figures = {"control": (20_000, 2_000), "blue": (20_000, 2_600)}
    count(test, "purchase", figures, day=began.date())
    assert decide_test(test=test, now=timezone.now()) == "proposed"

    shown = page()

    for words in (
        "+30.0 % [+18.3 %, +41.7 %], better",
        "<dt>Control</dt><dd>20,000</dd>",
        "It ran for 8 full days of 7.",
        "50 %, after 3 days 95 %",
    ):
        assert words in shown
