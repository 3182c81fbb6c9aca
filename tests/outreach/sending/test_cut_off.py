"""Messages whose worker lost the database or Redis in the middle: handed over, sent once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import InterfaceError, OperationalError
from redis.exceptions import ConnectionError

from outreach.services.sending import dispatching, recovering
from outreach.services.sending.recovering import end_leases_of_the_dead
from tests.outreach.sending.steps import (
    channel_on,
    due,
    letters,
    people,
    provider_to,
    recover_all,
    send_all,
)
from tests.outreach.steps import NOW

pytestmark = pytest.mark.django_db

ERRORS = [OperationalError, InterfaceError, ConnectionError]


@pytest.fixture
def messages(box, workspace):
    """Two that are due."""
    box.control("clock", {"set": NOW.isoformat()})
    channel_on(provider_to(box, workspace, "resend"))
    return [due(person, NOW) for person in people(workspace, 2)]


def raising(error):
    def away(*args, **options):
        raise error("gone")

    return away


def seen(messages):
    for message in messages:
        message.refresh_from_db()
    return {(one.status, one.lease_until, one.call_sent_at) for one in messages}


@pytest.mark.parametrize("error", ERRORS)
def test_what_was_sent_and_not_written_down_is_recovered_at_once(box, messages, monkeypatch, error):
    with monkeypatch.context() as patched:
        patched.setattr(dispatching, "settle", raising(error))
        with pytest.raises(error):
            send_all(NOW)
    assert seen(messages) == {("sending", NOW, NOW)}

    recover_all(NOW)

    assert {status for status, _, _ in seen(messages)} == {"sent"}
    assert len(letters(box)) == 2


def test_what_was_not_called_yet_goes_back_at_once(box, messages, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(dispatching, "settle_and_mark", raising(OperationalError))
        with pytest.raises(OperationalError):
            send_all(NOW)
    assert seen(messages) == {("sending", NOW, None)}

    recover_all(NOW)

    assert seen(messages) == {("scheduled", None, None)}
    assert letters(box) == []


@pytest.mark.parametrize("error", ERRORS)
def test_what_could_not_be_recovered_is_looked_at_again_at_once(messages, monkeypatch, error):
    with monkeypatch.context() as patched:
        patched.setattr(dispatching, "settle", raising(OperationalError))
        with pytest.raises(OperationalError):
            send_all(NOW)
        patched.setattr(recovering, "settle", raising(error))
        with pytest.raises(error):
            recover_all(NOW)

    assert seen(messages) == {("sending", NOW, NOW)}


def test_a_mistake_of_ours_keeps_its_lease(messages, monkeypatch):
    monkeypatch.setattr(dispatching, "settle", raising(ValueError))

    with pytest.raises(ValueError, match="gone"):
        send_all(NOW)

    assert seen(messages) == {("sending", NOW + timedelta(minutes=10), NOW)}


def test_what_a_worker_that_died_recovering_held_is_free_at_once(messages, monkeypatch):
    monkeypatch.setattr(dispatching, "settle", raising(OperationalError))
    monkeypatch.setattr(recovering, "settle", raising(ValueError))
    with pytest.raises(OperationalError):
        send_all(NOW)
    with pytest.raises(ValueError, match="gone"):
        recover_all(NOW)

    assert end_leases_of_the_dead(is_gone=lambda name: name == "reaper", now=NOW) == 2
