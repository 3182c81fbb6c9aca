"""Stored webhook events: treated in order, once where all goes well, again where it does not."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from redis.exceptions import RedisError

from tests.workspaces.inbound_calls import connect
from workspaces.inbound import registry
from workspaces.inbound.registry import Failure
from workspaces.models import Connection, ConnectionStatus, InboundEvent, InboundState, Notification
from workspaces.services import consuming, inbound
from workspaces.services.inbound import InboundRefusedError
from workspaces.services.refusals import NotPermittedError
from workspaces.tasks.inbound import process_inbound, sweep_inbound


class Listener:
    """A consumer that writes down what it was offered and fails as it is told."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.failing: dict[str, Failure] = {}
        self.error: Exception | None = None

    def __call__(self, connection, events, now):
        self.calls.append([event.dedup_key for event in events])
        if self.error:
            raise self.error
        return {
            event.pk: self.failing[event.dedup_key]
            for event in events
            if event.dedup_key in self.failing
        }


@pytest.fixture
def consumer() -> Iterator[Listener]:
    listener = Listener()
    registry.register_consumer("test", "generic", listener)
    yield listener
    del registry._registry.consumers["test"]


@pytest.fixture
def feed(workspace) -> Connection:
    return connect(workspace, "generic", secret="whsec_AAAA")


def _receive(feed, now, *keys: str, kind: str = "deal.won") -> list[InboundEvent]:
    return [
        InboundEvent.objects.create(
            connection=feed, dedup_key=key, kind=kind, body="{}", received_at=now, position=place
        )
        for place, key in enumerate(keys)
    ]


def _treat(feed, now) -> int:
    return consuming.treat_next(connection_id=feed.pk, now=now, rng=random.Random(7))


def _state(event: InboundEvent) -> tuple[str, int, str]:
    event.refresh_from_db()
    return event.state, event.attempts, event.error


def test_events_are_treated_in_the_order_in_which_they_came(feed, consumer, now):
    _receive(feed, now + timedelta(seconds=1), "d", "c")
    events = _receive(feed, now, "b", "a")

    assert _treat(feed, now) == 4
    assert _treat(feed, now) == 0

    assert consumer.calls == [["b", "a", "d", "c"]]
    assert _state(events[0]) == (InboundState.DONE, 1, "")
    assert events[0].processed_at == now


def test_without_a_consumer_events_stay_received(feed, now):
    (event,) = _receive(feed, now, "a")

    assert _treat(feed, now) == 0
    assert consuming.waiting_connections(now=now) == []
    assert _state(event) == (InboundState.RECEIVED, 0, "")


def test_consumer_that_comes_later_gets_what_is_stored(feed, now, consumer):
    _receive(feed, now, "a")

    assert process_inbound(connection_id=feed.pk) == 1
    assert consumer.calls == [["a"]]


def test_consumers_get_the_kinds_that_they_asked_for(feed, now):
    deals, all_won, other = Listener(), Listener(), Listener()
    registry.register_consumer("deals", "generic", deals, kinds=("deal.*",))
    registry.register_consumer("won", "generic", all_won, kinds=("deal.won", "won"))
    registry.register_consumer("hub", "hubspot", other)
    for kind in ("deal.won", "deal.lost", "contact.new", "won"):
        _receive(feed, now, kind, kind=kind)

    try:
        _treat(feed, now)
    finally:
        for name in ("deals", "won", "hub"):
            del registry._registry.consumers[name]

    assert deals.calls == [["deal.won", "deal.lost"]]
    assert all_won.calls == [["deal.won", "won"]]
    assert other.calls == []
    assert InboundEvent.objects.get(state=InboundState.RECEIVED).kind == "contact.new"


def test_failed_event_steps_aside_and_comes_back_later_each_time(feed, consumer, now):
    first, second = _receive(feed, now, "a", "b")
    consumer.failing = {"a": Failure("The deal is not there yet.")}

    _treat(feed, now)

    assert _state(first) == (InboundState.RECEIVED, 1, "test: The deal is not there yet.")
    assert _state(second) == (InboundState.DONE, 1, "")
    assert now < first.next_attempt_at <= now + timedelta(seconds=60)
    assert _treat(feed, first.next_attempt_at - timedelta(microseconds=1)) == 0
    consumer.failing = {}
    assert _treat(feed, first.next_attempt_at) == 1
    assert _state(first) == (InboundState.DONE, 2, "")


def test_wait_that_the_other_side_asks_for_is_kept(feed, consumer, now):
    (event,) = _receive(feed, now, "a")
    consumer.failing = {"a": Failure("Too many calls.", retry_after_s=12)}

    _treat(feed, now)

    event.refresh_from_db()
    assert event.next_attempt_at == now + timedelta(seconds=12)


