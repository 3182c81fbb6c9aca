"""The safety policy as versions: stricter at once, looser by two people, never edited."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, InternalError, transaction
from django.db.models import ProtectedError

from campaigns.models import SafetyPolicy
from campaigns.selectors.policies import current_policy
from campaigns.services.policy import EDITABLE, confirm_policy, save_policy, withdraw_policy
from tests.campaigns.change_steps import connected
from workspaces.gate import NotAllowedError, RequestError, StateError

REFUSALS = (IntegrityError, InternalError, ProtectedError)


@pytest.fixture
def save(workspace, admin, now):
    def call(account=None, by=None, **values):
        return save_policy(
            workspace=workspace, values=values, by=by or admin, now=now, account=account, why="x"
        )

    return call


def in_force(workspace, account=None):
    return current_policy(workspace=workspace, account=account)


def test_stricter_version_holds_at_once(workspace, save, now):
    policy = save(rate_campaign_hour=10)

    assert (policy.version, policy.effective_at, policy.loosens) == (1, now, [])
    assert in_force(workspace).rate_campaign_hour == 10


def test_looser_version_waits_for_a_second_person(workspace, save, admin, approver, now):
    policy = save(velocity_pct=Decimal(30))
    assert (policy.effective_at, policy.loosens) == (None, ["velocity_pct"])
    assert in_force(workspace).velocity_pct == 20

    with pytest.raises(NotAllowedError, match="You made this version"):
        confirm_policy(policy=policy, by=admin, now=now)
    assert in_force(workspace).velocity_pct == 20

    confirm_policy(policy=policy, by=approver, now=now)
    assert in_force(workspace).velocity_pct == 30
    with pytest.raises(StateError, match="decided already"):
        confirm_policy(policy=policy, by=approver, now=now)


@pytest.mark.parametrize(
    ("values", "loosens"),
    [
        ({"auto_approve_enabled": True}, True),
        ({"learning_mode": "warning"}, True),
        ({"min_daily_budget": 2}, False),
        ({"min_daily_budget": Decimal("0.5")}, True),
        ({"max_daily_budget": 500}, False),
        ({"auto_min_confidence": Decimal("0.80")}, True),
        ({"auto_min_confidence": Decimal("0.90")}, False),
        ({"four_eyes_result": 1001}, True),
        ({"freshness_h": 12}, False),
        ({"expiry_h": 25}, True),
        ({"jitter_min_ms": 0}, True),
        ({"ignorance_rule": "and"}, True),
        ({"blackout_weekly": [[5, "08:00", "10:00"]]}, False),
        ({"rate_campaign_hour": 10, "platform_rate_hour": 5}, True),
    ],
    ids=str,
)
def test_direction_of_every_kind_of_limit(workspace, save, values, loosens):
    policy = save(**values)

    assert bool(policy.loosens) is loosens
    assert (policy.effective_at is None) is loosens


def test_taking_a_blackout_away_is_looser(workspace, save):
    save(blackout_weekly=[[5, "08:00", "10:00"]])

    assert save(blackout_weekly=[]).loosens == ["blackout_weekly"]
    assert in_force(workspace).blackout_weekly == [[5, "08:00", "10:00"]]


def test_older_version_is_not_confirmed_over_a_newer_one(workspace, save, approver, now):
    loose = save(velocity_pct=Decimal(30))
    save(rate_campaign_hour=10)

    with pytest.raises(StateError, match="newer version"):
        confirm_policy(policy=loose, by=approver, now=now)

    assert (in_force(workspace).velocity_pct, in_force(workspace).rate_campaign_hour) == (20, 10)


def test_withdrawn_version_never_holds(workspace, save, approver, now):
    policy = save(velocity_pct=Decimal(30))

    withdraw_policy(policy=policy, by=approver, now=now)

    with pytest.raises(StateError):
        confirm_policy(policy=policy, by=approver, now=now)
    assert in_force(workspace).velocity_pct == 20


@pytest.mark.parametrize("role", ["viewer", "agent", "operator", "approver", "outsider"])
def test_only_admins_set_policy(workspace, save, role, request):
    with pytest.raises(NotAllowedError):
        save(by=request.getfixturevalue(role), rate_campaign_hour=1)

    assert not SafetyPolicy.objects.exists()


@pytest.mark.parametrize("role", ["viewer", "agent", "operator", "outsider"])
def test_only_approvers_confirm(workspace, save, now, role, request):
    policy = save(velocity_pct=Decimal(30))

    with pytest.raises(NotAllowedError):
        confirm_policy(policy=policy, by=request.getfixturevalue(role), now=now)

    assert in_force(workspace).velocity_pct == 20


def test_override_of_an_account_is_its_own_line_of_versions(workspace, save):
    account, other = connected(workspace), connected(workspace)
    save(rate_campaign_hour=12)

    override = save(account=account, rate_campaign_hour=5)
    save(rate_campaign_hour=11)

    assert override.version == 1
    assert in_force(workspace, account).rate_campaign_hour == 5
    assert in_force(workspace, other).rate_campaign_hour == 11
    assert in_force(workspace).rate_campaign_hour == 11


def test_account_of_another_workspace_is_not_found(save, other_workspace):
    with pytest.raises(RequestError) as refusal:
        save(account=connected(other_workspace), rate_campaign_hour=5)

    assert refusal.value.field == "account"
    assert not SafetyPolicy.objects.exists()


@pytest.mark.parametrize("field", [name for name in EDITABLE if name not in ("decay_form",)])
def test_stored_version_is_immutable(workspace, save, field):
    policy = save(rate_campaign_hour=10)
    value = getattr(policy, field)
    other = {bool: lambda: not value, list: lambda: ["x"]}.get(type(value), lambda: 1)()
    if field in ("learning_mode", "ignorance_rule"):
        other = {"learning_mode": "warning", "ignorance_rule": "and"}[field]

    with pytest.raises(REFUSALS), transaction.atomic():
        SafetyPolicy.objects.update(**{field: 2 if other == value else other})
    with pytest.raises(REFUSALS), transaction.atomic():
        SafetyPolicy.objects.all()._raw_delete("default")

    policy.refresh_from_db()
    assert getattr(policy, field) == value


def test_looser_version_is_not_put_in_force_behind_the_services(save, admin, now):
    policy = SafetyPolicy.objects.filter(pk=save(velocity_pct=Decimal(30)).pk)

    for change in ({"effective_at": now}, {"effective_at": now, "confirmed_by": admin}):
        with pytest.raises(REFUSALS), transaction.atomic():
            policy.update(**change)

    assert policy.get().effective_at is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("fuzz_pct", Decimal("3.01")),
        ("fuzz_pct", -1),
        ("velocity_pct", 101),
        ("velocity_pct", "abc"),
        ("velocity_pct", "NaN"),
        ("rate_campaign_hour", -1),
        ("rate_campaign_hour", None),
        ("velocity_window_h", 0),
        ("min_daily_budget", Decimal(-1)),
        ("learning_mode", "ignore"),
        ("auto_min_confidence", Decimal("1.1")),
        ("blackout_weekly", [[7, "08:00", "10:00"]]),
        ("blackout_weekly", [[5, "8 o'clock", "10:00"]]),
        ("blackout_weekly", [[5, "08:00"]]),
        ("blackout_weekly", 5),
        ("blackout_dates", ["24.12.2026"]),
        ("blackout_dates", 7),
        ("no_such_field", 1),
        ("effective_at", "2026-01-01"),
        ("version", 99),
    ],
)
def test_impossible_value_names_its_field_and_saves_nothing(save, field, value):
    with pytest.raises(RequestError) as refusal:
        save(**{field: value})

    assert refusal.value.field == field
    assert str(refusal.value).endswith(".") or "must be" in str(refusal.value)
    assert not SafetyPolicy.objects.exists()


@pytest.mark.parametrize("value", ["", " ", None])
def test_emptied_limit_is_no_limit(workspace, save, value):
    save(max_daily_budget=500)

    assert save(max_daily_budget=value).loosens == ["max_daily_budget"]


def test_policy_never_signs_below_the_samplers_confidence(save):
    assert save(auto_min_confidence=Decimal("0.70")).pk

    with pytest.raises(RequestError, match=r"confidence"):
        save(auto_min_confidence=Decimal("0.6999"))
    with pytest.raises(REFUSALS), transaction.atomic():
        SafetyPolicy.objects.create(
            workspace=SafetyPolicy.objects.get().workspace, version=9,
            auto_min_confidence=Decimal("0.60"), created_at="2026-11-21T00:00:00Z",
        )  # fmt: skip


def test_jitter_ends_in_order(save):
    with pytest.raises(RequestError, match="jitter"):
        save(jitter_min_ms=9_000, jitter_max_ms=8_000)
