"""Two weeks at the demo's desk: people write, are answered, closed, and some wait.

Everything is done by the services that people and workers use, each thing at its moment.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Final

from django.db.models import Prefetch, QuerySet

from inbox.engine.mail.reading import read_mail
from inbox.models import (
    BusinessHours,
    Conversation,
    Direction,
    InboxPolicy,
)
from inbox.services.answering import Words, answer
from inbox.services.desk import add_tags, assign, close, snooze, write_note
from inbox.services.mailing import own_marks, take_mails
from inbox.services.reading import BATCH, read_new
from inbox.services.settling import settle_answers
from inbox.services.sweeping import sweep
from inbox.services.templates import approve_template, create_template
from mlops.services.demo.inbox.words import ROUTINE, TEMPLATES, TODAY, Begun
from mlops.services.demo.outreach.providers import Providers
from outreach.models import Contact, ContactPoint
from outreach.services.sending.calling import Senders
from outreach.services.sending.dispatching import dispatch
from workspaces.gate import Proposer
from workspaces.models import User, Workspace
from workspaces.roles import Role

DAYS: Final = 14
#: Conversations of a day that is over.
_A_DAY: Final = 4
_SEED: Final = 11
_OPEN: Final = [["08:00", "18:00"]]
_WEEK: Final = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), _OPEN) | {
    "sat": [["09:00", "13:00"]]
}
_WRITES_TO: Final = "PTD Fitness <news@ptd-fitness.example>"
_UNDO: Final = timedelta(seconds=15)


@dataclass
class Desk:
    """The inbox of a workspace, lived through from two weeks ago until now."""

    workspace: Workspace
    people: Mapping[Role, User]
    providers: Providers
    now: datetime
    _rng: random.Random = field(init=False)
    _writers: Iterator[Contact] = field(init=False)

    def live(self) -> None:
        """Go through it all. The sandbox's clock stands where it ended."""
        self._rng = random.Random(_SEED)  # noqa: S311  # chance for a demo, not for secrets
        begun = self.now - timedelta(days=DAYS)
        self._writers = iter(self._guests())
        self._set_up(begun)
        for days in range(DAYS, 1, -1):
            self._past_day(self.now - timedelta(days=days))
        for one in sorted(TODAY, key=lambda each: -each.hours):
            self._begin(one)
        self._work(self.now)
        sweep(now=self.now)

    @property
    def agent(self) -> Proposer:
        """Who answers."""
        return Proposer.person(self.people[Role.AGENT])

    def _guests(self) -> list[Contact]:
        """People of the imported file with a mail address and a phone, in their order."""
        points = Prefetch("points", ContactPoint.objects.order_by("channel", "pk"))
        rows = Contact.objects.filter(workspace=self.workspace, source="import")
        rows = rows.filter(points__channel="sms").exclude(points__is_reachable=False)
        return list(rows.prefetch_related(points).order_by("-pk").distinct()[:200])

    def _set_up(self, at: datetime) -> None:
        """How the inbox is run: hours, policy, answers written beforehand."""
        InboxPolicy.objects.update_or_create(
            workspace=self.workspace, defaults={"asks_satisfaction": True}
        )
        BusinessHours.objects.create(
            workspace=self.workspace, time_zone=self.workspace.time_zone, week=dict(_WEEK)
        )
        approver = Proposer.person(self.people[Role.APPROVER])
        *approved, waits = TEMPLATES
        for values in approved:
            row = create_template(workspace=self.workspace, values=values, by=self.agent, now=at)
            approve_template(template=row, by=approver, now=at)
        create_template(workspace=self.workspace, values=waits, by=self.agent, now=at)

    def _past_day(self, day: datetime) -> None:
        """A day that is over: what came was answered, most of it in time, and closed."""
        local = day.astimezone(self.workspace.zone).replace(hour=8, minute=0, second=0)
        for channel, subject, says, answered in self._rng.sample(ROUTINE, _A_DAY):
            at = local + timedelta(minutes=self._rng.randrange(540))
            at = at.astimezone(self.now.tzinfo)
            conversation = self._arrives(channel, subject, says, at)
            self._give(conversation, at)
            said = at + timedelta(minutes=min(self._rng.lognormvariate(3.4, 0.9), 900))
            self._answer(conversation, answered, said)
            if self._rng.random() < 0.85:
                ended = said + timedelta(hours=1)
                close(rows=_row(conversation), workspace=self.workspace, by=self.agent, now=ended)

    def _begin(self, one: Begun) -> None:
        """One of those that are not over."""
        at = self.now - timedelta(hours=one.hours)
        first, *rest = one.says
        conversation = self._arrives(one.channel, one.subject, first, at)
        rows, workspace, by = _row(conversation), self.workspace, self.agent
        if one.left:
            self._give(conversation, at)
        if one.note:
            later = at + timedelta(minutes=20)
            write_note(conversation=conversation, text=one.note, by=self.agent, now=later)
        if one.tags:
            add_tags(rows=rows, workspace=workspace, tags=one.tags, by=by, now=at)
        if one.answer:
            self._answer(conversation, one.answer, at + timedelta(minutes=35))
        for number, says in enumerate(rest, start=1):
            self._says(conversation, says, at + timedelta(hours=number))
        if one.left == "snoozed":
            until = self.now + timedelta(days=3)
            later = at + timedelta(minutes=40)
            snooze(rows=rows, workspace=workspace, until=until, by=by, now=later)

    def _arrives(self, channel: str, subject: str, says: str, at: datetime) -> Conversation:
        writer = next(self._writers)
        rows = Conversation.objects.filter(workspace=self.workspace).order_by("-pk")
        before = rows.values_list("pk", flat=True).first() or 0
        self.providers.control.set_clock(at)
        if channel in ("instagram", "facebook"):
            self._write_to_page(channel, says, at)
        elif channel == "sms":
            self.providers.text_from(_address(writer, "sms"), says, at)
        else:
            self._mail(writer, subject, says, at)
        self._work(at + timedelta(seconds=2))
        return rows.get(pk__gt=before)

    def _says(self, conversation: Conversation, says: str, at: datetime) -> None:
        """They go on, as an answer to our last words."""
        ours = conversation.responses.filter(direction=Direction.OUT).order_by("pk").last()
        message = ours.message if ours is not None else None
        answers = message.provider_message_id if message is not None else ""
        self._mail(conversation.contact, f"Re: {conversation.subject}", says, at, answers=answers)
        self._work(at + timedelta(seconds=2))

    def _mail(
        self, writer: Contact, subject: str, says: str, at: datetime, answers: str = ""
    ) -> None:
        """A mail as it arrives, read as all are."""
        raw = EmailMessage()
        raw["From"] = f"{writer.name} <{_address(writer, 'email')}>"
        raw["To"], raw["Subject"], raw["Date"] = _WRITES_TO, subject, at
        raw["Message-ID"] = f"<demo-{writer.pk}-{int(at.timestamp())}@mail.example>"
        if answers:
            raw["In-Reply-To"] = answers
        raw.set_content(f"{says}\n\n-- \n{writer.name}")
        mail = read_mail(raw.as_bytes(), own=own_marks(self.workspace))
        take_mails(workspace=self.workspace, mails=[(mail, at)], now=at)

    def _write_to_page(self, channel: str, says: str, at: datetime) -> None:
        """A direct message to the page, which knows people by ids of its own."""
        self.providers.control.write_to_page(
            account=self.providers.page, text=says,
            channel="instagram" if channel == "instagram" else "messenger",
            **{"from": f"7200{self._rng.randrange(10**12):012}"},
        )  # fmt: skip
        self.providers.hear(at)

    def _give(self, conversation: Conversation, at: datetime) -> None:
        assign(
            rows=_row(conversation), workspace=self.workspace, to=self.people[Role.AGENT],
            by=self.agent, now=at + timedelta(minutes=3),
        )  # fmt: skip

    def _answer(self, conversation: Conversation, text: str, at: datetime) -> None:
        to = conversation.responses.filter(direction=Direction.IN).order_by("pk").last()
        assert to is not None  # noqa: S101  # every conversation begins with their words
        answer(to=to, words=Words(text), by=self.agent, now=at)
        self._work(at + _UNDO)

    def _work(self, at: datetime) -> None:
        """What workers do every two seconds."""
        while read_new(now=at) == BATCH:
            pass
        self.providers.control.set_clock(at)
        with Senders() as senders:
            dispatch(worker="demo", clock=lambda: at, senders=senders)
        settle_answers(now=at)


def _row(conversation: Conversation) -> QuerySet[Conversation]:
    return Conversation.objects.filter(pk=conversation.pk)


def _address(writer: Contact, channel: str) -> str:
    return next(one.address for one in writer.points.all() if one.channel == channel)
