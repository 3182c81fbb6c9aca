"""The policy page: tried first, saved as a version, confirmed by another person."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from django.forms.models import model_to_dict
from django.utils import timezone

from campaigns.models import SafetyPolicy
from campaigns.services.policy import EDITABLE
from campaigns.views.policy_forms import GROUPS
from tests.campaigns.factories import AdAccountFactory, AdSetFactory, SafetyPolicyFactory
from workspaces.gate import Proposer
from workspaces.services.proposing import propose


@pytest.fixture
def now() -> datetime:
    """The page reads the clock itself."""
    return timezone.now()


@pytest.fixture
def standing(workspace) -> SafetyPolicy:
    return SafetyPolicyFactory(workspace=workspace)


def _form(policy: SafetyPolicy, do: str, **changes: object) -> dict[str, object]:
    """What the browser sends: every field as it stands, some changed."""
    fields = {
        name: value
        for name, value in model_to_dict(policy, fields=EDITABLE).items()
        if value is not None and value is not False
    }
    fields.update(blackout_weekly="", blackout_dates="")
    return {**fields, "workspace": policy.workspace.public_id, "do": do, "why": "Test", **changes}


def test_every_limit_stands_on_the_page_with_its_unit(standing, viewer, client_as):
    response = client_as(viewer).get("/policy/")

    assert sorted(name for group in GROUPS for name in group.fields) == sorted(EDITABLE)
    assert "Largest move of one budget in the window (%)" in response.text
    assert "Two signatures above this budget a day (USD)" in response.text
    assert "Show what it would have done" not in response.text  # a viewer cannot


def test_edit_is_tried_before_it_is_saved(standing, workspace, admin, client_as, now):
    ad_set = AdSetFactory(campaign__account__workspace=workspace, daily_budget=Decimal(800))
    propose(
        workspace=workspace,
        kind="ad_change",
        request={
            "entity_type": "adset",
            "entity": str(ad_set.public_id),
            "change_type": "budget",
            "value": "840",
        },
        proposer=Proposer.model("sampler", "v1"),
        reason="It pays.",
        now=now,
    )

    response = client_as(admin).post("/policy/", _form(standing, "simulate", four_eyes_result=820))

    assert {label: (a, b) for label, a, b in response.context["compared"]} == {
        "Signed by the policy": (0, 0),
        "One person signs": (1, 0),
        "Two people sign": (0, 1),
        "Waits first": (0, 0),
        "Blocked": (0, 0),
    }
    assert "one signature → <strong>two signatures</strong>" in response.text
    assert "Save as a new version" in response.text
    assert SafetyPolicy.objects.count() == 1


def test_stricter_version_holds_at_once(standing, workspace, admin, client_as):
    client = client_as(admin)

    client.post("/policy/", _form(standing, "save", velocity_pct=10))

    saved = SafetyPolicy.objects.get(version=2)
    assert (saved.velocity_pct, saved.created_by) == (Decimal(10), admin)
    assert saved.effective_at is not None
    text = client.get("/policy/").text
    assert "Safety policy v2</strong> holds" in text
    assert "<del>20.00</del> → <ins>10.00</ins>" in text


def test_looser_version_waits_for_another_person(
    standing, workspace, admin, approver, operator, client_as
):
    client_as(admin).post("/policy/", _form(standing, "save", velocity_pct=30))
    saved = SafetyPolicy.objects.get(version=2)
    confirm = f"/policy/{saved.pk}/confirm/"
    form = {"workspace": workspace.public_id}

    assert client_as(operator).post(confirm, form).status_code == 403
    assert client_as(admin).post(confirm, form).status_code == 403
    saved.refresh_from_db()
    assert saved.effective_at is None
    assert "waits for confirmation" in client_as(approver).get("/policy/").text

    client_as(approver).post(confirm, form)
    saved.refresh_from_db()
    assert saved.confirmed_by == approver
    assert client_as(approver).post(confirm, form).status_code == 409


def test_waiting_version_can_be_withdrawn(standing, workspace, admin, approver, client_as):
    client_as(admin).post("/policy/", _form(standing, "save", velocity_pct=30))
    saved = SafetyPolicy.objects.get(version=2)

    client_as(approver).post(f"/policy/{saved.pk}/withdraw/", {"workspace": workspace.public_id})

    saved.refresh_from_db()
    assert saved.withdrawn_at is not None


@pytest.mark.parametrize("persona", ["viewer", "operator", "approver"])
@pytest.mark.parametrize("do", ["simulate", "save"])
def test_only_admins_set_policy(standing, client_as, request, persona, do):
    client = client_as(request.getfixturevalue(persona))

    assert client.post("/policy/", _form(standing, do, velocity_pct=10)).status_code == 403
    assert SafetyPolicy.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"velocity_pct": 300}, "less than or equal to 100"),
        ({"velocity_pct": "fast"}, "Enter a number"),
        ({"jitter_min_ms": 20000}, "shortest jitter"),
        ({"auto_min_confidence": "0.5"}, "less confidence"),
        ({"blackout_weekly": "Someday 10:00-11:00"}, "is no window"),
        ({"blackout_weekly": "Sat 25:00-26:00"}, "no such time"),
        ({"blackout_dates": "Christmas"}, "is no day"),
        ({"velocity_window_h": 0}, "above 0"),
    ],
)
def test_impossible_values_are_named(standing, admin, client_as, changes, sentence):
    response = client_as(admin).post("/policy/", _form(standing, "save", **changes))

    assert response.status_code == 400
    assert sentence in response.text
    assert SafetyPolicy.objects.count() == 1


def test_blackouts_are_written_as_lines(standing, admin, client_as):
    client = client_as(admin)
    changes = {
        "blackout_weekly": "Sat 0:00-08:00\nsunday 22:00 – 23:30",
        "blackout_dates": "2026-12-24",
    }

    client.post("/policy/", _form(standing, "save", **changes))

    saved = SafetyPolicy.objects.get(version=2)
    assert saved.blackout_weekly == [[5, "00:00", "08:00"], [6, "22:00", "23:30"]]
    assert saved.blackout_dates == ["2026-12-24"]
    assert "Sat 00:00-08:00\nSun 22:00-23:30" in client.get("/policy/").text


def test_account_has_a_policy_of_its_own(standing, workspace, admin, client_as):
    account = AdAccountFactory(workspace=workspace)
    client = client_as(admin)

    form = _form(standing, "save", velocity_pct=5, account=account.public_id)
    assert client.post("/policy/", form)["Location"] == f"/policy/?account={account.public_id}"

    saved = SafetyPolicy.objects.get(account=account)
    assert (saved.version, saved.velocity_pct) == (1, Decimal(5))
    assert client.get("/policy/").context["standing"] == standing


def test_other_workspaces_account_and_version_do_not_exist(
    standing, outsider, other_workspace, client_as, workspace
):
    account = AdAccountFactory(workspace=workspace)
    client = client_as(outsider)

    assert client.get(f"/policy/?account={account.public_id}").status_code == 404
    assert client.get("/policy/?account=nonsense").status_code == 404
    form = {"workspace": other_workspace.public_id}
    assert client.post(f"/policy/{standing.pk}/confirm/", form).status_code == 404
