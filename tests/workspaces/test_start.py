"""``/start/``: the first admin, the workspace, the steps, connections, invitations."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.workspaces.factories import ConnectionFactory, MembershipFactory, UserFactory
from workspaces import crypto, hooks
from workspaces.models import Connection, Invitation, Membership, User, Workspace
from workspaces.services import accounts, invitations
from workspaces.services.refusals import RefusedError
from workspaces.services.workspaces import create_workspace

FIRST = {
    "email": "boss@example.com",
    "first_name": "Bo",
    "password": "violet anchor 71",
    "password_again": "violet anchor 71",
}
TEAM = {
    "name": "Acme",
    "slug": "acme-2",
    "currency": "eur",
    "time_zone": "Europe/Berlin",
    "mode": "pipeline",
}


@pytest.fixture
def probe():
    def tester(found: Connection, secret: dict[str, str]) -> str:
        if secret["token"] == "bad":
            raise hooks.ConnectionTestError("The token was refused.", needs_login=True)
        return "It answers."

    fields = (hooks.SecretField("token", "Access token"),)
    hooks.register_connection_kind("probe", "Probe", fields, tester)


def test_empty_installation_leads_to_a_working_admin(client, db):
    assert "installation is empty" in client.get(reverse("start")).content.decode()
    assert client.post(reverse("start-admin"), FIRST).url == reverse("start-workspace")
    assert client.get(reverse("start")).url == reverse("start-workspace")

    client.post(reverse("start-workspace"), TEAM)

    membership = Membership.objects.get()
    team = membership.workspace
    assert (membership.user.email, membership.role) == ("boss@example.com", "admin")
    assert (team.currency, team.time_zone, team.mode) == ("EUR", "Europe/Berlin", "pipeline")
    page = client.get(reverse("start"))
    assert [step.is_next for step in page.context["steps"]].index(True) == 1


def test_first_admin_is_made_only_while_nobody_exists(viewer, client):
    assert client.get(reverse("start")).url == "/accounts/login/?next=/start/"
    answer = client.post(reverse("start-admin"), FIRST)

    assert answer.status_code == 422
    assert "set up already" in answer.content.decode()
    assert not User.objects.filter(email="boss@example.com").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"password_again": "another one 1"}, "differ"),
        ({"password": "short", "password_again": "short"}, "too short"),
        ({"email": "nonsense"}, "valid email"),
    ],
)
def test_bad_first_admin_is_refused_in_words(client, db, change, words):
    answer = client.post(reverse("start-admin"), {**FIRST, **change})

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_first_admins_at_once_become_one():
    barrier = threading.Barrier(2)

    def create(email: str) -> None:
        barrier.wait()
        try:
            accounts.create_first_admin(email=email, password="violet anchor 71")
        except RefusedError:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=create, args=(f"{n}@example.com",)) for n in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert User.objects.count() == 1


def test_apps_add_their_defaults_in_the_same_transaction(db, now, monkeypatch):
    made = []

    def callback(team: Workspace, by: User, at: object) -> None:
        made.append((team.slug, by.email, at))

    monkeypatch.setattr(hooks._registry, "workspace_created", [])
    hooks.on_workspace_created(callback)
    hooks.on_workspace_created(callback)
    boss = UserFactory(email="boss@example.com")
    create_workspace(**{**TEAM, "currency": "EUR"}, by=boss, now=now)

    assert made == [("acme-2", "boss@example.com", now)]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"slug": "acme"}, "slug"),
        ({"currency": "euro"}, "currency"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"mode": "magic"}, "mode"),
        ({"name": ""}, "name"),
    ],
)
def test_bad_workspace_names_the_field(workspace, admin, client_as, change, field):
    answer = client_as(admin).post(reverse("start-workspace"), {**TEAM, **change})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert Workspace.objects.count() == 1


def test_lower_roles_make_no_further_workspace(operator, client_as):
    assert client_as(operator).post(reverse("start-workspace"), TEAM).status_code == 403
    assert Workspace.objects.count() == 1


def test_steps_show_what_is_done(workspace, admin, client_as, monkeypatch):
    monkeypatch.setattr(hooks._registry, "start_steps", {})
    hooks.register_start_step(
        hooks.StartStep("policy", "Policy", "Set limits.", "/x/", lambda team: False)
    )
    client = client_as(admin)

    def done() -> list[bool]:
        return [step.is_done for step in client.get(reverse("start")).context["steps"]]

    assert done() == [True, False, False, False]
    ConnectionFactory(workspace=workspace)
    MembershipFactory(workspace=workspace)
    assert done() == [True, True, False, True]


def test_connecting_tries_at_once_and_never_shows_the_secret(workspace, admin, client_as, probe):
    client = client_as(admin)
    data = {"workspace": str(workspace.public_id), "name": "Main", "token": "s3cr3t"}
    page = client.post(reverse("connection-new", args=["probe"]), data, follow=True)

    stored = Connection.objects.get()
    assert "Main: It answers." in page.content.decode()
    assert crypto.decrypt(stored.secret) == {"token": "s3cr3t"}
    assert stored.last_ok_at is not None
    assert "Probe – active" in client.get(reverse("connections")).text
    for path in (reverse("connections"), reverse("connection-secret", args=[stored.public_id])):
        assert "s3cr3t" not in client.get(path).content.decode()


def test_refused_secret_is_told_and_can_be_replaced(workspace, admin, client_as, probe):
    client = client_as(admin)
    data = {"workspace": str(workspace.public_id)}
    client.post(reverse("connection-new", args=["probe"]), {**data, "name": "M", "token": "bad"})
    stored = Connection.objects.get()
    assert (stored.status, stored.last_error) == ("needs_login", "The token was refused.")

    client.post(reverse("connection-secret", args=[stored.public_id]), {**data, "token": "good"})
    stored.refresh_from_db()
    assert (stored.status, stored.last_error) == ("active", "")


def test_connection_is_paused_and_resumed(workspace, admin, client_as, probe):
    stored = ConnectionFactory(workspace=workspace, kind="probe")
    client, data = client_as(admin), {"workspace": str(workspace.public_id)}

    for name, status in (("pause", "paused"), ("resume", "active")):
        client.post(reverse(f"connection-{name}", args=[stored.public_id]), data)
        stored.refresh_from_db()
        assert stored.status == status


def test_missing_token_is_told_at_its_field(workspace, admin, client_as, probe):
    answer = client_as(admin).post(
        reverse("connection-new", args=["probe"]),
        {"workspace": str(workspace.public_id), "name": "Main"},
    )

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["token"]
    assert not Connection.objects.exists()


def test_unknown_kind_leads_back(admin, client_as, probe):
    page = client_as(admin).get(reverse("connection-new", args=["fax"]), follow=True)

    assert "no connection kind" in page.content.decode()


def test_invitation_page_invites_and_withdraws(workspace, admin, client_as):
    client = client_as(admin)
    data = {"workspace": str(workspace.public_id), "email": "new@example.com", "role": "viewer"}
    client.post(reverse("start-invite"), data)
    again = client.post(reverse("start-invite"), data)
    assert (again.status_code, Invitation.objects.count()) == (422, 1)

    invitation = Invitation.objects.get()
    client.post(reverse("invitation-revoke", args=[invitation.pk]), data)
    invitation.refresh_from_db()
    assert invitation.revoked_at is not None


def test_link_is_shown_only_where_there_is_no_mail_server(
    workspace, admin, client_as, now, settings
):
    invitation = invitations.invite(
        workspace=workspace, email="new@example.com", role="viewer", by=admin, now=now
    )
    # Its last parts, moment and signature, are of the second it was asked for in.
    token = invitations.invitation_token(invitation)
    link = reverse("accept-invitation", args=[token]).partition(":")[0] + ":"
    client = client_as(admin)

    assert link in client.get(reverse("start-invite")).content.decode()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert link not in client.get(reverse("start-invite")).content.decode()


@pytest.fixture
def link(workspace, admin) -> str:
    from django.utils import timezone

    invitation = invitations.invite(
        workspace=workspace,
        email="new@example.com",
        role="operator",
        by=admin,
        now=timezone.now(),
    )
    return reverse("accept-invitation", args=[invitations.invitation_token(invitation)])


def test_new_person_joins_by_the_link(workspace, link, client):
    assert "invites new@example.com" in client.get(link).content.decode()
    assert not User.objects.filter(email="new@example.com").exists()

    data = {name: value for name, value in FIRST.items() if name != "email"}
    assert client.post(link, data).url == reverse("start")

    assert Membership.objects.get(user__email="new@example.com").role == "operator"
    assert client.get(reverse("account")).status_code == 200
    assert client.get(link).status_code == 410


def test_known_person_logs_in_first_then_joins(workspace, link):
    known = UserFactory(email="new@example.com")
    client = Client()
    assert client.get(link).url == f"/accounts/login/?next={link}"
    assert not known.memberships.exists()

    client.force_login(known)
    client.get(link)
    assert not known.memberships.exists()
    client.post(link)
    assert known.memberships.get().workspace == workspace


def test_link_opened_by_another_person_joins_nobody(link, outsider, client_as):
    answer = client_as(outsider).post(link)

    assert answer.status_code == 410
    assert outsider.memberships.count() == 1
