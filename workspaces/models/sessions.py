"""Browser sessions that know whose they are, so that a person can see and end his own."""

from __future__ import annotations

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from workspaces.models.accounts import User


class Session(AbstractBaseSession):
    """A browser session; ``user`` is empty for strangers."""

    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.CASCADE, related_name="sessions"
    )

    class Meta(AbstractBaseSession.Meta):
        abstract = False

    def __str__(self) -> str:
        return f"session of {self.user_id or 'a stranger'}"

    @classmethod
    def get_session_store_class(cls) -> type:
        """Store that writes this table."""
        from workspaces.sessions import SessionStore  # the store needs this model first

        return SessionStore
