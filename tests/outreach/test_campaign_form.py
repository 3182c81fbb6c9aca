"""The form of a campaign: what was typed stays, and nobody writes over another unseen."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from outreach.models import OutreachCampaign
from tests.outreach.launch_steps import email_on, launched, news_to, planned
from tests.outreach.steps import campaign_of, contact_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def post(client_as, operator, workspace):
    """Save a step as an operator."""
    client = client_as(operator)

    def send(campaign: OutreachCampaign, step: str, **values: Any):
        path = reverse("outreach-campaign-save", args=[campaign.public_id, step])
        return client.post(path, {"workspace": str(workspace.public_id), **values})

    send.client = client
    return send


def _edit(campaign: OutreachCampaign, step: str) -> str:
    return reverse("outreach-campaign-edit", args=[campaign.public_id, step])


def _mark(page: str) -> str:
    (found,) = re.findall(r'name="mark" value="([0-9a-f]{16})"', page)
    return found


def test_refused_limits_stand_as_they_were_typed(post, workspace):
    campaign = campaign_of(workspace)

    page = post(
        campaign, "limits", budget="much", daily_limit="50", starts_at="2026-02-01T10:00",
        ends_at="2026-02-03T10:00", **{"budget-email": "12.5"},
    ).text  # fmt: skip

    for typed in ("much", "50", "2026-02-01T10:00", "2026-02-03T10:00", "12.5"):
        assert f'value="{typed}"' in page, typed
    box = re.search(r'<input[^>]*name="send_at_best_hour"[^>]*>', page)
    assert box is not None
    assert "checked" not in box.group()


def test_refused_channels_stay_ticked(post, workspace):
    campaign = campaign_of(workspace)

    answer = post(campaign, "channels", channels=["sms"], **{"priority-new-1": "email"})

    assert answer.status_code == 400
    assert "E-mail is not among the channels." in answer.text
    ticked = [one.value for one in answer.context["channel_lines"] if one.is_chosen]
    assert ticked == ["sms"]
    assert answer.context["priority_rows"][0] == ("new", "New", ["email", "", ""])


def test_refused_steps_stand_as_they_were_typed(post, workspace):
    """Also the step that nobody saved yet, and words that differ by person."""
    campaign = campaign_of(workspace)
    text = str(campaign.steps.get().texts.get().template.public_id)

    answer = post(
        campaign, "texts",
        **{
            "step-1-name": "Hello", "step-1-delay": "two", "step-1-unit": "days",
            "step-1-text-email": text, "step-2-name": "Again", "step-2-delay": "3",
            "step-2-unit": "days", "step-2-condition": "opened",
            "personal-1-variable": "offer", "personal-1-words": "10 % off",
        },
    )  # fmt: skip

    assert answer.status_code == 400
    first, second = answer.context["text_rows"]
    assert (first.step.name, first.delay, first.unit) == ("Hello", "two", "days")
    assert [one.chosen for one in first.cells] == [text]
    assert (second.step.name, second.delay, second.step.condition) == ("Again", "3", "opened")
    (rule,) = answer.context["personal_rows"]
    assert (rule.variable, rule.words) == ("offer", "10 % off")
    assert campaign.steps.get().name == ""


@pytest.mark.parametrize(
    ("step", "mine", "theirs"),
    [
        ("about", {"name": "Mine"}, {"name": "Theirs"}),
        ("limits", {"budget": "5"}, {"budget": "7"}),
        ("texts", {"step-1-name": "Mine"}, {"step-1-name": "Theirs"}),
    ],
)
def test_who_saves_over_another_is_told_first(post, workspace, step, mine, theirs):
    campaign = campaign_of(workspace)
    mark = _mark(post.client.get(_edit(campaign, step)).text)
    assert post(campaign, step, mark=mark, **theirs).status_code == 302
    saved = _mark(post.client.get(_edit(campaign, step)).text)

    refused = post(campaign, step, mark=mark, **mine)

    assert refused.status_code == 400
    assert "Somebody saved this step meanwhile." in refused.text
    assert f'value="{next(iter(mine.values()))}"' in refused.text
    assert _mark(post.client.get(_edit(campaign, step)).text) == saved
    assert post(campaign, step, mark=_mark(refused.text), **mine).status_code == 302
    assert _mark(post.client.get(_edit(campaign, step)).text) not in (mark, saved)


def test_a_step_saved_meanwhile_does_not_hinder_another(post, workspace):
    campaign = campaign_of(workspace)
    mark = _mark(post.client.get(_edit(campaign, "about")).text)
    post(campaign, "limits", budget="7")

    assert post(campaign, "about", mark=mark, name="Mine").status_code == 302


def test_a_refusal_does_not_hide_that_somebody_saved_meanwhile(post, workspace):
    campaign = campaign_of(workspace)
    mark = _mark(post.client.get(_edit(campaign, "limits")).text)
    post(campaign, "limits", budget="7")

    mistaken = post(campaign, "limits", mark=mark, budget="much")

    assert _mark(mistaken.text) == mark
    assert "meanwhile" in post(campaign, "limits", mark=mark, budget="5").text


def test_what_waits_for_a_signature_offers_nothing_to_save(post, operator, workspace):
    email_on(workspace)
    campaign = news_to(contact_of(workspace, "ann@example.com"), workspace=workspace)
    planned(campaign, operator, timezone.now())
    assert "Save and go on" in post.client.get(_edit(campaign, "limits")).text

    launched(campaign, operator, timezone.now())

    page = post.client.get(_edit(campaign, "limits")).text
    assert "waiting for a signature" in page
    assert "Save and go on" not in page


def test_a_name_is_taken_once_in_a_workspace(post, workspace, other_workspace):
    """Said with the form as it was typed; copies find a name of their own."""
    campaign = campaign_of(workspace, name="June")
    campaign_of(other_workspace, name="June")
    other = campaign_of(workspace, name="July")
    values = {"workspace": str(workspace.public_id), "name": "June"}

    made = post.client.post(reverse("outreach-campaign-new"), values)
    renamed = post(other, "about", name="June")
    for _ in range(2):
        copy = reverse("outreach-campaign-act", args=[campaign.public_id, "copy"])
        assert post.client.post(copy, values).status_code == 302

    for refused in (made, renamed):
        assert refused.status_code == 400
        assert "There is a campaign of this name already." in refused.text
        assert 'value="June"' in refused.text
    names = OutreachCampaign.objects.filter(workspace=workspace).values_list("name", flat=True)
    assert sorted(names) == ["July", "June", "June (copy 2)", "June (copy)"]


@pytest.mark.parametrize("amount", ["1.234,56", "12,5"])
def test_no_amount_is_read_as_another(post, workspace, amount):
    campaign = campaign_of(workspace)

    answer = post(campaign, "limits", budget=amount)

    assert answer.status_code == 400
    assert "write 1234.56, with a point for decimals" in answer.text
    campaign.refresh_from_db()
    assert campaign.budget is None


def test_an_end_that_is_past_is_refused_when_it_is_typed(post, workspace):
    campaign = campaign_of(workspace)

    answer = post(campaign, "limits", ends_at="2020-02-01T10:00")

    assert answer.status_code == 400
    assert "This is over already" in answer.text
    campaign.refresh_from_db()
    assert campaign.ends_at is None
