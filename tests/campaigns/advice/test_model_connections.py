"""The connection of a language model: what it needs, and what trying it shows."""

from __future__ import annotations

import pytest

from tests.campaigns.advice.llm_stand_in import honest, serving
from workspaces.services.connections import (
    ConnectionRefusedError,
    create_connection,
    test_connection,
)

pytestmark = pytest.mark.django_db
test_connection.__test__ = False  # a service, whatever its name


def tried(workspace, admin, now, server, **secret):
    """What a connection to the stand-in shows, and how it stands afterwards."""
    is_openai = secret.get("provider", "openai") == "openai"
    connection = create_connection(
        workspace=workspace, kind="llm", name="Writer", by=admin,
        secret={"model": "gpt-test", "api_key": "right", **secret},
        base_url=f"{server.url}/v1" if is_openai else server.url,
    )  # fmt: skip
    result = test_connection(connection=connection, by=admin, now=now)
    connection.refresh_from_db()
    return result, connection


@pytest.mark.parametrize("provider", ["", "openai", "anthropic"])
def test_a_model_that_is_there_is_found_without_being_asked(workspace, admin, now, provider):
    with serving(honest) as server:
        given = {"provider": provider} if provider else {}
        result, connection = tried(workspace, admin, now, server, **given)

    assert (result.is_ok, result.words) == (True, "gpt-test is there.")
    assert (connection.status, connection.last_ok_at) == ("active", now)
    assert server.asked == []


FAULTS = {
    "key": ({"api_key": "wrong"}, "The API key was refused; enter a new one.", "needs_login"),
    "model": ({"model": "gpt-9"}, "There is no model 'gpt-9'; there are: gpt-test.", "active"),
    "provider": ({"provider": "acme"}, "There is no provider 'acme'", "active"),
}


@pytest.mark.parametrize("what", list(FAULTS))
def test_what_is_wrong_is_told_in_words(what, workspace, admin, now):
    secret, words, status = FAULTS[what]
    with serving(honest) as server:
        result, connection = tried(workspace, admin, now, server, **secret)

    assert not result.is_ok
    assert result.words.startswith(words)
    assert connection.status == status


def test_a_model_needs_its_name(workspace, admin):
    with pytest.raises(ConnectionRefusedError, match="Model is missing"):
        create_connection(
            workspace=workspace, kind="llm", name="Writer", secret={"api_key": "k"}, by=admin
        )
