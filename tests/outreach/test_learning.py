"""What is learnt from answers: hours, devices, and channels that people answer on."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from attribution.services.website.sites import create_site
from outreach.engine.channels import Channel
from outreach.engine.choice import By
from outreach.models import (
    ChannelPolicy,
    ChannelWorth,
    ContactStanding,
    OutreachPolicy,
    PlannedSend,
    StepText,
)
from outreach.selectors.worth import Answers, learned_of
from outreach.services.learning import choose_by, count_worth
from outreach.services.people.standing import refresh_standing
from tests.attribution.website.web_steps import session_of, visitor_of
from tests.outreach.launch_steps import FOOT, email_on, news_to, planned
from tests.outreach.steps import (
    NOW,
    campaign_of,
    contact_of,
    let_go,
    message_of,
    plan_of,
    point_of,
    template_of,
)
from workspaces.gate import NotAllowedError, Proposer, StateError
from workspaces.models import Connection

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def worth(workspace, channel, messages, answered, chosen_by="table", customer_type="new"):
    return ChannelWorth.objects.create(
        workspace=workspace, customer_type=customer_type, channel=channel, chosen_by=chosen_by,
        messages=messages, answered=answered, counted_at=NOW,
    )  # fmt: skip


@pytest.fixture
def post(client_as, workspace):
    """Send a form as somebody."""
    own = {"workspace": str(workspace.public_id)}
    return lambda person, path, **values: client_as(person).post(path, {**own, **values})


# Hours and devices


def test_hours_are_those_of_where_the_contact_lives(workspace):
    """Opens, clicks and visits at 18:30 in Berlin; of whom no zone is known, the workspace's."""
    ann, bob = contact_of(workspace), contact_of(workspace, "bob@example.com", time_zone="")
    at = NOW.replace(hour=16, minute=30) - 3 * DAY
    for contact in (ann, bob):
        message_of(
            contact, status="clicked", sent_at=at - timedelta(hours=8), opened_at=at, clicked_at=at
        )
    site = create_site(workspace=workspace, name="Shop", origins=["https://shop.example"])
    for days, device in ((9, "desktop"), (2, "tablet")):
        visitor = visitor_of(site, NOW - days * DAY, person=ann.person, device=device)
        session_of(site, visitor, at - days * DAY)

    refresh_standing(workspace=workspace, now=NOW)
    refresh_standing(workspace=workspace, now=NOW)

    hers, his = (ContactStanding.objects.get(contact=one) for one in (ann, bob))
    assert {hour: count for hour, count in enumerate(hers.hours) if count} == {18: 4}
    assert {hour: count for hour, count in enumerate(his.hours) if count} == {16: 2}
    assert (hers.device, his.device) == ("mobile", "")


def test_habits_are_forgotten(workspace):
    ann = contact_of(workspace)
    at = NOW - 100 * DAY
    message_of(ann, status="opened", sent_at=at, opened_at=at)
    refresh_standing(workspace=workspace, now=NOW)
    assert sum(ContactStanding.objects.get().hours) == 1

    refresh_standing(workspace=workspace, now=NOW + 100 * DAY)

    assert ContactStanding.objects.get().hours == []


# Channels


def test_answers_count_by_who_chose_the_channel(workspace, other_workspace):
    """Not what is younger than three days, a person's wish, or an answer that came later."""
    ann, bob = (contact_of(workspace, name, customer_type="new") for name in ("a@x.de", "b@x.de"))
    old, young = NOW - 10 * DAY, NOW - 2 * DAY
    told = [
        (By.SCORE, old, old + DAY), (By.SCORE, old, None), (By.SCORE, old, old + 4 * DAY),
        (By.LEARNED, old, old + DAY), (By.LIST, old, None), (By.PREFERENCE, old, old + DAY),
        (By.SCORE, young, young),
    ]  # fmt: skip
    for number, (by, sent_at, clicked_at) in enumerate(told):
        campaign = campaign_of(workspace, name=f"C{number}")
        plan = plan_of(campaign, ann, bob, why=int(by) << 4)
        message_of(
            ann, purpose="marketing", campaign=campaign, plan=let_go(plan),
            step=campaign.steps.get(), status="sent", sent_at=sent_at, clicked_at=clicked_at,
            dedup_key=f"k{number}",
        )  # fmt: skip

    assert count_worth(workspace=workspace, now=NOW) == 5
    assert count_worth(workspace=workspace, now=NOW) == 5
    assert count_worth(workspace=other_workspace, now=NOW) == 0

    rows = ChannelWorth.objects.filter(workspace=workspace).order_by("chosen_by")
    assert list(rows.values_list("chosen_by", "channel", "messages", "answered")) == [
        ("learned", "email", 1, 1), ("other", "email", 1, 0), ("table", "email", 3, 1),
    ]  # fmt: skip


