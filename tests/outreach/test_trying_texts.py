"""Tests of texts: who met which, and what came of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from experiments.models import ABTest, Exposure, MetricDay
from experiments.services.counting.counting import count_all
from outreach.models import OutreachMessage
from outreach.services.hearing import Heard, hear
from outreach.services.trying_texts import tell_tests
from tests.experiments.steps import metric_of, running_of
from tests.outreach.steps import (
    NOW,
    audience_of,
    campaign_of,
    contact_of,
    let_go,
    message_of,
    plan_of,
)
from tests.workspaces.factories import WorkspaceFactory
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=2)


@pytest.fixture
def workspace() -> Workspace:
    return WorkspaceFactory()


@pytest.fixture
def test(workspace: Workspace) -> ABTest:
    clicked = metric_of(workspace, "clicked", source="message_event", window_h=24)
    return running_of(
        workspace, "subject", surface="message", at=NOW - timedelta(days=1),
        metrics={"primary": clicked},
    )  # fmt: skip


@pytest.fixture
def messages(workspace: Workspace, test: ABTest) -> list[OutreachMessage]:
    """Two that are on their way, one of each variant."""
    people = [contact_of(workspace, f"p{place}@example.com") for place in range(2)]
    campaign = campaign_of(workspace, audience_of(workspace, *people), test=test)
    plan = plan_of(campaign, *people)
    let_go(plan)
    return [
        message_of(
            contact, campaign=campaign, plan=plan, variant=variant, status="sending",
            call_sent_at=NOW, lease_until=NOW,
        )
        for contact, variant in zip(people, ("control", "blue"), strict=True)
    ]  # fmt: skip


def tell(message: OutreachMessage, kind: str, minutes: int) -> None:
    told = Heard(
        kind=kind, at=NOW + timedelta(minutes=minutes), key=f"{kind}:{message.pk}:{minutes}",
        message=message.public_id,
    )  # type: ignore[arg-type]  # text will do  # fmt: skip
    hear(workspace=message.workspace, events=[told], now=NOW + timedelta(minutes=minutes))


def test_a_contact_meets_its_text_when_the_message_goes_out(
    test: ABTest, messages: list[OutreachMessage]
) -> None:
    for message in messages:
        tell(message, "delivered", 1)
        tell(message, "opened", 2)

    met = Exposure.objects.order_by("pk").values_list("unit", "variant__key", "at", "source")
    assert list(met) == [
        (f"contact:{one.contact_id}", one.variant, NOW, "email") for one in messages
    ]


def test_clicks_count_for_the_variant_that_was_sent(
    workspace: Workspace, test: ABTest, messages: list[OutreachMessage]
) -> None:
    for message in messages:
        tell(message, "delivered", 1)
    tell(messages[1], "clicked", 5)
    tell(messages[1], "clicked", 6)

    count_all(workspace=workspace, now=LATER)

    sums = MetricDay.objects.filter(test=test, dimension="total")
    found = {row.variant.key: (row.units, row.sum) for row in sums.select_related("variant")}
    assert found == {"control": (1, 0), "blue": (1, 1)}


def test_messages_of_other_campaigns_do_not_count(
    workspace: Workspace, test: ABTest, messages: list[OutreachMessage]
) -> None:
    tell(messages[0], "delivered", 1)
    other = message_of(
        messages[0].contact, status="sent", sent_at=NOW, dedup_key="another", variant="blue"
    )
    tell(other, "clicked", 5)

    count_all(workspace=workspace, now=LATER)

    assert sum(row.sum for row in MetricDay.objects.filter(dimension="total")) == 0


def test_what_goes_out_after_the_end_meets_nobody(
    workspace: Workspace, test: ABTest, messages: list[OutreachMessage]
) -> None:
    ABTest.objects.filter(pk=test.pk).update(
        status="completed", ended_at=NOW - timedelta(hours=1), end_reason="person"
    )

    tell(messages[0], "delivered", 1)

    assert not Exposure.objects.exists()


def test_campaigns_without_a_test_ask_nothing(
    workspace: Workspace, django_assert_num_queries: object
) -> None:
    message = message_of(contact_of(workspace), status="sent", sent_at=NOW)
    message.campaign = None

    with django_assert_num_queries(0):  # type: ignore[operator]  # the fixture's type is its own
        tell_tests(workspace=workspace, told=[(message, ("sent",))], now=NOW)
