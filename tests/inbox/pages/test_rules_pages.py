"""How the inbox is run: switches, promises, hours, rules and desks, by those who may."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from inbox.models import AgentProfile, AssignmentRule, BusinessHours, InboxPolicy, SLAPolicy
from inbox.services.ruling import Minutes, promises_of
from inbox.services.sharing_out import delete_rule, move_rule, save_rule
from workspaces.gate import Proposer, RequestError
from workspaces.models import User, Workspace

pytestmark = pytest.mark.django_db

Browse = Callable[[User], Client]
PLACE = {"settings": "/inbox/settings/", "assignment": "/inbox/assignment/", "desk": "/inbox/desk/"}


@pytest.fixture
def post(client_as: Browse, workspace: Workspace) -> Callable[..., Any]:
    def send(user: User, page: str, **values: Any) -> Any:
        own = {"workspace": str(workspace.public_id)}
        return client_as(user).post(PLACE[page], own | values)

    return send


@pytest.mark.parametrize("page", PLACE)
def test_each_page_costs_few_queries(
    client_as: Browse, admin: User, page: str, django_assert_max_num_queries: Any
) -> None:
    client = client_as(admin)
    client.get(PLACE[page])
    with django_assert_max_num_queries(12):
        assert client.get(PLACE[page]).status_code == 200


def policy(**values: Any) -> dict[str, Any]:
    return {
        "do": "policy", "order": "fifo", "undo_s": "20", "close_waiting_after_days": "3",
        "satisfaction_after_minutes": "60", "satisfaction_text": "How was it?", **values,
    }  # fmt: skip


def test_an_admin_sets_the_switches(
    post: Callable[..., Any], admin: User, approver: User, workspace: Workspace
) -> None:
    values = policy(acknowledges="on", acknowledgement="Hi {{ first_name }}, till {{ hours }}.")
    assert post(approver, "settings", **values).status_code == 403
    assert not InboxPolicy.objects.exists()
    assert post(admin, "settings", **values).status_code == 302
    row = InboxPolicy.objects.get(workspace=workspace)
    assert (row.order, row.undo_s, row.acknowledges, row.drafts_on) == ("fifo", 20, True, False)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"acknowledges": "on"}, "Write what people are told."),
        ({"acknowledgement": "Hi {{ nobody }}"}, "nobody"),
        ({"undo_s": "121"}, "120"),
    ],
)
def test_what_is_wrong_with_a_switch_is_said(
    post: Callable[..., Any], admin: User, values: dict[str, Any], words: str
) -> None:
    answer = post(admin, "settings", **policy(**values))
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not InboxPolicy.objects.exists()


def test_promises_are_kept_where_they_are_others_than_shipped(
    post: Callable[..., Any], admin: User, workspace: Workspace
) -> None:
    values: dict[str, Any] = {"do": "promises"}
    for (channel, urgency), minutes in promises_of(workspace=workspace).items():
        values[f"first-{channel}-{urgency}"] = str(minutes.first)
        values[f"resolution-{channel}-{urgency}"] = str(minutes.resolution)
    post(admin, "settings", **values)
    assert not SLAPolicy.objects.exists()

    values |= {"first-email-high": "30", "next-email-high": "45", "resolution-email-high": ""}
    post(admin, "settings", **values)
    row = SLAPolicy.objects.get(workspace=workspace)
    assert (row.channel, row.urgency, row.first_minutes, row.next_minutes) == (
        "email", "high", 30, 45,
    )  # fmt: skip
    assert promises_of(workspace=workspace)["email", "high"] == Minutes(30, 45, None)

    refused = post(admin, "settings", **values | {"first-sms-low": "0"})
    assert refused.status_code in (400, 422)
    assert "SMS, low urgency: give 1 to" in refused.content.decode()
    assert SLAPolicy.objects.count() == 1


def test_hours_are_typed_as_people_say_them(
    post: Callable[..., Any], admin: User, workspace: Workspace
) -> None:
    values = {
        "do": "hours", "team": "sales", "time_zone": "Europe/Vienna",
        "mon": "9-12, 13:00 – 17:30", "tue": "closed",
        "holidays": "2026-12-25\n2026-12-24 09:00-12:00",
    }  # fmt: skip
    assert post(admin, "settings", **values).status_code == 302
    row = BusinessHours.objects.get(workspace=workspace)
    assert (row.team, row.week) == (
        "sales", {"mon": [["09:00", "12:00"], ["13:00", "17:30"]], "tue": []},
    )  # fmt: skip
    assert row.holidays == {"2026-12-24": [["09:00", "12:00"]], "2026-12-25": []}
    for wrong, words in (
        ({"mon": "morning"}, "Monday: “morning” is no span"),
        ({"mon": "17:00-09:00"}, "ends after it begins"),
        ({"holidays": "Christmas"}, "begins with no date"),
        ({"time_zone": "Mars/Base"}, "Mars/Base"),
        ({"team": "hr"}, "Choose among sales"),
    ):
        answer = post(admin, "settings", **values | wrong)
        assert answer.status_code in (400, 422), wrong
        assert words in answer.content.decode(), wrong
    assert post(admin, "settings", do="no-hours", team="sales").status_code == 302
    assert not BusinessHours.objects.exists()


def test_an_approver_makes_orders_and_switches_rules(
    post: Callable[..., Any], approver: User, agent: User, operator: User, workspace: Workspace
) -> None:
    values = {
        "do": "save", "name": "German", "languages": "DE, de", "channels": ["email"],
        "people": [str(agent.pk)], "how": "load", "most_open": "5",
    }  # fmt: skip
    assert post(operator, "assignment", **values).status_code == 403
    assert not AssignmentRule.objects.exists()
    post(approver, "assignment", **values)
    post(approver, "assignment", do="save", name="All", how="round_robin")
    one, two = AssignmentRule.objects.order_by("position")
    assert (one.name, one.languages, one.channels, one.people, one.most_open) == (
        "German", ["de"], ["email"], [agent.pk], 5,
    )  # fmt: skip
    post(approver, "assignment", do="up", rule=two.pk)
    post(approver, "assignment", do="off", rule=one.pk)
    told = AssignmentRule.objects.order_by("position").values_list("name", "is_on", "position")
    assert list(told) == [("All", True, 0), ("German", False, 1)]
    post(approver, "assignment", do="delete", rule=two.pk)
    assert list(AssignmentRule.objects.values_list("name", "position")) == [("German", 0)]


def test_what_is_wrong_with_a_rule_is_said_and_rules_of_others_are_not_ours(
    post: Callable[..., Any], approver: User, viewer: User, other_workspace: Workspace
) -> None:
    other = AssignmentRule.objects.create(workspace=other_workspace, name="Theirs")
    assert post(approver, "assignment", do="delete", rule=other.pk).status_code == 404
    for wrong in (
        {"name": ""}, {"channels": ["fax"]}, {"intents": ["love"]}, {"people": [viewer.pk]},
        {"how": "dice"}, {"team": "hr"}, {"most_open": "x"}, {"min_value_at_risk": "nan"},
        {"name": "a\x00"}, {"skills": "tax\x00"},
    ):  # fmt: skip
        values = {"do": "save", "name": "One", "how": "load"} | wrong
        assert post(approver, "assignment", **values).status_code in (400, 422), wrong
    assert list(AssignmentRule.objects.values_list("name", flat=True)) == ["Theirs"]


def test_what_names_nobody_and_a_rule_that_went_meanwhile_break_nothing(
    post: Callable[..., Any], approver: User, workspace: Workspace
) -> None:
    values = {"do": "save", "name": "One", "how": "load", "people": ["9" * 5_000, "٣"]}
    assert post(approver, "assignment", **values).status_code == 302
    gone = AssignmentRule.objects.get()
    assert gone.people == []
    AssignmentRule.objects.filter(pk=gone.pk).delete()
    own: Any = {"by": Proposer.person(approver), "now": timezone.now()}
    for act in (
        lambda: move_rule(rule=gone, up=True, **own),
        lambda: delete_rule(rule=gone, **own),
        lambda: save_rule(workspace=workspace, rule=gone, values={"name": "Two"}, **own),
    ):
        with pytest.raises(RequestError, match="took this rule away"):
            act()


def test_trying_says_who_would_get_it(
    client_as: Browse, viewer: User, agent: User, workspace: Workspace
) -> None:
    AssignmentRule.objects.create(workspace=workspace, name="All", people=[agent.pk])
    html = client_as(viewer).get("/inbox/assignment/?try=1&team=sales").content.decode()
    assert "agent@acme.example</strong> would get it now" in html
    assert 'id="rule-form"' not in html  # viewers only look
    assert not AgentProfile.objects.exists()


def test_an_agent_says_whether_they_are_there(
    post: Callable[..., Any], agent: User, admin: User, viewer: User, workspace: Workspace
) -> None:
    until = timezone.now() + timedelta(days=2)
    values = {
        "is_away": "1", "away_until": until.strftime("%Y-%m-%dT%H:%M"), "away_note": "Holiday",
        "languages": "de", "skills": "Tax", "signature": "Regards", "capacity": "0",
    }  # fmt: skip
    assert post(viewer, "desk", **values).status_code == 403
    assert post(agent, "desk", **values).status_code == 302
    row = AgentProfile.objects.get(workspace=workspace, user=agent)
    assert (row.is_away, row.away_note, row.languages, row.skills, row.signature) == (
        True, "Holiday", ["de"], ["tax"], "Regards",
    )  # fmt: skip
    assert row.capacity == 50  # an admin's to say
    assert post(agent, "desk", **values | {"of": admin.pk}).status_code == 404

    post(admin, "desk", of=agent.pk, team="sales", capacity="7", skills="tax, law")
    row.refresh_from_db()
    assert (row.team, row.capacity, row.skills, row.is_away, row.away_until) == (
        "sales", 7, ["tax", "law"], False, None,
    )  # fmt: skip
    agent.time_zone = "Asia/Tokyo"
    agent.save()
    html = post(agent, "desk", **values | {"away_until": "2100-01-02T09:30"}).client.get(
        PLACE["desk"]
    ).content.decode()  # fmt: skip
    assert "away until 2 Jan 09:30 (Holiday)" in html
    assert 'value="2100-01-02T09:30"' in html
    for moment in ("2020-01-01T00:00", "9999-12-31T23:59"):
        wrong = values | {"away_until": moment}
        assert "moment to come" in post(agent, "desk", **wrong).content.decode()
    assert post(agent, "desk", **values | {"away_note": "\x00"}).status_code == 400
