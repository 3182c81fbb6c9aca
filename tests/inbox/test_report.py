"""Figures of the inbox: by hand, and against plain Python over random histories."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbox.engine.hours_document import read_hours
from inbox.models import (
    AIClassification,
    BusinessHours,
    Conversation,
    CustomerResponse,
    ReplyDraft,
    Satisfaction,
)
from inbox.selectors.analytics import keeping
from inbox.selectors.analytics.asked import ReportQuery
from inbox.selectors.analytics.keeping import recent_report
from inbox.selectors.analytics.missed import missed_page
from inbox.selectors.analytics.report import Report, report_of
from inbox.services.restating import restate
from tests.inbox.desk_steps import answer_to, draft_of
from tests.inbox.report_steps import percentile, waited_in
from tests.inbox.steps import NOW, conversation_of, response_of
from tests.outreach.steps import contact_of
from workspaces.models import User, Workspace
from workspaces.periods import Period

Browse = Callable[[User], Client]
DAY = timedelta(days=1)
WEEK = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


def asked(workspace: Workspace, **values: Any) -> ReportQuery:
    """The week up to the day of NOW, a Tuesday."""
    return ReportQuery(workspace, Period(date(2026, 9, 9), date(2026, 9, 15)), **values)


def report_for(workspace: Workspace, **values: Any) -> Report:
    return report_of(asked(workspace, **values), NOW + DAY)


def wrote(conversation: Conversation, at: datetime, **values: Any) -> CustomerResponse:
    """A message that came when it was written."""
    return response_of(conversation, at=at, received_at=at, **values)


def talk(workspace: Workspace, name: str, **values: Any) -> Conversation:
    return conversation_of(
        workspace, contact=contact_of(workspace, f"{name}@example.com"), **values
    )


def test_first_answers_count_by_the_wall_and_by_business_time(workspace: Workspace) -> None:
    BusinessHours.objects.create(workspace=workspace, time_zone="UTC", week=WEEK)
    fast, slow = talk(workspace, "fast"), talk(workspace, "slow", team="sales")
    monday = datetime(2026, 9, 14, 16, 30, tzinfo=UTC)
    answer_to(wrote(fast, monday), at=monday + timedelta(minutes=10))
    answer_to(wrote(slow, monday), at=monday + timedelta(hours=17))

    report = report_for(workspace)

    assert report.figures.first.mean == pytest.approx((10 + 1020) / 2)
    assert report.figures.first_business.mean == pytest.approx((10 + 60) / 2)
    assert report.figures.first_business.p90 == pytest.approx(55)
    assert report.mail.first_business.mean == pytest.approx(10)  # sales is no service
    assert (report.volume.incoming, report.volume.outgoing) == (2, 2)
    assert [part.label for part in report.parts["team"]] == ["Sales", "Support"]


def test_promises_are_kept_missed_or_not_judged(workspace: Workspace, agent: User) -> None:
    late, kept, open_, waits = (talk(workspace, name) for name in ("late", "kept", "open", "waits"))
    answer_to(response_of(late, at=NOW), at=NOW + timedelta(hours=5), author=agent)
    answer_to(response_of(kept, at=NOW), at=NOW + timedelta(hours=3), author=agent)
    wrote(open_, NOW - DAY)
    response_of(waits, at=NOW)
    restate([open_.pk, waits.pk], now=NOW)

    figures = report_for(workspace).figures

    assert (figures.kept, figures.missed, figures.turns) == (1, 2, 4)
    assert figures.compliance == pytest.approx(1 / 3)
    assert figures.escalated_share == pytest.approx(1 / 4)
    own = report_for(workspace, agent=agent.pk).figures
    assert (own.kept, own.missed) == (1, 1)
    nobody = report_for(workspace, agent=0).figures
    assert (nobody.kept, nobody.missed, nobody.turns) == (0, 1, 2)
    lines = missed_page(asked(workspace), 1).lines
    assert [(one.conversation, one.agent, one.late) for one in lines] == [
        (late, str(agent), "1 h late"), (open_, "Nobody", "not answered"),
    ]  # fmt: skip


def test_an_answer_after_closing_is_that_of_the_later_message(workspace: Workspace) -> None:
    row = talk(workspace, "closed")
    response_of(row, at=NOW - DAY, due_at=NOW - DAY, is_kept=False, breached_at=NOW - DAY)
    last = response_of(row, at=NOW, due_at=NOW + DAY, is_kept=True)
    type(last).objects.filter(conversation=row).update(answered_at=NOW + timedelta(minutes=9))
    Conversation.objects.filter(pk=row.pk).update(first_answered_at=NOW + timedelta(minutes=9))

    figures = report_for(workspace).figures

    assert (figures.turns, figures.answered, figures.kept, figures.missed) == (2, 1, 1, 1)
    assert figures.first.mean == pytest.approx(9)


def test_answers_that_went_out_unsigned_and_what_people_said(workspace: Workspace) -> None:
    by_hand, by_itself = talk(workspace, "hand"), talk(workspace, "itself", channel="email")
    answer_to(response_of(by_hand))
    asks = response_of(by_itself)
    AIClassification.objects.create(
        workspace=workspace, response=asks, intent="question", confidence=0.9, sentiment=0,
        sentiment_label="neutral", urgency="low", model="words", ms=1, read_at=NOW,
    )  # fmt: skip
    draft = draft_of(asks)
    ReplyDraft.objects.filter(pk=draft.pk).update(was_auto=True, response=answer_to(asks))
    for row, score in ((by_hand, 2), (by_itself, 5)):
        Satisfaction.objects.create(
            workspace=workspace, conversation=row, asked_at=NOW, score=score, answered_at=NOW
        )

    report = report_for(workspace)

    assert report.figures.automatic_share == pytest.approx(0.5)
    assert (report.said.now.share, report.said.now.mean) == (0.5, 3.5)
    by_intent = {part.key: part.figures.automatic for part in report.parts["intent"]}
    assert by_intent == {"question": 1, "": 0}


def test_days_are_those_of_the_workspace_and_compared_with_those_before(
    workspace: Workspace,
) -> None:
    Workspace.objects.filter(pk=workspace.pk).update(time_zone="America/New_York")
    workspace.refresh_from_db()
    row = talk(workspace, "far")
    response_of(row, at=datetime(2026, 9, 9, 3, 59, tzinfo=UTC))  # the 8th there
    response_of(row, at=datetime(2026, 9, 9, 4, 0, tzinfo=UTC))
    response_of(row, at=datetime(2026, 9, 16, 3, 30, tzinfo=UTC), is_auto=True)

    volume = report_for(workspace).volume

    assert (volume.incoming, volume.incoming_before, volume.days[0]) == (1, 1, (1, 0))
    assert volume.heat[2].cells[0] == (1, 4)  # a Wednesday, at midnight


def test_who_waits_now_is_counted_by_how_long(
    workspace: Workspace, other_workspace: Workspace
) -> None:
    for home in (workspace, other_workspace):
        for hours in (0.5, 2, 30):
            talk(home, f"h{hours}", waiting_since=NOW + DAY - timedelta(hours=hours))

    report = report_for(workspace)

    assert dict(report.backlog) == {
        "under 1 hour": 1, "1 to 4 hours": 1, "4 to 24 hours": 0, "1 to 3 days": 1,
        "3 to 7 days": 0, "over 7 days": 0,
    }  # fmt: skip
    assert report.figures.turns == 0


STEPS = st.lists(
    st.tuples(st.sampled_from(["in", "in", "out", "auto", "failed"]), st.integers(1, 3000)),
    min_size=1, max_size=8,
)  # fmt: skip


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(stories=st.lists(st.tuples(st.sampled_from(["sales", "support"]), STEPS), max_size=3))
def test_the_report_agrees_with_living_through_it(
    workspace: Workspace, stories: list[tuple[str, list[tuple[str, int]]]]
) -> None:
    with transaction.atomic():
        _agrees(workspace, stories)
        transaction.set_rollback(True)


def _agrees(workspace: Workspace, stories: list[tuple[str, list[tuple[str, int]]]]) -> None:
    BusinessHours.objects.create(workspace=workspace, time_zone="UTC", week=WEEK)
    talks = [_lived(workspace, number, *story) for number, story in enumerate(stories)]
    query = asked(workspace)
    hours = read_hours("UTC", WEEK, {})
    expected = waited_in(talks, query.starts_at, query.ends_at)

    figures = report_of(query, NOW + 3 * DAY).figures

    times = [one.minutes(hours) for one in expected if one.is_first]
    wall = [pair[0] for pair in times if pair]
    business = [pair[1] for pair in times if pair]
    assert figures.turns == len(expected)
    assert figures.answered == sum(one.answer is not None for one in expected)
    assert figures.kept == sum(one.first.is_kept is True for one in expected)
    assert figures.missed == sum(one.is_missed for one in expected)
    assert figures.first.count == len(wall)
    if wall:
        assert figures.first.p90 == pytest.approx(percentile(wall, 0.9))
        assert figures.first.median == pytest.approx(percentile(wall, 0.5))
        assert figures.first_business.mean == pytest.approx(sum(business) / len(business))


def _lived(
    workspace: Workspace, number: int, team: str, steps: list[tuple[str, int]]
) -> Conversation:
    row = talk(workspace, f"person{number}", team=team)
    at, last = NOW - 4 * DAY, None
    for kind, minutes in steps:
        at += timedelta(minutes=minutes)
        if kind in ("in", "auto") or last is None:
            last = wrote(row, at, is_auto=kind == "auto")
        else:
            values = {"delivery": "failed", "sent_at": None} if kind == "failed" else {}
            answer_to(last, at=at, **values)
    restate([row.pk], now=NOW + 3 * DAY)
    return row


def test_only_a_report_that_takes_long_is_kept_for_a_while(
    workspace: Workspace, other_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    query, later = asked(workspace), NOW + DAY + timedelta(minutes=1)
    first = wrote(talk(workspace, "ann"), NOW)
    Satisfaction.objects.create(
        workspace=workspace, conversation=first.conversation, asked_at=NOW, score=4,
        answered_at=NOW,
    )  # fmt: skip
    assert recent_report(query, NOW + DAY)[0].volume.incoming == 1
    monkeypatch.setattr(keeping, "SLOW_S", 0)
    exact, _ = recent_report(query, NOW + DAY)
    assert recent_report(query, later) == (exact, NOW + DAY)

    wrote(first.conversation, NOW)
    kept, read_at = recent_report(query, later)
    assert (kept.volume.incoming, read_at, kept.query) == (1, NOW + DAY, query)
    assert recent_report(asked(workspace, channel="email"), later)[0].volume.incoming == 2
    assert recent_report(asked(other_workspace), later)[0].volume.incoming == 0
