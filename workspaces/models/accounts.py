"""People: users, memberships, invitations, delegation."""

from __future__ import annotations

from typing import Any, ClassVar

import pghistory
from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from workspaces.models.workspace import Workspace, validate_time_zone
from workspaces.roles import Role, rank_of


class UserManager(BaseUserManager["User"]):
    """Users are known by their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> User:
        """Create a user with a hashed password."""
        user = self.model(email=self.normalize_email(email).lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> User:
        """Create a user who may enter the admin even without a membership."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **extra)

    def get_by_natural_key(self, username: str | None) -> User:
        """Find by e-mail, whatever its case."""
        return self.get(email__iexact=username)


class User(AbstractUser):
    """A person; rights come from memberships, not from Django's groups."""

    username = None  # type: ignore[assignment]  # the e-mail address is the log-in
    email = models.EmailField("e-mail address", unique=True)
    time_zone = models.CharField(
        max_length=64,
        blank=True,
        validators=[validate_time_zone],
        help_text="Empty: the workspace's zone.",
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]  # by e-mail

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="workspaces_user_email_any_case"),
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.email


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Membership(models.Model):
    """The role of a person in a workspace."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.VIEWER)
    last_used_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "user"],
                name="workspaces_membership_once",
                violation_error_message="This person is a member already; change the role instead.",
            ),
            models.CheckConstraint(
                condition=Q(role__in=Role.values), name="workspaces_membership_role"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"

    @property
    def rank(self) -> int:
        """Rank of the role held."""
        return rank_of(self.role)


class Invitation(models.Model):
    """An offer of membership, redeemed by a signed link that expires."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    email = models.EmailField()
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.VIEWER)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace",
                Lower("email"),
                condition=Q(accepted_at=None, revoked_at=None),
                name="workspaces_invitation_one_open",
                violation_error_message="An invitation to this address is open already.",
            ),
            models.CheckConstraint(
                condition=Q(role__in=Role.values), name="workspaces_invitation_role"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} as {self.role}"


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Delegation(models.Model):
    """A member lends his rank in a workspace to another until a moment."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    giver = models.ForeignKey(User, on_delete=models.PROTECT, related_name="delegations_given")
    taker = models.ForeignKey(User, on_delete=models.PROTECT, related_name="delegations_taken")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=models.F("starts_at")),
                name="workspaces_delegation_period",
                violation_error_message="The end must lie after the start.",
            ),
            models.CheckConstraint(
                condition=~Q(giver=models.F("taker")), name="workspaces_delegation_to_another"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.giver} to {self.taker} until {self.ends_at:%Y-%m-%d %H:%M}"
