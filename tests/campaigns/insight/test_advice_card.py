"""The newest recommendation on the overview, and its way to approval."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine
from django.urls import reverse

from campaigns.services.advising.making import make_recommendation
from tests.campaigns.advice.steps import two_channels
from workspaces.models import JobRun, Proposal
from workspaces.services.job_kinds import switch_job

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def advice(workspace):
    two_channels(workspace)
    return make_recommendation(workspace=workspace, now=NOW)


def page_of(client) -> str:
    return client.get(reverse("overview")).content.decode()


def test_it_stands_with_its_shares_and_who_wrote_it(advice, viewer, client_as):
    page = page_of(client_as(viewer))

    assert advice.summary in page
    assert "Written by rules" in page
    assert advice.fallback_reason in page
    assert "Send to approval" not in page


def test_an_operator_sends_it_once(advice, workspace, operator, client_as):
    house = client_as(operator)
    assert "Send to approval" in page_of(house)
    form = {"workspace": str(workspace.public_id)}

    answer = house.post(reverse("advice-send", args=[advice.public_id]), form)
    assert answer.url == reverse("approvals")
    sent = Proposal.objects.filter(workspace=workspace, bundle_id=advice.public_id)
    assert sent.count() == 2
    assert {proposal.status for proposal in sent} == {"pending"}
    assert {proposal.proposer_key for proposal in sent} == {f"user:{operator.pk}"}

    house.post(reverse("advice-send", args=[advice.public_id]), form)
    assert sent.count() == 2
    page = page_of(house)
    assert "2 changes, waiting" in page
    assert "Send to approval" not in page


def test_a_new_one_can_be_asked_for(workspace, operator, client_as):
    two_channels(workspace)
    house = client_as(operator)
    assert "There is none yet" in page_of(house)

    form = {"workspace": str(workspace.public_id)}
    assert house.post(reverse("advice-new"), form).url == reverse("overview")
    assert JobRun.objects.filter(workspace=workspace, name="recommendations").count() == 1


def test_a_refusal_is_told_on_the_page(workspace, operator, client_as):
    switch_job(workspace=workspace, name="recommendations", is_on=False)
    form = {"workspace": str(workspace.public_id)}

    page = client_as(operator).post(reverse("advice-new"), form, follow=True).text

    assert "is switched off in Acme" in page
    assert "Asked for." not in page
    assert not JobRun.objects.exists()
