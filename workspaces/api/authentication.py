"""Who knocks: an API key, or the browser's session with its CSRF token."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from workspaces.api.caller import Caller
from workspaces.models import Membership, User
from workspaces.selectors import held_role, role_with
from workspaces.services.key_use import open_key

KEYWORD = "Api-Key"


class ApiKeyAuthentication(authentication.BaseAuthentication):
    """``Authorization: Api-Key …``; the key names the workspace."""

    def authenticate(self, request: Request) -> tuple[User | AnonymousUser, Caller] | None:
        """Open the key that was sent, if any."""
        header = authentication.get_authorization_header(request).decode("latin-1").strip()
        if not header:
            return None
        keyword, _, plain = header.partition(" ")
        if keyword.lower() != KEYWORD.lower():
            raise AuthenticationFailed(f"Send the header 'Authorization: {KEYWORD} <key>'.")
        now = timezone.now()
        key = open_key(plain=plain.strip(), now=now)
        if key is None:
            raise AuthenticationFailed("This key is unknown, revoked or expired; ask an admin.")
        person = key.acts_as
        if person is None:
            return AnonymousUser(), Caller(key.workspace, None, "", key)
        role = held_role(user=person, workspace=key.workspace, now=now)
        if not (role and person.is_active):
            raise AuthenticationFailed(
                "The person that this key is bound to is no member of the workspace any more."
            )
        return person, Caller(key.workspace, person, role, key)

    def authenticate_header(self, request: Request) -> str:
        """Tell how to authenticate; makes a missing key a 401."""
        return KEYWORD


class SessionAuthentication(authentication.SessionAuthentication):
    """The logged-in person in the workspace of his session; changes need the CSRF token."""

    def authenticate(self, request: Request) -> tuple[User, Caller] | None:
        """Take the session's person and workspace."""
        found = super().authenticate(request)
        if found is None:
            return None
        person: User = found[0]
        membership: Membership | None = request._request.membership  # type: ignore[attr-defined]  # set by our middleware
        if membership is None:
            raise PermissionDenied("You belong to no workspace yet; ask an admin to invite you.")
        return person, Caller(membership.workspace, person, role_with(membership))
