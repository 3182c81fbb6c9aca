"""What people do in the admin goes through the services, with what was shown."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests import admin_rows
from tests.workspaces.factories import ConnectionFactory, ExchangeRateFactory, MembershipFactory
from workspaces.models import (
    ApiKey,
    Connection,
    ExchangeRate,
    Invitation,
    JobConfig,
    JobRun,
    Membership,
    Signature,
    Status,
    WebhookEndpoint,
    Workspace,
)
from workspaces.services import job_kinds, jobs, proposing

PROPOSALS = "/admin/workspaces/proposal/"


@pytest.fixture
def here(workspace):
    """What every form carries."""
    return {"workspace": str(workspace.public_id)}


def _selected(action: str, *rows, **more) -> dict[str, object]:
    return {"action": action, "_selected_action": [row.pk for row in rows], **more}


# --- the gate's door -----------------------------------------------------------------------------


def test_signing_first_shows_diff_and_hash(workspace, client_as, approver, here):
    proposal = admin_rows.propose(workspace)

    page = client_as(approver).post(PROPOSALS, {**_selected("sign_selected", proposal), **here})

    assert page.status_code == 200
    sha256 = proposal.current_plan.sha256
    assert f'value="{proposal.pk}:{sha256}"' in page.text
    assert "blank → hello" in page.text
    assert not Signature.objects.exists()


def test_confirmed_hash_is_signed(workspace, client_as, approver, here):
    proposal = admin_rows.propose(workspace)
    plan = f"{proposal.pk}:{proposal.current_plan.sha256}"
    form = _selected("sign_selected", proposal, confirm="yes", plan=plan, **here)

    page = client_as(approver).post(PROPOSALS, form, follow=True)

    proposal.refresh_from_db()
    assert proposal.status == Status.APPROVED
    assert Signature.objects.get().person == approver
    assert "1 change signed." in page.text


def test_plan_that_was_not_shown_is_not_signed(workspace, client_as, approver, admin, here):
    proposal = admin_rows.propose(workspace)
    shown = f"{proposal.pk}:{proposal.current_plan.sha256}"
    proposing.edit(proposal_id=proposal.pk, changes={"text": "other"}, by=admin, now=timezone.now())
    form = _selected("sign_selected", proposal, confirm="yes", plan=shown, **here)

    page = client_as(approver).post(PROPOSALS, form, follow=True)

    proposal.refresh_from_db()
    assert proposal.status == Status.PENDING
    assert not Signature.objects.exists()
    assert "was updated after you opened it" in page.text


@pytest.mark.parametrize("plan", ["", "7", "x:y", "{pk}:", "{pk}:" + "0" * 64])
def test_nothing_is_signed_without_its_hash(workspace, client_as, approver, here, plan):
    proposal = admin_rows.propose(workspace)
    text = plan.format(pk=proposal.pk)
    form = _selected("sign_selected", proposal, confirm="yes", plan=text, **here)

    client_as(approver).post(PROPOSALS, form)

    assert not Signature.objects.exists()


@pytest.mark.parametrize("persona", ["viewer", "agent", "operator"])
def test_lower_role_cannot_sign_here(workspace, client_as, request, here, persona):
    proposal = admin_rows.propose(workspace)
    plan = f"{proposal.pk}:{proposal.current_plan.sha256}"
    form = _selected("sign_selected", proposal, confirm="yes", plan=plan, **here)

    client_as(request.getfixturevalue(persona)).post(PROPOSALS, form)

    assert not Signature.objects.exists()


def test_proposal_of_another_workspace_cannot_be_signed_from_here(
    workspace, other_workspace, client_as, approver, here
):
    MembershipFactory(workspace=other_workspace, user=approver, role="approver")
    foreign = admin_rows.propose(other_workspace)
    plan = f"{foreign.pk}:{foreign.current_plan.sha256}"
    form = _selected("sign_selected", foreign, confirm="yes", plan=plan, **here)

    client_as(approver).post(PROPOSALS, form)

    assert not Signature.objects.exists()


def test_rejecting_asks_why(workspace, client_as, approver, here):
    proposal = admin_rows.propose(workspace)
    plan = f"{proposal.pk}:{proposal.current_plan.sha256}"
    form = _selected("reject_selected", proposal, confirm="yes", plan=plan, **here)
    client = client_as(approver)

    page = client.post(PROPOSALS, form)
    assert "Give a reason" in page.text
    client.post(PROPOSALS, {**form, "why": "Too soon."})

    proposal.refresh_from_db()
    assert (proposal.status, proposal.decision_reason) == (Status.REJECTED, "Too soon.")


@pytest.mark.parametrize("name", ["sign_selected", "reject_selected"])
def test_reading_an_action_address_changes_nothing(workspace, client_as, approver, name):
    proposal = admin_rows.propose(workspace)
    plan = f"{proposal.pk}:{proposal.current_plan.sha256}"

    client_as(approver).get(PROPOSALS, _selected(name, proposal, confirm="yes", plan=plan))

    proposal.refresh_from_db()
    assert proposal.status == Status.PENDING


# --- the workspace in the form -------------------------------------------------------------------


def test_form_of_another_workspace_is_refused(workspace, other_workspace, client_as, admin):
    url = reverse("admin:workspaces_workspace_change", args=[workspace.pk])
    form = {"name": "Changed", "mode": "direct", "workspace": str(other_workspace.public_id)}

    answer = client_as(admin).post(url, form)

    assert answer.status_code == 409
    assert "You switched workspace in another tab" in answer.text
    assert Workspace.objects.get(pk=workspace.pk).name == "Acme"


def test_form_without_workspace_is_refused(workspace, client_as, admin):
    url = reverse("admin:workspaces_exchangerate_add")

    answer = client_as(admin).post(url, {"day": "2026-01-02", "base": "EUR", "quote": "USD"})

    assert answer.status_code == 400
    assert not ExchangeRate.objects.exists()


@pytest.mark.parametrize(
    "path",
    [
        "/admin/workspaces/exchangerate/add/",
        "/admin/workspaces/exchangerate/",
        "/admin/workspaces/exchangerate/import/",
        "/admin/workspaces/exchangerate/export/",
        "/admin/workspaces/exchangerate/{pk}/change/",
        "/admin/workspaces/exchangerate/{pk}/delete/",
    ],
)
def test_every_form_of_the_admin_names_its_workspace(workspace, client_as, admin, path):
    rate = ExchangeRateFactory(workspace=workspace)

    text = client_as(admin).get(path.format(pk=rate.pk)).text

    hidden = f'<input type="hidden" name="workspace" value="{workspace.public_id}">'
    assert text.count('method="post"') + text.count('method="POST"') <= text.count(hidden)
    assert hidden in text


def test_settings_are_changed_by_an_admin_and_recorded(workspace, client_as, admin, here):
    url = reverse("admin:workspaces_workspace_change", args=[workspace.pk])
    form = {"name": "Acme Inc", "mode": "direct", "currency": "USD", "time_zone": "UTC", **here}

    client_as(admin).post(url, form)
    history = client_as(admin).get(
        reverse("admin:workspaces_workspace_history", args=[workspace.pk])
    )

    assert Workspace.objects.get(pk=workspace.pk).name == "Acme Inc"
    assert "Name: Acme → Acme Inc" in history.text
    assert str(admin) in history.text


def test_currency_is_fixed_once_data_exist(workspace, client_as, admin, here, now):
    Workspace.objects.filter(pk=workspace.pk).update(data_since=now)
    url = reverse("admin:workspaces_workspace_change", args=[workspace.pk])

    client_as(admin).post(url, {"name": "Acme", "mode": "direct", "currency": "EUR", **here})

    assert Workspace.objects.get(pk=workspace.pk).currency == "USD"


# --- people --------------------------------------------------------------------------------------


def test_role_is_changed_by_the_service(workspace, client_as, admin, viewer, here):
    member = Membership.objects.get(user=viewer)
    url = reverse("admin:workspaces_membership_change", args=[member.pk])

    client_as(admin).post(url, {"role": "operator", **here})

    assert Membership.objects.get(pk=member.pk).role == "operator"


def test_last_admin_stays(workspace, client_as, admin, here):
    member = Membership.objects.get(user=admin)
    client = client_as(admin)

    change = reverse("admin:workspaces_membership_change", args=[member.pk])
    page = client.post(change, {"role": "viewer", **here}, follow=True)
    delete = reverse("admin:workspaces_membership_delete", args=[member.pk])
    client.post(delete, {"post": "yes", **here})

    assert "This is the last admin" in page.text
    assert Membership.objects.get(pk=member.pk).role == "admin"


def test_invitation_is_sent_and_revoked(
    workspace, client_as, admin, here, mailoutbox, django_capture_on_commit_callbacks
):
    client = client_as(admin)
    form = {"email": "New@Example.com", "role": "agent", **here}

    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("admin:workspaces_invitation_add"), form)
    made = Invitation.objects.get()
    again = client.post(reverse("admin:workspaces_invitation_add"), form)
    listing = reverse("admin:workspaces_invitation_changelist")
    client.post(listing, {**_selected("revoke_selected", made), **here})

    made.refresh_from_db()
    assert (made.email, made.role, made.invited_by) == ("new@example.com", "agent", admin)
    assert [mail.to for mail in mailoutbox] == [["new@example.com"]]
    assert "An invitation to new@example.com is open" in again.text
    assert made.revoked_at is not None


# --- keys, connections, webhooks -----------------------------------------------------------------


def test_key_is_shown_once(workspace, client_as, admin, here):
    client = client_as(admin)
    form = {"name": "Reader", "kind": "integration", "scopes": ["changes:read"], **here}

    answer = client.post(reverse("admin:workspaces_apikey_add"), form)
    key = ApiKey.objects.get()
    detail = client.get(reverse("admin:workspaces_apikey_change", args=[key.pk]))

    plain = answer.text.partition('<code id="secret">')[2].partition("<")[0]
    assert ApiKey.objects.get_from_key(plain) == key
    assert (key.workspace, key.scopes, key.acts_as) == (workspace, ["changes:read"], None)
    assert "no-store" in answer.headers["Cache-Control"]
    assert plain not in detail.text


def test_key_that_signs_is_its_maker(workspace, client_as, admin, here):
    form = {
        "name": "Signer",
        "kind": "integration",
        "scopes": ["changes:sign"],
        "is_mine": "on",
        **here,
    }

    client_as(admin).post(reverse("admin:workspaces_apikey_add"), form)

    assert ApiKey.objects.get().acts_as == admin


def test_key_that_cannot_be_made_is_refused_in_words(workspace, client_as, admin, here):
    form = {"name": "Signer", "kind": "integration", "scopes": ["changes:sign"], **here}

    page = client_as(admin).post(reverse("admin:workspaces_apikey_add"), form, follow=True)

    assert not ApiKey.objects.exists()
    assert "bound to a person" in page.text


def test_connection_is_paused_and_resumed(workspace, client_as, admin, here):
    connection = ConnectionFactory(workspace=workspace)
    url = reverse("admin:workspaces_connection_changelist")
    client = client_as(admin)

    client.post(url, {**_selected("pause_selected", connection), **here})
    assert Connection.objects.get().status == "paused"
    client.post(url, {**_selected("resume_selected", connection), **here})
    assert Connection.objects.get().status == "active"


def test_endpoint_secret_is_shown_once(workspace, client_as, admin, here):
    client = client_as(admin)
    form = {"url": "https://example.com/hook", "format": "standard", **here}

    answer = client.post(reverse("admin:workspaces_webhookendpoint_add"), form)

    endpoint = WebhookEndpoint.objects.get()
    detail = client.get(reverse("admin:workspaces_webhookendpoint_change", args=[endpoint.pk]))
    plain = answer.text.partition('<code id="secret">')[2].partition("<")[0]
    assert plain.startswith("whsec_")
    assert plain not in detail.text
    assert endpoint.secret not in detail.text


@pytest.mark.parametrize("lookup", ["secret__startswith", "connection__secret__startswith"])
def test_secrets_cannot_be_guessed_by_filter(workspace, client_as, admin, lookup):
    ConnectionFactory(workspace=workspace, secret="cipher")
    model = "adaccount" if lookup.startswith("connection") else "connection"
    app = "campaigns" if model == "adaccount" else "workspaces"

    answer = client_as(admin).get(f"/admin/{app}/{model}/", {lookup: "c"})

    assert answer.status_code == 400


# --- jobs and rates ------------------------------------------------------------------------------


def test_job_is_started_by_an_operator(
    workspace, client_as, operator, here, django_capture_on_commit_callbacks
):
    jobs.register_job("count", "Counting", lambda progress: None)
    config = JobConfig.objects.create(workspace=workspace, name="count", max_per_hour=1)
    url = reverse("admin:workspaces_jobconfig_changelist")
    client = client_as(operator)

    with django_capture_on_commit_callbacks() as sent:
        client.post(url, {**_selected("run_now", config), **here})
    run = JobRun.objects.get()
    jobs.perform(run_id=run.pk)
    page = client.post(url, {**_selected("run_now", config), **here}, follow=True)

    assert len(sent) >= 1
    assert (run.name, run.trigger, run.started_by) == ("count", "manual", operator)
    assert "which is its limit" in page.text
    job_kinds._jobs.pop("count")


def test_second_rate_of_a_day_is_refused_in_words(workspace, client_as, admin, here):
    ExchangeRateFactory(workspace=workspace, day="2026-01-02", base="EUR", quote="USD")
    form = {"day": "2026-01-02", "base": "EUR", "quote": "USD", "rate": "1.2", **here}

    page = client_as(admin).post(reverse("admin:workspaces_exchangerate_add"), form)

    assert "There is a rate for this pair and day already." in page.text
    assert ExchangeRate.objects.count() == 1


def test_new_rate_belongs_to_the_workspace(workspace, client_as, admin, here):
    form = {"day": "2026-01-02", "base": "EUR", "quote": "USD", "rate": "1.2", **here}

    client_as(admin).post(reverse("admin:workspaces_exchangerate_add"), form)

    assert ExchangeRate.objects.get().workspace == workspace


def test_invitation_that_expired_makes_room(workspace, client_as, admin, here):
    Invitation.objects.create(
        workspace=workspace,
        email="new@example.com",
        invited_by=admin,
        expires_at=timezone.now() - timedelta(days=1),
    )
    form = {"email": "new@example.com", "role": "agent", **here}

    client_as(admin).post(reverse("admin:workspaces_invitation_add"), form)

    assert Invitation.objects.filter(revoked_at=None).count() == 1
