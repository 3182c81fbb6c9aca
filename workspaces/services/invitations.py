"""Invitations: an admin offers, a signed link that expires is redeemed."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from workspaces.models import Invitation, Membership, User, Workspace
from workspaces.roles import Role
from workspaces.services.accounts import create_user, require_admin
from workspaces.services.refusals import RefusedError

logger = logging.getLogger(__name__)
_SALT = "workspaces.invitation"


class InvitationError(RefusedError):
    """The link or the offer does not hold."""


def invite(*, workspace: Workspace, email: str, role: Role, by: User, now: datetime) -> Invitation:
    """Offer a role by e-mail; the mail goes out after the commit.

    Raises
    ------
    NotPermittedError : ``by`` is no admin
    InvitationError : the person is a member, or an offer is still open
    ValidationError : not an e-mail address
    """
    email = email.strip().lower()
    validate_email(email)
    with transaction.atomic():
        require_admin(user=by, workspace=workspace)
        Workspace.objects.select_for_update().get(pk=workspace.pk)
        _refuse_needless(workspace=workspace, email=email, now=now)
        invitation = Invitation.objects.create(
            workspace=workspace,
            email=email,
            role=role,
            invited_by=by,
            expires_at=now + timedelta(days=settings.INVITATION_VALID_DAYS),
        )
        transaction.on_commit(lambda: _send(invitation))
    return invitation


def _refuse_needless(*, workspace: Workspace, email: str, now: datetime) -> None:
    if Membership.objects.filter(workspace=workspace, user__email__iexact=email).exists():
        raise InvitationError(f"{email} is a member already; change the role instead.")
    open_ones = Invitation.objects.filter(
        workspace=workspace, email__iexact=email, accepted_at=None, revoked_at=None
    )
    open_ones.filter(expires_at__lte=now).update(revoked_at=now)
    if open_ones.exists():
        raise InvitationError(f"An invitation to {email} is open; revoke it to send a new one.")


def invitation_token(invitation: Invitation) -> str:
    """What the link carries: signed, so that nobody can make one up."""
    return signing.dumps(invitation.pk, salt=_SALT)


def invitation_url(invitation: Invitation) -> str:
    """The link, to be handed over by other means when mail does not arrive."""
    path = reverse("accept-invitation", args=[invitation_token(invitation)])
    return settings.PUBLIC_BASE_URL.rstrip("/") + path


def _send(invitation: Invitation) -> None:
    context = {"invitation": invitation, "url": invitation_url(invitation)}
    try:
        send_mail(
            f"{invitation.invited_by} invites you to {invitation.workspace} on Countersign",
            render_to_string("workspaces/mail/invitation.txt", context),
            settings.DEFAULT_FROM_EMAIL,
            [invitation.email],
        )
    except OSError:  # smtplib's errors are among them
        # The offer stands and the admin sees the link, so the mail is not needed to go on.
        logger.warning(
            "invitation mail was not sent", extra={"invitation": invitation.pk}, exc_info=True
        )


def find_invitation(*, token: str, now: datetime) -> Invitation:
    """Open invitation behind a link, or a refusal that says why it does not open."""
    try:
        pk = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        raise InvitationError(
            "This link is incomplete or was changed. Copy the whole link from the e-mail."
        ) from None
    invitation = Invitation.objects.select_related("workspace", "invited_by").filter(pk=pk).first()
    if invitation is None or invitation.revoked_at or invitation.workspace.closed_at:
        raise InvitationError("This invitation was withdrawn. Ask an admin to send a new one.")
    if invitation.accepted_at:
        raise InvitationError("This invitation was used already. Log in instead.")
    if invitation.expires_at <= now:
        raise InvitationError("This invitation has expired. Ask an admin to send a new one.")
    return invitation


def accept_invitation(
    *,
    token: str,
    now: datetime,
    user: User | None = None,
    password: str = "",
    first_name: str = "",
    last_name: str = "",
) -> Membership:
    """Redeem a link: a known person joins after log-in, a new one sets a password.

    Raises
    ------
    InvitationError : the link does not hold, or belongs to another address
    ValidationError : the password is too weak
    """
    with transaction.atomic():
        invitation = find_invitation(token=token, now=now)
        Invitation.objects.select_for_update().get(pk=invitation.pk)
        invitation = find_invitation(token=token, now=now)
        known = User.objects.filter(email__iexact=invitation.email).first()
        if user is not None and user != known:
            raise InvitationError(
                f"This invitation is for {invitation.email}; you are logged in as {user.email}."
                " Log out and open the link again."
            )
        if known is not None and user is None:
            raise InvitationError(f"{invitation.email} has an account already; log in to join.")
        person = known or create_user(
            email=invitation.email, password=password, first_name=first_name, last_name=last_name
        )
        membership, _ = Membership.objects.get_or_create(
            workspace=invitation.workspace,
            user=person,
            defaults={"role": invitation.role, "last_used_at": now},
        )
        Invitation.objects.filter(pk=invitation.pk).update(accepted_at=now)
    return membership


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, by: User, now: datetime) -> None:
    """Withdraw an open offer; its link stops working at once."""
    require_admin(user=by, workspace=invitation.workspace)
    revoked = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None).update(
        revoked_at=now
    )
    if not revoked:
        raise InvitationError("This invitation is not open any more; reload the page.")
