"""Session engine (``SESSION_ENGINE``): Django's database one, plus the owner of each session."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from workspaces.models import Session


class SessionStore(DatabaseStore):
    """Store whose rows carry the logged-in person."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """Table of ours."""
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """Row of a session, with the person that log-in put into it."""
        session = cast(Session, super().create_model_instance(data))
        session.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        return session
