"""Another subject tried in a campaign: a draft of a test, made from the builder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from experiments.models import ABTest, Metric
from outreach.models import ChannelTemplate, OutreachCampaign
from outreach.services.texts.trying_subjects import draft_subject_test
from tests.outreach.launch_steps import email_on, launched, news_to, planned
from tests.outreach.steps import contact_of
from workspaces.gate import NotAllowedError, Proposer, StateError
from workspaces.models import User, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(workspace: Workspace) -> OutreachCampaign:
    email_on(workspace)
    people = [contact_of(workspace, f"p{place}@example.com") for place in range(20)]
    return news_to(*people, workspace=workspace)


def _test(campaign: OutreachCampaign, by: User, now: datetime, subject: str = "Hello") -> ABTest:
    return draft_subject_test(
        campaign=campaign, subject=subject, by=Proposer.person(by), now=now
    )  # fmt: skip


def test_a_draft_of_a_test_and_a_second_text_are_made(
    campaign: OutreachCampaign, operator: User, now: datetime
) -> None:
    test = _test(campaign, operator, now, " Runners, this is for you ")

    campaign.refresh_from_db()
    assert (campaign.test, test.status, test.type, test.surface) == (
        test, "draft", "subject_line", "message",
    )  # fmt: skip
    arms = test.variants.order_by("position").values_list("key", "name", "weight")
    assert list(arms) == [("control", "News", 5_000), ("b", "Runners, this is for you", 5_000)]
    metrics = test.metrics.order_by("position").values_list("metric__event", "role")
    assert list(metrics) == [("opened", "primary"), ("clicked", "secondary")]
    texts = campaign.steps.get().texts.select_related("template__current").order_by("variant")
    assert [(one.variant, one.template.name, one.template.current.subject) for one in texts] == [
        ("", "Mail of June news", "News"),
        ("b", "Mail of June news (other subject)", "Runners, this is for you"),
    ]
    assert len({one.template.current.text for one in texts}) == 1

    plan = planned(campaign, operator, now)
    subjects = Counter(plan.rows.values_list("variant", "text__subject"))
    assert set(subjects) == {("control", "News"), ("b", "Runners, this is for you")}
    launched(campaign, operator, now)


def test_metrics_that_there_are_serve_again(
    campaign: OutreachCampaign, workspace: Workspace, operator: User, now: datetime
) -> None:
    _test(campaign, operator, now)
    _test(news_to(contact_of(workspace), workspace=workspace, name="July"), operator, now)

    assert Metric.objects.filter(source="message_event").count() == 2
    assert ABTest.objects.count() == 2


@pytest.mark.parametrize("subject", ["", "  ", "News", " News "])
def test_the_subject_has_to_be_another_one(
    campaign: OutreachCampaign, operator: User, now: datetime, subject: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        _test(campaign, operator, now, subject)

    assert set(refused.value.message_dict) == {"subject"}
    assert not ABTest.objects.exists()


def test_a_subject_that_must_not_go_out_leaves_nothing_behind(
    campaign: OutreachCampaign, operator: User, now: datetime
) -> None:
    with pytest.raises(ValidationError, match="no reply"):
        _test(campaign, operator, now, "Re: your order")
    with pytest.raises(ValidationError, match="colour"):
        _test(campaign, operator, now, "{{ colour }}")

    campaign.refresh_from_db()
    assert campaign.test is None
    assert not ABTest.objects.exists()
    assert not ChannelTemplate.objects.filter(name__contains="other subject").exists()


def test_who_may_not_and_what_runs_is_refused(
    campaign: OutreachCampaign, operator: User, viewer: User, now: datetime
) -> None:
    with pytest.raises(NotAllowedError):
        _test(campaign, viewer, now)
    planned(campaign, operator, now)
    launched(campaign, operator, now)
    with pytest.raises(StateError):
        _test(campaign, operator, now)
    assert not ABTest.objects.exists()


def test_one_campaign_has_one_test(
    campaign: OutreachCampaign, operator: User, now: datetime
) -> None:
    _test(campaign, operator, now)
    campaign.refresh_from_db()

    with pytest.raises(StateError, match="a test already"):
        _test(campaign, operator, now, "Yet another")


def test_from_the_builder_to_the_editor_of_tests(
    campaign: OutreachCampaign, workspace: Workspace, client_as: Callable[[User], Client],
    operator: User,
) -> None:  # fmt: skip
    client = client_as(operator)
    texts = reverse("outreach-campaign-edit", args=[campaign.public_id, "texts"])
    template = campaign.steps.get().texts.get().template
    assert "Make the test" in client.get(texts).text
    page = client.get(reverse("text", args=[template.public_id])).text
    assert f"{texts}#subject-test" in page

    told = client.post(
        reverse("outreach-campaign-act", args=[campaign.public_id, "test-subject"]),
        {"workspace": str(workspace.public_id), "subject": "Hello"},
    )

    test = ABTest.objects.get()
    assert told.url == reverse("experiment-edit", args=[test.public_id, "idea"])
    assert "Subject of June news" in client.get(texts).text
    assert "Subject of June news" in client.get(reverse("text", args=[template.public_id])).text
