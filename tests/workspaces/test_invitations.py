"""Invitations, roles and the last admin."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import connection

from tests.workspaces.factories import MembershipFactory, UserFactory, WorkspaceFactory
from workspaces.models import Invitation, Membership, User
from workspaces.roles import Role
from workspaces.services import accounts, invitations
from workspaces.services.invitations import InvitationError
from workspaces.services.refusals import NotPermittedError

PASSWORD = "violet anchor 71"


@pytest.fixture
def invitation(workspace, admin, now):
    return invitations.invite(
        workspace=workspace, email="New@Example.com", role=Role.OPERATOR, by=admin, now=now
    )


def test_invitation_mails_a_link_that_makes_a_member(
    workspace, admin, now, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        invitation = invitations.invite(
            workspace=workspace, email="New@Example.com", role=Role.OPERATOR, by=admin, now=now
        )
    # As it was mailed: one made now may tell of another second.
    (url,) = re.findall(r"http\S+", mail.outbox[0].body)

    membership = invitations.accept_invitation(
        token=url.rstrip("/").rpartition("/")[2], password=PASSWORD, first_name="Nia", now=now
    )

    assert mail.outbox[0].to == ["new@example.com"]
    assert membership.user == User.objects.get(email=invitation.email)
    assert membership.role == "operator"
    assert membership.user.check_password(PASSWORD)
    assert membership.user.first_name == "Nia"


def test_link_works_once(invitation, now):
    token = invitations.invitation_token(invitation)
    invitations.accept_invitation(token=token, password=PASSWORD, now=now)

    with pytest.raises(InvitationError, match="used already"):
        invitations.accept_invitation(token=token, password=PASSWORD, now=now)
    assert User.objects.filter(email="new@example.com").count() == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [({"days": 8}, "expired"), ({"revoked": True}, "withdrawn"), ({"forged": True}, "changed")],
)
def test_link_that_does_not_hold_makes_nobody(invitation, admin, now, change, words):
    token = invitations.invitation_token(invitation) + ("x" if change.get("forged") else "")
    if change.get("revoked"):
        invitations.revoke_invitation(invitation=invitation, by=admin, now=now)

    with pytest.raises(InvitationError, match=words):
        invitations.accept_invitation(
            token=token, password=PASSWORD, now=now + timedelta(days=change.get("days", 0))
        )
    assert not User.objects.filter(email="new@example.com").exists()


def test_weak_password_leaves_the_invitation_open(invitation, now):
    token = invitations.invitation_token(invitation)

    with pytest.raises(ValidationError, match="too short"):
        invitations.accept_invitation(token=token, password="short", now=now)
    assert invitations.find_invitation(token=token, now=now) == invitation
    assert not User.objects.filter(email="new@example.com").exists()


def test_known_person_joins_only_as_himself(invitation, now, viewer):
    known = UserFactory(email="new@example.com")
    token = invitations.invitation_token(invitation)

    with pytest.raises(InvitationError, match="log in to join"):
        invitations.accept_invitation(token=token, password=PASSWORD, now=now)
    with pytest.raises(InvitationError, match=r"is for new@example\.com"):
        invitations.accept_invitation(token=token, user=viewer, now=now)
    assert invitations.accept_invitation(token=token, user=known, now=now).user == known


@pytest.mark.parametrize("role", ["viewer", "agent", "operator", "approver"])
def test_only_admins_invite(role, workspace, now, request):
    by = request.getfixturevalue(role)

    with pytest.raises(NotPermittedError):
        invitations.invite(
            workspace=workspace, email="a@b.example", role=Role.ADMIN, by=by, now=now
        )
    assert not Invitation.objects.exists()


def test_outsider_cannot_invite_or_revoke(invitation, workspace, outsider, now):
    with pytest.raises(NotPermittedError):
        invitations.invite(
            workspace=workspace, email="x@y.example", role=Role.VIEWER, by=outsider, now=now
        )
    with pytest.raises(NotPermittedError):
        invitations.revoke_invitation(invitation=invitation, by=outsider, now=now)
    invitation.refresh_from_db()
    assert invitation.revoked_at is None


def test_second_open_invitation_is_refused_until_the_first_expires(
    invitation, workspace, admin, now
):
    options = {"workspace": workspace, "email": "new@example.com", "role": Role.VIEWER, "by": admin}

    with pytest.raises(InvitationError, match="is open"):
        invitations.invite(**options, now=now)
    later = invitations.invite(**options, now=now + timedelta(days=8))

    invitation.refresh_from_db()
    assert invitation.revoked_at == now + timedelta(days=8)
    assert later.role == "viewer"


def test_member_is_not_invited_again(workspace, admin, viewer, now):
    with pytest.raises(InvitationError, match="member already"):
        invitations.invite(
            workspace=workspace, email=viewer.email.upper(), role=Role.ADMIN, by=admin, now=now
        )


def test_last_admin_cannot_be_demoted_or_removed(workspace, admin, now):
    membership = admin.memberships.get()

    with pytest.raises(accounts.LastAdminError):
        accounts.change_role(membership=membership, role=Role.VIEWER, by=admin, now=now)
    with pytest.raises(accounts.LastAdminError):
        accounts.remove_member(membership=membership, by=admin, now=now)
    membership.refresh_from_db()
    assert membership.role == "admin"


def test_admin_changes_roles_and_removes_members(workspace, admin, viewer, operator, now):
    accounts.change_role(membership=viewer.memberships.get(), role=Role.ADMIN, by=admin, now=now)
    accounts.remove_member(membership=operator.memberships.get(), by=viewer, now=now)

    assert viewer.memberships.get().role == "admin"
    assert not operator.memberships.exists()


def test_lower_roles_and_outsiders_change_no_role(workspace, viewer, approver, outsider, now):
    membership = viewer.memberships.get()

    for by in (viewer, approver, outsider):
        with pytest.raises(NotPermittedError):
            accounts.change_role(membership=membership, role=Role.ADMIN, by=by, now=now)
        with pytest.raises(NotPermittedError):
            accounts.remove_member(membership=membership, by=by, now=now)
    membership.refresh_from_db()
    assert membership.role == "viewer"


@pytest.mark.django_db(transaction=True)
def test_two_admins_cannot_demote_each_other_at_once(now):
    team = WorkspaceFactory()
    pair = [MembershipFactory(workspace=team, role=Role.ADMIN) for _ in range(2)]
    barrier = threading.Barrier(2)

    def demote(own: Membership, other: Membership) -> None:
        barrier.wait()
        try:
            accounts.change_role(membership=other, role=Role.VIEWER, by=own.user, now=now)
        except (accounts.LastAdminError, NotPermittedError):
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=demote, args=order) for order in (pair, pair[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Membership.objects.filter(workspace=team, role=Role.ADMIN).count() == 1