def test_event_is_given_up_after_eight_tries_and_the_admins_are_told(feed, consumer, admin, now):
    (event,) = _receive(feed, now, "a")
    consumer.failing = {"a": Failure("The CRM does not answer.")}

    for hour in range(8):
        assert _treat(feed, now + timedelta(hours=hour)) == 1

    assert _state(event) == (InboundState.FAILED, 8, "test: The CRM does not answer.")
    assert _treat(feed, now + timedelta(days=1)) == 0
    notice = Notification.objects.get(user=admin)
    assert "The CRM does not answer." in notice.body


def test_failure_that_another_try_would_not_help_is_final(feed, consumer, now):
    (event,) = _receive(feed, now, "a")
    consumer.failing = {"a": Failure("This portal is not ours.", is_final=True)}

    _treat(feed, now)

    assert _state(event) == (InboundState.FAILED, 1, "test: This portal is not ours.")


def test_error_of_a_consumer_is_recorded_raised_and_isolates_its_cause(feed, consumer, now):
    events = _receive(feed, now, "a", "b")
    consumer.error = ZeroDivisionError("nothing to divide by")

    with pytest.raises(ZeroDivisionError):
        _treat(feed, now)

    expected = (InboundState.RECEIVED, 1, "ZeroDivisionError: nothing to divide by")
    assert [_state(event) for event in events] == [expected] * 2
    consumer.error = None
    later = now + timedelta(hours=1)
    assert [_treat(feed, later) for _ in range(3)] == [1, 1, 0]
    assert consumer.calls == [["a", "b"], ["a"], ["b"]]


def test_one_worker_at_a_time_works_for_a_connection(feed, consumer, workspace, now):
    other = connect(workspace, "generic", name="other")
    held, waiting = _receive(feed, now, "a", "b")
    _receive(other, now, "c")
    InboundEvent.objects.filter(pk=held.pk).update(leased_until=now + timedelta(seconds=1))

    assert _treat(feed, now) == 0
    assert _treat(other, now) == 1
    assert _state(waiting) == (InboundState.RECEIVED, 0, "")


