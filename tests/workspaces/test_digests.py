"""The day's digest: at the member's hour, once, with what agents suggest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail

from tests.workspaces import note_kind
from tests.workspaces.agent_steps import agent_of, suggestion_of
from tests.workspaces.factories import MembershipFactory, WorkspaceFactory
from workspaces import digest_ways
from workspaces.digest_ways import NotSentError, ShortDigest
from workspaces.gate import Proposer
from workspaces.models import (
    NotificationPreference,
    Proposal,
    ProposerType,
    SuggestedAction,
    User,
    Workspace,
)
from workspaces.services import digests, notices
from workspaces.services.proposing import propose
from workspaces.services.suggesting import dismiss

pytestmark = pytest.mark.django_db

#: 08:05 in Vienna.
AT = datetime(2026, 11, 21, 7, 5, tzinfo=UTC)
DAY = timedelta(days=1)


def _notify(workspace: Workspace, now: datetime, **options: Any) -> None:
    options = {"topic": "approvals", "title": "3 changes wait", "dedup_key": "k1", **options}
    notices.notify(workspace=workspace, now=now, **options)


def _of(user: User, **values: Any) -> NotificationPreference:
    return NotificationPreference.objects.create(
        workspace=user.memberships.get().workspace, user=user, **values
    )


@pytest.fixture
def vienna(workspace: Workspace) -> Workspace:
    workspace.time_zone = "Europe/Vienna"
    workspace.save(update_fields=["time_zone"])
    return workspace


@pytest.fixture
def telephone(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[ShortDigest]]:
    """A way that takes what it is given, but for numbers that end with 0."""
    taken: list[ShortDigest] = []

    def take(digest: ShortDigest, now: datetime) -> None:
        if digest.to.endswith("0"):
            raise NotSentError("This number wants no messages.")
        taken.append(digest)

    monkeypatch.setitem(digest_ways._ways, "whatsapp", take)
    return iter([taken])


def test_it_comes_at_the_hour_of_the_workspace_zone(now: datetime) -> None:
    team = WorkspaceFactory(time_zone="Asia/Tokyo")
    member = MembershipFactory(workspace=team).user
    _notify(team, now)
    _notify(team, now, dedup_key="k2", title="A sync failed")

    before = digests.send_digests(now=datetime(2026, 11, 21, 22, 59, tzinfo=UTC))
    at = digests.send_digests(now=datetime(2026, 11, 21, 23, 5, tzinfo=UTC))
    again = digests.send_digests(now=datetime(2026, 11, 22, 0, 5, tzinfo=UTC))
    next_day = digests.send_digests(now=datetime(2026, 11, 22, 23, 5, tzinfo=UTC))

    # 08:00 in Tokyo is 23:00 UTC of the day before.
    assert (before, at, again, next_day) == (0, 1, 0, 1)
    assert mail.outbox[0].to == [member.email]
    assert mail.outbox[0].subject == f"[{team}] 2 unread"
    assert "A sync failed" in mail.outbox[0].body
    assert "Agents suggest" not in mail.outbox[0].body


def test_none_without_news_or_wish(
    workspace: Workspace, approver: User, viewer: User, now: datetime
) -> None:
    NotificationPreference.objects.create(workspace=workspace, user=viewer, daily_digest=False)
    _notify(workspace, now)
    notices.mark_read(user=approver, workspace=workspace, now=now)

    assert digests.send_digests(now=now) == 0
    assert mail.outbox == []


def test_agents_suggest_the_most_urgent_first_with_what_waits(
    vienna: Workspace, operator: User, viewer: User
) -> None:
    note_kind.install()
    agent = agent_of(vienna)
    first = suggestion_of(vienna, agent, created_at=AT - DAY / 24, priority="low")
    urgent = suggestion_of(
        vienna, agent, external_id="2", created_at=AT - DAY / 2, priority="high", title="Churn"
    )
    gone = suggestion_of(vienna, agent, external_id="3", created_at=AT, title="Put aside")
    dismiss(suggestion=gone, by=operator, now=AT)
    proposal = propose(
        workspace=vienna, kind="note", request={"page": "1", "text": "hello"}, now=AT,
        proposer=Proposer(ProposerType.KEY, f"key:{agent.prefix}", agent.name), reason="Why",
    )  # fmt: skip
    SuggestedAction.objects.create(
        suggestion=urgent, position=0, action_type="propose", label="x", proposal=proposal
    )

    sent = digests.send_digests(now=AT)

    (letter,) = mail.outbox
    assert (sent, letter.to) == (1, [operator.email])
    assert letter.subject == f"[{vienna}] 2 suggestions of agents"
    assert letter.body.index("High: Churn (Watcher)") < letter.body.index(f"Low: {first.title}")
    assert f"/approvals/{proposal.public_id}/" in letter.body
    assert "Put aside" not in letter.body


def test_what_is_decided_waits_no_more_and_old_ones_are_counted(
    vienna: Workspace, operator: User
) -> None:
    agent = agent_of(vienna)
    suggestion_of(vienna, agent, created_at=AT - 2 * DAY, title="Of the other day")
    _of(operator, last_digest_on=(AT - DAY).date())
    assert digests.send_digests(now=AT) == 0

    suggestion_of(vienna, agent, external_id="2", created_at=AT + DAY / 2, title="Of today")
    assert digests.send_digests(now=AT + DAY) == 1

    assert "Of today" in mail.outbox[0].body
    assert "Of the other day" not in mail.outbox[0].body
    assert "1 older suggestion still open" in mail.outbox[0].body
    assert not Proposal.objects.exists()


def test_by_whatsapp_and_by_mail_where_that_cannot_be(
    vienna: Workspace, operator: User, approver: User, telephone: Iterator[list[ShortDigest]]
) -> None:
    (taken,) = telephone
    suggestion_of(vienna, created_at=AT)
    _of(operator, digest_by="whatsapp", phone="+436601234567")
    _of(approver, digest_by="whatsapp", phone="+436601234560")

    assert (digests.send_digests(now=AT), digests.send_digests(now=AT)) == (2, 0)

    assert [(one.to, one.counts, one.first) for one in taken] == [
        ("+436601234567", "1 suggestion of agents", "Prospecting has room")
    ]
    (letter,) = mail.outbox
    assert letter.to == [approver.email]
    assert letter.body.startswith(
        "It could not come by WhatsApp: This number wants no messages.\nSo it comes by mail."
    )


def test_a_worker_that_dies_costs_one_member_one_digest_and_sends_none_twice(
    vienna: Workspace, operator: User, approver: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    suggestion_of(vienna, created_at=AT)

    def die(*_: object, **__: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(digests, "send_mail", die)
        with pytest.raises(SystemExit):
            digests.send_digests(now=AT)
    counts = [digests.send_digests(now=AT + timedelta(hours=hour)) for hour in (1, 2)]

    assert counts == [1, 0]
    assert len(mail.outbox) == 1


def test_a_server_that_fails_leaves_the_day_open(
    vienna: Workspace, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    suggestion_of(vienna, created_at=AT)
    last = (AT - DAY).date()
    _of(operator, last_digest_on=last)

    def fail(**_: object) -> None:
        raise OSError("no server")

    with monkeypatch.context() as patch:
        patch.setattr(digests, "send_mail", fail)
        assert digests.send_digests(now=AT) == 0
    assert NotificationPreference.objects.get().last_digest_on == last
    assert digests.send_digests(now=AT + DAY / 24) == 1
