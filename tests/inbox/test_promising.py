"""When answers are due, as time goes by and promises change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection

from inbox.models import (
    AIClassification,
    BusinessHours,
    Conversation,
    ConversationEvent,
    CustomerResponse,
    SLAPolicy,
)
from inbox.selectors.promises import stories_of
from inbox.selectors.replies import is_over, newest_of
from inbox.services import restating
from inbox.services.restating import restate
from inbox.services.sweeping import renew_changed, sweep
from tests.inbox.desk_steps import answer_to
from tests.inbox.steps import NOW, conversation_of, response_of
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _no_memory() -> None:
    cache.clear()


@pytest.fixture
def asked(workspace: Workspace) -> CustomerResponse:
    asked = response_of(conversation_of(workspace))
    restate([asked.conversation_id], now=NOW)
    asked.refresh_from_db()
    return asked


def state(asked: CustomerResponse) -> Conversation:
    asked.refresh_from_db()
    return Conversation.objects.get(pk=asked.conversation_id)


def read_as(asked: CustomerResponse, **values: Any) -> None:
    own: dict[str, Any] = {
        "intent": "question", "confidence": 0.9, "sentiment": 0.0, "urgency": "medium",
        "sentiment_label": "neutral", "model": "words", "ms": 1, "read_at": NOW,
    }  # fmt: skip
    AIClassification.objects.create(workspace=asked.workspace, response=asked, **own | values)


def _told(talk: Conversation) -> list[Any]:
    """Everything that a story says."""
    promised = ("due_at", "is_kept", "breached_at", "answered_at", "sla_target_minutes")
    row = Conversation.objects.values(
        "due_at", "warn_at", "sla_state", "waiting_since", "resolve_by", "breached_at",
        "is_escalated",
    ).get(pk=talk.pk)  # fmt: skip
    return [row, *talk.responses.order_by("pk").values("pk", *promised)]


def test_what_was_promised_long_ago_is_not_looked_at_again_and_stays(
    asked: CustomerResponse, monkeypatch: pytest.MonkeyPatch
) -> None:
    SLAPolicy.objects.create(
        workspace=asked.workspace, channel="email", urgency="medium", first_minutes=240,
        next_minutes=60, resolution_minutes=2880,
    )  # fmt: skip
    talk = asked.conversation
    for number in range(6):
        # Every other one is answered too late; the third is closed and opened again.
        late = NOW + number * 300 * MINUTE
        said = response_of(talk, at=late, received_at=late) if number else asked
        answer_to(said, at=late + (20 if number % 2 else 250) * MINUTE)
        if number == 2:
            for kind in ("closed", "reopened"):
                ConversationEvent.objects.create(
                    workspace=talk.workspace, conversation=talk, kind=kind, by_label="x",
                    at=late + 260 * MINUTE, before={"status": "closed"}, after={},
                )  # fmt: skip
    now = NOW + 1_800 * MINUTE
    response_of(talk, at=now, received_at=now)
    restate([talk.pk], now=now)
    whole, events = _told(talk), len(stories_of([talk.pk])[talk.pk].events)

    monkeypatch.setattr("inbox.selectors.promises._MOST", 3)
    restate([talk.pk], now=now)

    assert _told(talk) == whole
    assert (events, len(stories_of([talk.pk])[talk.pk].events)) == (21, 7)
    assert [one["is_kept"] for one in whole[1::2]] == [False, True, False, True, False, True, None]


def test_an_answer_is_found_in_one_pass_over_the_messages(asked: CustomerResponse) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {restating._ANSWERED}", {"ids": [asked.conversation_id]})
        plan = " ".join(line for (line,) in cursor.fetchall())
    assert "WindowAgg" in plan
    assert "SubPlan" not in plan


def test_a_mail_has_four_hours(asked: CustomerResponse) -> None:
    row = state(asked)
    assert (row.due_at, row.warn_at, row.escalate_at) == (
        NOW + 240 * MINUTE, NOW + 180 * MINUTE, NOW + 360 * MINUTE,
    )  # fmt: skip
    assert (row.sla_state, row.resolve_by) == ("running", NOW + 960 * MINUTE)
    assert (asked.due_at, asked.sla_target_minutes, asked.is_kept) == (row.due_at, 240, None)


@pytest.mark.parametrize(
    ("reading", "minutes"),
    [
        ({"urgency": "high"}, 60),
        ({"urgency": "low"}, 480),
        ({"intent": "complaint"}, 60),
        ({"intent": "question", "corrected_intent": "complaint", "corrected_at": NOW}, 60),
        ({"sentiment": -0.51}, 60),
        ({"sentiment": -0.5}, 240),
    ],
)
def test_how_it_was_read_says_how_soon(
    asked: CustomerResponse, reading: dict[str, Any], minutes: int
) -> None:
    read_as(asked, **reading)
    restate([asked.conversation_id], now=NOW)
    assert state(asked).due_at == NOW + minutes * MINUTE


@pytest.mark.parametrize(("minutes", "is_kept"), [(240, True), (241, False)])
def test_an_answer_keeps_the_promise_or_does_not(
    asked: CustomerResponse, minutes: int, is_kept: bool
) -> None:
    at = NOW + minutes * MINUTE
    out: dict[str, Any] = {"direction": "out", "delivery": "sent", "sent_at": at}
    response_of(asked.conversation, answers=asked, at=at, **out)
    restate([asked.conversation_id], now=at)
    row = state(asked)
    assert (row.due_at, row.sla_state, row.waiting_since) == (None, "", None)
    assert (asked.is_kept, asked.answered_at) == (is_kept, at)
    assert asked.breached_at == (None if is_kept else NOW + 240 * MINUTE)


def test_time_warns_breaches_and_escalates_once(asked: CustomerResponse) -> None:
    seen = []
    for minutes in (179, 180, 240, 241, 359, 360, 361):
        changed = sweep(now=NOW + minutes * MINUTE)
        seen.append((minutes, changed, state(asked).sla_state))
    assert seen == [
        (179, 0, "running"), (180, 1, "warned"), (240, 0, "warned"), (241, 1, "breached"),
        (359, 0, "breached"), (360, 1, "escalated"), (361, 0, "escalated"),
    ]  # fmt: skip
    row = state(asked)
    assert (row.breached_at, asked.breached_at, row.is_escalated) == (
        row.due_at, row.due_at, True,
    )  # fmt: skip
    kinds = ConversationEvent.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["breached", "escalated"]


def test_a_changed_promise_counts_for_what_is_open(asked: CustomerResponse) -> None:
    assert renew_changed(now=NOW) == 1
    assert renew_changed(now=NOW) == 0
    rule = SLAPolicy.objects.create(
        workspace=asked.workspace, channel="email", urgency="medium", first_minutes=90
    )
    later = NOW + 100 * MINUTE
    assert renew_changed(now=later) == 1
    row = state(asked)
    assert (row.due_at, row.sla_state) == (NOW + 90 * MINUTE, "breached")
    rule.delete()
    assert renew_changed(now=later) == 1
    assert (state(asked).due_at, state(asked).sla_state) == (NOW + 240 * MINUTE, "running")


def test_nobody_is_promised_the_night(workspace: Workspace) -> None:
    friday = datetime(2026, 9, 18, 14, 0, tzinfo=UTC)  # 16 h in Vienna
    asked = response_of(conversation_of(workspace, team="sales"), at=friday)
    day = [["09:00", "17:00"]]
    BusinessHours.objects.create(
        workspace=workspace, time_zone="Europe/Vienna", holidays={"2026-09-21": []},
        week=dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), day),
    )  # fmt: skip
    restate([asked.conversation_id], now=friday)
    # An hour of Friday, Monday is a holiday, three hours of Tuesday.
    assert state(asked).due_at == datetime(2026, 9, 22, 10, 0, tzinfo=UTC)
    BusinessHours.objects.create(workspace=workspace, team="sales", time_zone="UTC", week={})
    renew_changed(now=friday)
    assert (state(asked).due_at, state(asked).sla_state) == (None, "")


def test_other_workspaces_have_their_own_promises(
    asked: CustomerResponse, other_workspace: Workspace
) -> None:
    SLAPolicy.objects.create(
        workspace=other_workspace, channel="email", urgency="medium", first_minutes=1
    )
    renew_changed(now=NOW)
    assert state(asked).due_at == NOW + 240 * MINUTE


def test_what_a_network_tells_late_was_not_answered_before(workspace: Workspace) -> None:
    row = conversation_of(workspace)
    first = response_of(row, at=NOW - 30 * MINUTE, received_at=NOW - 30 * MINUTE)
    response_of(
        row, direction="out", delivery="sent", answers=first, at=NOW - 10 * MINUTE,
        sent_at=NOW - 10 * MINUTE, text="Soon",
    )  # fmt: skip
    late = response_of(row, at=NOW - 20 * MINUTE, received_at=NOW, text="And the red one?")
    restate([row.pk], now=NOW)
    assert state(first).waiting_since == NOW
    assert state(late).due_at == NOW + 240 * MINUTE
    assert (first.answered_at, late.answered_at) == (NOW - 10 * MINUTE, None)
    assert (newest_of(first), is_over(late)) == (late, False)
