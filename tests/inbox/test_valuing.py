"""What waiting may cost: by what is predicted, what they spent and what they say."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache

from inbox.models import AIClassification, Conversation
from inbox.selectors import worth
from inbox.selectors.worth import Worth, worth_of
from inbox.services.promising import reference_for
from inbox.services.valuing import value, value_open
from outreach.models import ContactStanding
from tests.inbox.desk_steps import talk_of
from tests.inbox.steps import NOW
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_memory() -> Iterator[None]:
    cache.clear()
    kept = list(worth._finders)
    worth._finders.clear()
    yield
    worth._finders[:] = kept


@pytest.fixture
def talk(workspace: Workspace) -> Conversation:
    return talk_of(workspace, "ann@example.com", 1)


def spent(talk: Conversation, amount: int) -> None:
    ContactStanding.objects.create(
        workspace=talk.workspace, contact=talk.contact, spent=Decimal(amount), counted_at=NOW
    )


def reads(talk: Conversation, churn: float) -> None:
    AIClassification.objects.create(
        workspace=talk.workspace, response=talk.responses.get(), intent="question", confidence=0.9,
        sentiment=0, sentiment_label="neutral", urgency="medium", model="words", ms=1,
        read_at=NOW, churn_score=churn,
    )  # fmt: skip


def predicts(talk: Conversation, found: Worth) -> None:
    worth.register_worth(lambda _workspace, _roots: {talk.contact.person_id: found})


def again(talk: Conversation) -> Conversation:
    return Conversation.objects.get(pk=talk.pk)


def test_what_they_spent_times_what_they_say(talk: Conversation) -> None:
    spent(talk, 200)
    reads(talk, 0.25)
    assert value([talk.pk], now=NOW) == 1
    assert (again(talk).value_at_risk, again(talk).valued_at) == (50, NOW)
    assert value([talk.pk], now=NOW) == 0


def test_what_is_predicted_goes_before(talk: Conversation) -> None:
    spent(talk, 200)
    reads(talk, 0.25)
    predicts(talk, Worth(ltv=1_000, ltv_from="told"))
    found = worth_of(talk.workspace_id, [talk.contact])[talk.contact_id]
    assert found == Worth(1_000, "told", 0.25, "by their words")
    predicts(talk, Worth(1_000, "told", 0.5, "told too"))
    value([talk.pk], now=NOW)
    assert again(talk).value_at_risk == 500


def test_what_nobody_knows_stands_as_an_ordinary_one(
    talk: Conversation, workspace: Workspace
) -> None:
    reads(talk, 0.5)
    known = talk_of(workspace, "bob@example.com", 1)
    spent(known, 128)
    reads(known, 0.5)
    value([talk.pk, known.pk], now=NOW)
    assert (again(talk).value_at_risk, again(talk).valued_at) == (0, NOW)
    assert worth_of(workspace.pk, [talk.contact])[talk.contact_id].ltv is None
    value_open(now=NOW)
    assert reference_for(workspace.pk) == 64
    assert again(talk).order_key == again(known).order_key


def test_dearer_ones_stand_first_and_nobody_waits_for_ever(
    talk: Conversation, workspace: Workspace
) -> None:
    rows = [talk, *(talk_of(workspace, f"{name}@example.com", 1) for name in "bc")]
    for row, amount in zip(rows, (1, 100, 10_000), strict=True):
        spent(row, amount)
        reads(row, 1)
    value_open(now=NOW)
    found = Conversation.objects.order_by("-order_key").values_list("value_at_risk", flat=True)
    assert list(found) == [10_000, 100, 1]


def test_each_workspace_has_its_own_ordinary_customer(
    talk: Conversation, other_workspace: Workspace
) -> None:
    other = talk_of(other_workspace, "ann@example.com", 1)
    spent(other, 4_096)
    reads(other, 1)
    value_open(now=NOW)
    assert (reference_for(talk.workspace_id), reference_for(other_workspace.pk)) == (1, 4_096)
    assert again(talk).value_at_risk == 0


def test_a_hundred_cost_as_few_queries_as_one(
    talk: Conversation, workspace: Workspace, django_assert_max_num_queries: Any
) -> None:
    ids = [talk.pk, *(talk_of(workspace, f"{n}@example.com", 1).pk for n in range(10))]
    reference_for(workspace.pk)
    with django_assert_max_num_queries(8):
        value(ids, now=NOW)
