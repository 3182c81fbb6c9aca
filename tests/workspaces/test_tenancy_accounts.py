"""Every page of accounts and set-up against strangers, lower roles and outsiders."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.workspaces.factories import ConnectionFactory
from workspaces.models import Connection, Delegation, Invitation, Notification
from workspaces.roles import Role
from workspaces.services import delegation, invitations, notices
from workspaces.urls_accounts import urlpatterns

PUBLIC = {
    "login",
    "login-code",
    "logout",
    "accept-invitation",
    "password_reset",
    "password_reset_done",
    "password_reset_confirm",
    "start",
    "start-admin",
    "healthz",
    "metrics",
    "readyz",
    None,
}
PERSON = {
    "account",
    "account-profile",
    "account-session-end",
    "two-step",
    "two-step-begin",
    "two-step-confirm",
    "two-step-off",
    "switch-workspace",
    "start-workspace",
    "password_change",
}
MEMBER = {
    "account-preferences",
    "account-delegate",
    "account-delegate-end",
    "notices",
    "notices-bell",
    "notices-read-all",
    "notice-read",
}
ADMIN = {
    "start-invite",
    "invitation-revoke",
    "connections",
    "connection-new",
    "connection-secret",
    "connection-test",
    "connection-pause",
    "connection-resume",
}
READ_ONLY = {"account", "two-step", "notices", "notices-bell", "connections"}


@pytest.fixture
def rows(workspace, viewer, operator, admin) -> dict[str, object]:
    """One row of each kind that a path names."""
    now = timezone.now()
    notices.notify(
        workspace=workspace, users=[viewer], topic="t", title="t", dedup_key="k", now=now
    )
    return {
        "connection": ConnectionFactory(workspace=workspace),
        "invitation": invitations.invite(
            workspace=workspace, email="n@e.example", role=Role.VIEWER, by=admin, now=now
        ),
        "delegation": delegation.delegate(
            workspace=workspace,
            giver=viewer,
            taker=operator,
            now=now,
            ends_at=now + timezone.timedelta(days=1),
        ),
        "notice": Notification.objects.get(),
    }


def _path(name: str, rows: dict[str, object]) -> str:
    if name == "connection-new":
        return reverse(name, args=["meta"])
    if name.startswith("connection-"):
        return reverse(name, args=[rows["connection"].public_id])
    kinds = {
        "invitation-revoke": "invitation",
        "account-delegate-end": "delegation",
        "notice-read": "notice",
    }
    return reverse(name, args=[rows[kinds[name]].pk] if name in kinds else [])


def _call(client: Client, name: str, rows: dict[str, object], **data: str):
    method = client.get if name in READ_ONLY else client.post
    return method(_path(name, rows), data)


def _state(rows: dict[str, object]) -> list[object]:
    return [
        Connection.objects.values_list("pk", "status", "secret").get(),
        Invitation.objects.values_list("pk", "revoked_at").get(),
        Delegation.objects.values_list("pk", "ends_at").get(),
        Notification.objects.values_list("pk", "read_at").get(),
    ]


def test_every_path_is_listed_here():
    names = {pattern.name for pattern in urlpatterns}

    assert names == PUBLIC | PERSON | MEMBER | ADMIN


@pytest.mark.parametrize("name", sorted(PERSON | MEMBER | ADMIN))
def test_strangers_are_asked_to_log_in(name, rows, client):
    before = _state(rows)

    answer = _call(client, name, rows)

    assert (answer.status_code, answer.url.partition("?")[0]) == (302, "/accounts/login/")
    assert _state(rows) == before


@pytest.mark.parametrize("role", ["viewer", "agent", "operator", "approver"])
@pytest.mark.parametrize("name", sorted(ADMIN))
def test_lower_roles_are_refused(name, role, rows, workspace, client_as, request):
    before = _state(rows)

    client = client_as(request.getfixturevalue(role))
    answer = _call(client, name, rows, workspace=str(workspace.public_id))

    assert answer.status_code == 403
    assert _state(rows) == before


@pytest.mark.parametrize(
    "name",
    [
        "account-delegate-end",
        "notice-read",
        "invitation-revoke",
        "connection-secret",
        "connection-test",
        "connection-pause",
        "connection-resume",
    ],
)
def test_rows_of_another_workspace_do_not_exist(name, rows, other_workspace, outsider, client_as):
    before = _state(rows)

    answer = _call(client_as(outsider), name, rows, workspace=str(other_workspace.public_id))

    assert answer.status_code == 404
    assert _state(rows) == before


@pytest.mark.parametrize("name", ["account", "notices", "connections", "start-invite", "start"])
def test_pages_of_an_outsider_show_nothing_of_us(name, rows, outsider, client_as):
    shown = client_as(outsider).get(reverse(name)).content.decode()

    assert "Acme" not in shown
    assert rows["connection"].name not in shown
    assert "n@e.example" not in shown


def test_stand_in_of_an_admin_manages_neither_team_nor_secrets(
    rows, workspace, admin, viewer, client_as
):
    now = timezone.now()
    delegation.delegate(
        workspace=workspace,
        giver=admin,
        taker=viewer,
        now=now,
        ends_at=now + timezone.timedelta(days=1),
    )
    client, data = client_as(viewer), {"workspace": str(workspace.public_id)}

    client.post(reverse("start-invite"), {**data, "email": "x@y.example", "role": "admin"})
    client.post(reverse("invitation-revoke", args=[rows["invitation"].pk]), data)
    client.post(reverse("connection-pause", args=[rows["connection"].public_id]), data)

    assert Invitation.objects.get().revoked_at is None
    assert Connection.objects.get().status == "active"


@pytest.mark.parametrize("path", ["/accounts/login/", "/start/", "/account/", "/notices/"])
def test_pages_carry_no_inline_script_of_ours(path, viewer, client_as):
    client = client_as(viewer) if path != "/accounts/login/" else Client()
    answer = client.get(path)

    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    script = next(part for part in policy.split(";") if "script-src" in part)
    assert "unsafe-inline" not in script
