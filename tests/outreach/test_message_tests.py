"""Tests of texts: who gets which, what a winner does, and what a plan is expected to bring."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from experiments.surfaces import open_surfaces, winner_user
from outreach.models import MessageDay, StepText
from outreach.selectors.expected import expected_of
from outreach.selectors.message_pieces import message_pieces
from tests.experiments.steps import running_of, variant_of
from tests.outreach.launch_steps import FOOT, email_on, news_to, planned
from tests.outreach.steps import contact_of, template_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def tested(workspace):
    """A draft to twenty people whose two texts are shared out by a test."""
    email_on(workspace)
    people = [contact_of(workspace, f"p{place}@example.com") for place in range(20)]
    test = running_of(workspace, "subject", surface="message")
    campaign = news_to(*people, workspace=workspace, test=test)
    step = campaign.steps.get()
    StepText.objects.create(
        workspace=workspace, step=step, channel="email", variant="blue",
        template=template_of(workspace, name="Blue", text=FOOT, subject="Blue news"),
    )  # fmt: skip
    return campaign


def test_each_gets_the_text_of_the_own_variant(tested, operator, now):
    plan = planned(tested, operator, now)

    rows = plan.rows.select_related("text__template")
    got = Counter((row.variant, row.text.template.name) for row in rows)
    assert set(got) == {("control", "Mail of June news"), ("blue", "Blue")}
    assert plan.counts["variant"] == {
        "control": got[("control", "Mail of June news")], "blue": got[("blue", "Blue")],
    }  # fmt: skip
    again = planned(tested, operator, now)
    assert dict(again.rows.values_list("contact", "variant")) == {
        row.contact_id: row.variant for row in rows
    }


def test_a_winner_becomes_the_only_text(tested, now):
    assert "message" in open_surfaces()

    words = winner_user("message")(variant_of(tested.test, "blue"), now)

    assert words == "“Blue” is the text of 1 steps from now on."
    text = StepText.objects.get(step__campaign=tested)
    assert (text.variant, text.template.name) == ("", "Blue")


def test_messages_are_pieces_that_practices_learn_from(tested, workspace, now):
    text = StepText.objects.get(variant="blue")
    MessageDay.objects.create(
        workspace=workspace, day=date(2026, 11, 1), campaign=tested, channel="email",
        version=text.template.current, sent=500, delivered=480, converted=24,
    )  # fmt: skip

    (piece,) = message_pieces(workspace, now)

    assert (piece.channel, piece.units, piece.conversions) == ("email", 480, 24)
    assert piece.piece.headline == "Blue news"


def test_what_is_expected_comes_from_what_was(tested, workspace):
    MessageDay.objects.create(
        workspace=workspace, day=date(2026, 11, 1), campaign=tested, channel="email",
        sent=100_000, delivered=99_000, opened=50_000, clicked=20_000, complained=5,
    )  # fmt: skip

    before = expected_of(news_to(workspace=workspace, name="Other"), {"email": 1_000})
    nothing = expected_of(tested, {})

    clicks = before["total"]["clicked"]
    assert float(clicks["low"]) < float(clicks["mean"]) < float(clicks["high"])
    assert float(clicks["mean"]) > 60  # more than the three of a hundred that nobody's past says
    assert before["predicted"]["metric"] == "clicks, % of delivered"
    assert nothing == {}
