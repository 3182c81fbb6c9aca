"""Callers of the API: browsers and keys, with one or all scopes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from tests.workspaces import note_kind
from tests.workspaces.note_kind import NoteKind
from workspaces import gate
from workspaces.models import ApiKey, User, Workspace

KeyMaker = Callable[..., APIClient]


def key_client(
    workspace: Workspace, scopes: Iterable[str], acts_as: User | None = None, **fields: Any
) -> APIClient:
    """Client that sends a fresh key; ``client.api_key`` is its row, ``client.plain`` the key."""
    row, plain = ApiKey.objects.create_key(
        workspace=workspace, name="test", scopes=list(scopes), acts_as=acts_as, **fields
    )
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Api-Key {plain}")
    client.api_key, client.plain = row, plain
    return client


@pytest.fixture
def browser(client_as: Callable[[User], Client]) -> Callable[[User], APIClient]:
    """Browser of a person that sends JSON."""

    def build(user: User) -> APIClient:
        client = APIClient()
        client.cookies = client_as(user).cookies
        return client

    return build


@pytest.fixture
def note() -> Iterable[NoteKind]:
    """The kind that writes a note, taken out again."""
    yield note_kind.install()
    gate._handlers.pop("note", None)