def test_too_little_decides_nothing(workspace, other_workspace):
    channels = (Channel.EMAIL, Channel.SMS)
    worth(workspace, "email", 5_000, 10)
    worth(workspace, "sms", 199, 100)
    worth(other_workspace, "sms", 5_000, 100)

    assert learned_of(workspace, channels) is None
    worth(workspace, "sms", 1, 0, "learned")
    found = learned_of(workspace, channels)
    assert found is not None
    assert (found.messages[0].tolist(), found.successes[0].tolist()) == ([5_000, 200], [10, 100])
    assert found.share == pytest.approx(0.1)
    assert learned_of(workspace, (Channel.EMAIL,)) is None
    OutreachPolicy.objects.create(workspace=workspace, learned_chooses=True)
    assert learned_of(workspace, channels).share == pytest.approx(0.9)


def test_plans_use_what_was_learnt(workspace, operator):
    """People answer by SMS, which the table puts behind e-mail; the same plan comes out twice."""
    email_on(workspace)
    phone = Connection.objects.create(workspace=workspace, kind="twilio", name="Phone")
    ChannelPolicy.objects.create(
        workspace=workspace, channel="sms", is_on=True, connection=phone, sender="+12125550100",
        unit_cost=Decimal("0.01"),
    )  # fmt: skip
    people = []
    for place in range(60):
        contact = contact_of(workspace, f"p{place}@example.com", customer_type="new")
        point_of(contact, "sms", f"+4915100000{place:02d}")
        people.append(contact)
    campaign = news_to(*people, workspace=workspace, channels=["email", "sms"])
    text = template_of(workspace, "sms", "Text", subject="", text=FOOT)
    StepText.objects.create(
        workspace=workspace, step=campaign.steps.get(), channel="sms", template=text
    )

    def channels():
        plan = planned(campaign, operator, NOW)
        rows = PlannedSend.objects.filter(plan=plan).order_by("place")
        return list(rows.values_list("channel", flat=True)), {row.why >> 4 & 15 for row in rows}

    assert channels() == (["email"] * 60, {int(By.SCORE)})
    worth(workspace, "email", 4_000, 40)
    worth(workspace, "sms", 4_000, 800)
    few, by = channels()
    assert 1 <= few.count("sms") <= 15
    assert by == {int(By.SCORE), int(By.LEARNED)}
    assert channels()[0] == few
    OutreachPolicy.objects.filter(workspace=workspace).update(learned_chooses=True)
    assert channels()[0].count("sms") >= 45


# Who chooses


def test_an_admin_lets_what_was_learnt_choose_once_it_is_better(
    post, client_as, admin, approver, workspace
):
    path, page = reverse("outreach-chooser"), reverse("outreach-channels")
    by = Proposer.person(admin)
    assert "Nothing was sent long enough ago" in client_as(admin).get(page).text
    for channel, share in (("email", 10), ("sms", 5)):
        worth(workspace, channel, 4_000, 4_000 // share)
    with pytest.raises(StateError, match="has not done better"):
        choose_by(workspace=workspace, learned=True, by=by, now=NOW)
    worth(workspace, "sms", 900, 250, "learned")
    assert Answers.of(workspace).comparison().is_better(learned=True)

    assert "Let what was learnt choose" in client_as(admin).get(page).text
    assert post(approver, path, chooser="learned").status_code == 403
    with pytest.raises(NotAllowedError):
        choose_by(workspace=workspace, learned=True, by=Proposer.person(approver), now=NOW)
    post(admin, path, chooser="learned")
    assert OutreachPolicy.objects.get(workspace=workspace).learned_chooses

    ChannelWorth.objects.filter(chosen_by="learned").update(answered=30)
    assert "The table has done better since." in client_as(admin).get(page).text
    post(admin, path, chooser="table")
    assert not OutreachPolicy.objects.get(workspace=workspace).learned_chooses