def test_whoever_finds_it_taken_has_a_worker_look_again(
    feed: Connection,
    consumer: Listener,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    (held,) = _receive(feed, timezone.now(), "a")
    InboundEvent.objects.filter(pk=held.pk).update(
        leased_until=timezone.now() + timedelta(minutes=1)
    )
    sent: list[float] = []
    monkeypatch.setattr(
        "workspaces.services.inbound.current_app.send_task",
        lambda *_, countdown, **__: sent.append(countdown),
    )
    # Whoever is at work may have looked before the last event came.
    with django_capture_on_commit_callbacks(execute=True):
        assert process_inbound(connection_id=feed.pk) == 0
    inbound.begin(connection_id=feed.pk)
    assert sent == [1.0]


def test_a_task_treats_all_that_waits_and_not_what_comes_meanwhile(
    feed: Connection, consumer: Listener
) -> None:
    now = timezone.now()
    (tried,) = _receive(feed, now - timedelta(hours=1), "a")
    InboundEvent.objects.filter(pk=tried.pk).update(attempts=1, next_attempt_at=now)
    _receive(feed, now, *(f"k{place:03d}" for place in range(150)))

    assert process_inbound(connection_id=feed.pk) == 151
    assert [len(call) for call in consumer.calls] == [1, 100, 50]


def test_events_of_a_dead_worker_are_treated_when_its_lease_is_over(feed, consumer, now):
    (event,) = _receive(feed, now, "a")
    assert consuming._claim(feed.pk, now) is not None  # and nothing more is heard of it

    assert _treat(feed, now + consuming.LEASE - timedelta(seconds=1)) == 0
    assert _treat(feed, now + consuming.LEASE) == 1

    assert _state(event) == (InboundState.DONE, 2, "")


def test_worker_slower_than_its_lease_settles_nothing(feed, consumer, now):
    (event,) = _receive(feed, now, "a")
    slow = consuming._claim(feed.pk, now)
    _treat(feed, now + consuming.LEASE)

    consuming._settle(slow, {event.pk: Failure("late")}, now=now, rng=random.Random(7))

    assert _state(event) == (InboundState.DONE, 2, "")


def test_paused_connection_is_worked_for_when_it_is_resumed(feed, consumer, now):
    _receive(feed, now, "a")
    Connection.objects.update(status=ConnectionStatus.PAUSED)

    assert (consuming.waiting_connections(now=now), _treat(feed, now)) == ([], 0)

    Connection.objects.update(status=ConnectionStatus.ACTIVE)
    assert (consuming.waiting_connections(now=now), _treat(feed, now)) == ([feed.pk], 1)


def test_run_of_events_is_bounded_and_the_task_takes_all_runs(feed, consumer, now, monkeypatch):
    monkeypatch.setattr(consuming, "BATCH", 3)
    _receive(feed, now, *"abcdefgh")

    assert process_inbound(connection_id=feed.pk) == 8

    assert consumer.calls == [["a", "b", "c"], ["d", "e", "f"], ["g", "h"]]


def test_hundred_events_are_treated_with_a_handful_of_queries(
    feed, consumer, now, django_assert_max_num_queries
):
    _receive(feed, now, *(f"{number:03}" for number in range(100)))

    with django_assert_max_num_queries(12):
        assert _treat(feed, now) == 100


def test_sweep_hands_out_what_lost_its_message(feed, consumer, now):
    _receive(feed, now, "a")

    assert sweep_inbound() == 1

    InboundEvent.objects.update(next_attempt_at="2999-01-01T00:00Z")
    assert sweep_inbound() == 0


def test_failed_event_is_run_again_by_an_admin(feed, consumer, admin, operator, outsider, now):
    (event,) = _receive(feed, now, "a")
    consumer.failing = {"a": Failure("Broken.", is_final=True)}
    _treat(feed, now)
    for person in (operator, outsider):
        with pytest.raises(NotPermittedError):
            inbound.run_again(event=event, by=person)
    assert _state(event)[0] == InboundState.FAILED

    inbound.run_again(event=event, by=admin)

    assert _state(event) == (InboundState.RECEIVED, 0, "test: Broken.")
    consumer.failing = {}
    assert _treat(feed, now) == 1
    with pytest.raises(InboundRefusedError, match="is done; only failed ones"):
        inbound.run_again(event=event, by=admin)


def test_admin_shows_failed_events_and_runs_them_again(feed, consumer, admin, client_as, now):
    (event,) = _receive(feed, now, "a")
    consumer.failing = {"a": Failure("Broken.", is_final=True)}
    _treat(feed, now)
    client = client_as(admin)
    url = "/admin/workspaces/inboundevent/"

    page = client.get(url, {"state__exact": "failed"})
    chosen = {"action": "run_again", "_selected_action": [event.pk]}
    client.post(url, {**chosen, "workspace": str(feed.workspace.public_id)})

    assert "test: Broken." in page.content.decode()
    assert _state(event)[0] == InboundState.RECEIVED


@pytest.mark.parametrize("row", [{"state": "lost"}, {"state": "done"},
                                 {"processed_at": "2026-01-01T00:00Z"}])  # fmt: skip
def test_database_refuses_states_that_cannot_be(feed, now, row):
    (event,) = _receive(feed, now, "a")

    with pytest.raises(IntegrityError, match="inboundevent_state"), transaction.atomic():
        InboundEvent.objects.filter(pk=event.pk).update(**row)


def test_generic_connection_says_where_the_other_side_sends_to(workspace, admin, now):
    from workspaces.services import connections

    made = connections.create_connection(
        workspace=workspace, kind="generic", name="Shop", by=admin,
        secret={"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
    )  # fmt: skip

    good = connections.test_connection(connection=made, by=admin, now=now)
    made = connections.update_secret(connection=made, secret={"secret": "whsec_é"}, by=admin)
    bad = connections.test_connection(connection=made, by=admin, now=now)

    assert good.is_ok
    assert good.words.endswith(f"/api/webhooks/generic/{made.public_id}")
    assert (bad.is_ok, bad.words) == (False, "Signing secret is no base64; copy it once more.")


def test_one_message_wakes_a_worker_for_all_that_comes_until_it_looks(
    feed: Connection,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(
        "workspaces.services.inbound.current_app.send_task",
        lambda *_, kwargs, **__: sent.append(kwargs["connection_id"]),
    )

    def wake() -> int:
        with django_capture_on_commit_callbacks(execute=True):
            inbound.wake(connection_id=feed.pk)
        return len(sent)

    inbound.begin(connection_id=feed.pk)
    assert [wake(), wake(), wake()] == [1, 1, 1]
    process_inbound(connection_id=feed.pk)
    assert [wake(), wake()] == [2, 2]
    inbound.begin(connection_id=feed.pk)


def test_without_memory_every_call_wakes_a_worker(
    feed: Connection,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    sent: list[int] = []

    def lost(*_: object, **__: object) -> bool:
        raise RedisError("away")

    monkeypatch.setattr(
        "workspaces.services.inbound.current_app.send_task",
        lambda *_, kwargs, **__: sent.append(kwargs["connection_id"]),
    )
    monkeypatch.setattr("workspaces.services.inbound.cache.add", lost)
    monkeypatch.setattr("workspaces.services.inbound.cache.delete", lost)
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            inbound.wake(connection_id=feed.pk)
    inbound.begin(connection_id=feed.pk)
    assert sent == [feed.pk, feed.pk]
