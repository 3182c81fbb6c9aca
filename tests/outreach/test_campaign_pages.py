"""Pages of campaigns: the list, a draft step by step to its launch, the report, what is done."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from outreach.models import (
    CampaignLaunch,
    MessageDay,
    OutreachCampaign,
    OutreachMessage,
    SendPlan,
    StepText,
)
from outreach.services.drafting import edit_campaign
from outreach.services.sending.materialising import materialise_due
from tests.outreach.launch_steps import (
    FOOT,
    carried_out,
    email_on,
    launched,
    news_to,
    planned,
    was_sent_before,
)
from tests.outreach.steps import (
    NOW,
    audience_of,
    campaign_of,
    contact_of,
    template_of,
)
from tests.workspaces.gate_steps import sign
from workspaces.gate import Proposer
from workspaces.models import Status

pytestmark = pytest.mark.django_db
MOST_QUERIES = 12
#: Who asks (4), campaign, proposal, plan, its people, steps, texts, rules, channels, halts, small
#: sends of the day, what was sent before, complaints of the week.
OF_REVIEW = 16


@pytest.fixture
def post(client_as, operator, workspace):
    """Send a form as an operator."""
    client = client_as(operator)

    def send(path: str, **values: Any):
        return client.post(path, {"workspace": str(workspace.public_id), **values})

    send.client = client
    return send


def _edit(campaign: OutreachCampaign, step: str) -> str:
    return reverse("outreach-campaign-edit", args=[campaign.public_id, step])


def _save(campaign: OutreachCampaign, step: str) -> str:
    return reverse("outreach-campaign-save", args=[campaign.public_id, step])


def _act(campaign: OutreachCampaign, action: str) -> str:
    return reverse("outreach-campaign-act", args=[campaign.public_id, action])


def _page(campaign: OutreachCampaign) -> str:
    return reverse("outreach-campaign", args=[campaign.public_id])


def _news(workspace, *names: str) -> OutreachCampaign:
    email_on(workspace)
    people = [contact_of(workspace, f"{one}@example.com", first_name=one) for one in names]
    return news_to(*people, workspace=workspace)


def _running(workspace, operator, approver) -> OutreachCampaign:
    now = timezone.now()
    campaign = _news(workspace, "ann", "bob")
    planned(campaign, operator, now)
    sign(launched(campaign, operator, now), approver, now)
    carried_out(now)
    campaign.refresh_from_db()
    return campaign


def _count(campaign: OutreachCampaign, day: date, **values: Any) -> None:
    step = campaign.steps.first()
    MessageDay.objects.create(
        workspace=campaign.workspace, campaign=campaign, step=step, day=day, channel="email",
        **values,
    )  # fmt: skip


def test_an_empty_list_says_what_to_do(client_as, viewer, operator):
    page = client_as(operator).get("/outreach/campaigns/").text

    assert "No campaigns yet." in page
    assert "Begin the first one" in page
    assert "Begin the first one" not in client_as(viewer).get("/outreach/campaigns/").text


def test_the_list_shows_counters_of_its_campaigns(
    client_as, viewer, workspace, django_assert_max_num_queries
):
    for name in ("June", "July"):
        _count(campaign_of(workspace, name=name), date(2026, 6, 1), sent=1_234, delivered=1_200)
    client = client_as(viewer)

    with django_assert_max_num_queries(MOST_QUERIES):
        page = client.get("/outreach/campaigns/").text
    assert page.count("1,234") == 2
    found = client.get("/outreach/campaigns/?tab=drafts&q=july").text
    assert "July" in found
    assert "June" not in found


def test_a_draft_is_written_step_by_step_and_launched(post, client_as, operator, workspace):
    email_on(workspace)
    person = contact_of(workspace, "ann@example.com")
    audience = audience_of(workspace, person)
    text = template_of(workspace, name="June", text=FOOT)

    answer = post("/outreach/campaigns/new/", name="June news", type="newsletter")
    campaign = OutreachCampaign.objects.get()
    assert answer.url == _edit(campaign, "audience")
    assert post(_save(campaign, "audience"), audience=audience.public_id).url == _edit(
        campaign, "channels"
    )
    saved = post(_save(campaign, "channels"), channels=["email"], **{"priority-new-1": "email"})
    assert saved.url == _edit(campaign, "texts")
    saved = post(_save(campaign, "texts"), **{"step-1-text-email": str(text.public_id)})
    assert saved.url == _edit(campaign, "limits")
    saved = post(
        _save(campaign, "limits"), budget="100", daily_limit="50", starts_at="",
        send_at_best_hour="yes",
    )  # fmt: skip
    assert saved.url == _edit(campaign, "review")
    campaign.refresh_from_db()
    assert (campaign.audience, campaign.priorities) == (audience, {"new": ["email"]})
    assert (campaign.budget, campaign.daily_limit) == (100, 50)
    assert StepText.objects.get().template == text

    assert "No plan yet" in client_as(operator).get(_edit(campaign, "review")).text
    post(_act(campaign, "plan"))
    plan = SendPlan.objects.get()
    assert plan.recipients == 1
    review = client_as(operator).get(_edit(campaign, "review")).text
    assert "It needs the signature of an approver" in review
    assert "The text “June” was never sent before." in review
    answer = post(_act(campaign, "launch"))

    proposal = CampaignLaunch.objects.get().proposal
    assert proposal.status == Status.PENDING
    assert answer.url == reverse("approvals-proposal", args=[proposal.public_id])
    assert not OutreachMessage.objects.exists()


@pytest.mark.parametrize("step", ["about", "audience", "channels", "texts", "limits", "review"])
def test_steps_cost_few_queries(
    step, client_as, operator, workspace, django_assert_max_num_queries
):
    campaign = _news(workspace, "ann", "bob")
    planned(campaign, operator, timezone.now())
    client = client_as(operator)
    client.get(_edit(campaign, step))

    with django_assert_max_num_queries(OF_REVIEW if step == "review" else MOST_QUERIES):
        assert client.get(_edit(campaign, step)).status_code == 200


def test_a_change_of_many_steps_costs_no_more(
    client_as, operator, approver, workspace, django_assert_max_num_queries
):
    campaign = _running(workspace, operator, approver)
    mail = campaign.steps.get().texts.get().template
    short = template_of(workspace, channel="sms", name="Short", subject="", text="Hello STOP")
    both = [{"channel": one.channel, "template": one.public_id} for one in (mail, short)]
    edit_campaign(
        campaign=campaign, by=Proposer.person(operator), now=timezone.now(),
        values={
            "type": "sequence", "channels": ["email", "sms"],
            "steps": [{"texts": both}, *({"delay_hours": day * 24, "texts": both}
                                         for day in (1, 2, 3))],
        },
    )  # fmt: skip
    campaign.refresh_from_db()
    planned(campaign, operator, timezone.now())
    client, signer = client_as(operator), client_as(approver)
    client.get(_edit(campaign, "review"))

    # Two more than of a draft: what is being sent, and how the plan differs from it.
    with django_assert_max_num_queries(OF_REVIEW + 2):
        assert client.get(_edit(campaign, "review")).status_code == 200
    proposal = launched(campaign, operator, timezone.now())
    signer.get("/approvals/")
    with django_assert_max_num_queries(14):
        page = signer.get(reverse("approvals-proposal", args=[proposal.public_id]))
    assert proposal.summary.startswith("Change “June news”")
    assert "June news" in page.text


def test_what_is_wrong_is_said_with_its_field_and_nothing_is_saved(post, workspace):
    campaign = campaign_of(workspace)

    for step, values, words in (
        ("about", {"name": ""}, "Name"),
        ("channels", {}, "Choose at least one channel."),
        ("channels", {"channels": ["email"], "priority-new-1": "sms"}, "not among the channels"),
        ("texts", {}, "Choose a text for the first step."),
        ("limits", {"budget": "much"}, "is no number"),
        ("limits", {"starts_at": "2026-02-02T10:00", "ends_at": "2026-02-01T10:00"}, "ends before"),
    ):
        answer = post(_save(campaign, step), **values)
        assert answer.status_code == 400, step
        assert words in answer.text, step
    before = OutreachCampaign.objects.get()
    assert (before.name, before.channels, before.budget) == ("June news", ["email"], None)


def test_the_example_sequence_is_one_click(post, workspace):
    campaign = campaign_of(workspace)

    answer = post(_save(campaign, "texts"), example="yes")

    assert answer.url == _edit(campaign, "texts")
    steps = list(
        campaign.steps.order_by("position").values_list("name", "delay_hours", "condition")
    )
    assert steps == [
        ("Welcome", 0, "always"), ("Follow up", 24, "opened"), ("Ask", 24, "clicked"),
        ("Offer", 48, "always"), ("Reminder", 48, "always"),
    ]  # fmt: skip
    assert StepText.objects.get().step.position == 1


def test_an_edited_campaign_asks_for_a_new_plan(post, client_as, operator, workspace):
    campaign = _news(workspace, "ann")
    planned(campaign, operator, timezone.now())

    post(_save(campaign, "limits"), daily_limit="7")

    assert "Plan it anew" in client_as(operator).get(_edit(campaign, "review")).text


def test_an_audience_is_counted_as_one_chooses(client_as, viewer, workspace):
    campaign = campaign_of(workspace)
    audience = audience_of(workspace, contact_of(workspace, first_name="Zoë"))
    path = reverse("outreach-campaign-audience", args=[campaign.public_id])

    page = client_as(viewer).get(f"{path}?audience={audience.public_id}").text

    assert "<strong>1</strong> people now" in page
    assert "Zoë" in page


def test_the_report_shows_funnel_parts_and_days(
    client_as, viewer, workspace, operator, approver, django_assert_max_num_queries
):
    campaign = _running(workspace, operator, approver)
    today = timezone.now().date()
    _count(campaign, today, sent=1_000, delivered=980, opened=300, clicked=50, converted=5)
    _count(campaign, today - timedelta(days=1), sent=500, delivered=490, opened=100, clicked=20)
    client = client_as(viewer)
    client.get(_page(campaign))

    with django_assert_max_num_queries(MOST_QUERIES):
        page = client.get(_page(campaign)).text

    assert "1,500" in page
    assert "98.00 %" in page
    assert "Opened of sent" in page
    assert "2 get it, 0 do not" in page


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_report_is_exported(kind, client_as, viewer, workspace, operator, approver):
    campaign = _running(workspace, operator, approver)
    _count(campaign, date(2026, 6, 1), sent=7)

    answer = client_as(viewer).get(
        reverse("outreach-campaign-export", args=[campaign.public_id, kind])
    )

    assert answer.status_code == 200
    if kind == "csv":
        assert "All,,7,0,0" in answer.content.decode()


def test_a_running_campaign_is_paused_and_stopped_with_a_reason(
    post, workspace, operator, approver
):
    campaign = _running(workspace, operator, approver)

    post(_act(campaign, "pause"), reason="")
    campaign.refresh_from_db()
    assert campaign.status == "active"
    post(_act(campaign, "pause"), reason="Wrong price.")
    campaign.refresh_from_db()
    assert (campaign.status, campaign.paused_reason) == ("paused", "Wrong price.")
    post(_act(campaign, "resume"), reason="Put right.")
    assert CampaignLaunch.objects.filter(operation="resume").exists()
    post(_act(campaign, "stop"), reason="Over.")
    campaign.refresh_from_db()
    assert campaign.status == "completed"


def test_a_small_send_is_signed_by_policy(post, operator, workspace):
    campaign = _news(workspace, "ann")
    was_sent_before(campaign)
    planned(campaign, operator, timezone.now())

    answer = post(_act(campaign, "launch"))

    assert answer.url == _page(campaign)
    assert CampaignLaunch.objects.get().proposal.status != Status.PENDING


def test_a_viewer_changes_nothing(client_as, viewer, workspace):
    campaign = campaign_of(workspace)
    client, given = client_as(viewer), {"workspace": str(workspace.public_id), "name": "Other"}

    assert client.post(_save(campaign, "about"), given).status_code == 403
    assert client.post(_act(campaign, "archive"), given).status_code == 403
    assert client.get("/outreach/campaigns/new/").status_code == 403
    campaign.refresh_from_db()
    assert (campaign.name, campaign.archived_at) == ("June news", None)


def test_figures_of_a_report_lead_to_their_messages(
    client_as, viewer, workspace, operator, approver
):
    campaign = _running(workspace, operator, approver)
    materialise_due(now=timezone.now() + timedelta(days=2))
    sent, opened = OutreachMessage.objects.order_by("pk")
    OutreachMessage.objects.update(status="sending", claimed_by="w", lease_until=NOW)
    OutreachMessage.objects.update(
        status="sent", sent_at=NOW, claimed_by="", lease_until=None, provider="smtp"
    )
    OutreachMessage.objects.filter(pk=opened.pk).update(
        status="opened", opened_at=NOW, variant="b"
    )  # fmt: skip
    _count(campaign, date(2026, 6, 10), sent=2, opened=1, variant="b")
    client = client_as(viewer)
    log = f"{reverse('outreach-messages')}?campaign={campaign.public_id}"

    page = client.get(_page(campaign)).text
    assert f"{log}&amp;reached=opened" in page
    assert f"{log}&amp;channel=email" in page
    for query, found in (
        ("reached=opened", [opened]), ("reached=sent", [opened, sent]), ("variant=b", [opened]),
        ("step=1", [opened, sent]), ("step=2", []), ("reached=clicked", []),
        ("reached=nonsense", [opened, sent]), ("step=x", [opened, sent]),
    ):  # fmt: skip
        shown = client.get(f"{log}&{query}").context["found"].messages
        assert shown == found, query


def test_words_that_differ_by_person_are_rows_of_the_form(post, workspace):
    """A row without a name belongs to the variable above; what is wrong changes nothing."""
    campaign = news_to(contact_of(workspace), workspace=workspace)
    text = campaign.steps.get().texts.get().template
    given = {
        "step-1-text-email": str(text.public_id),
        "personal-1-variable": "offer", "personal-1-field": "customer_type",
        "personal-1-values": "new, returning", "personal-1-words": "10 % off",
        "personal-2-variable": "", "personal-2-field": "", "personal-2-words": "a free week",
        "personal-3-words": "",
    }  # fmt: skip

    assert post(_save(campaign, "texts"), **given).status_code == 302
    campaign.refresh_from_db()
    saved = {
        "offer": [
            {"field": "customer_type", "any_of": ["new", "returning"], "words": "10 % off"},
            {"words": "a free week"},
        ]
    }
    assert campaign.personalisation == saved
    page = post.client.get(_edit(campaign, "texts")).text
    assert 'value="new, returning"' in page
    refused = post(_save(campaign, "texts"), **{**given, "personal-1-values": ""})
    assert refused.status_code == 400
    assert "offer, rule 1: say of which field" in refused.text
    campaign.refresh_from_db()
    assert campaign.personalisation == saved
    assert post(_save(campaign, "texts"), **{"step-1-text-email": str(text.public_id)})
    campaign.refresh_from_db()
    assert campaign.personalisation == saved
