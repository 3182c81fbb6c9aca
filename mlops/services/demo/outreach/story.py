"""Two weeks of messages: planned, signed, sent, heard of and answered, each at its moment.

Everything is done by the services that people and workers use; the sandbox's clock goes along, and
what its providers tell comes in as their webhooks do.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from attribution.models import Person
from mlops.platforms.sandbox_control import SandboxControl
from mlops.services.demo.outreach.contacts import WRITERS, fill_people
from mlops.services.demo.outreach.networks import live_on_networks
from mlops.services.demo.outreach.providers import Providers, connect_providers
from mlops.services.demo.outreach.texts import (
    AFTER,
    ANSWER,
    BOOKED,
    NEWS,
    REMINDER,
    WINTER,
    Texts,
    fill_texts,
)
from mlops.services.demo.people import sign_for
from outreach.models import Audience, OutreachCampaign, OutreachMessage, SendPlan
from outreach.services.drafting import create_campaign
from outreach.services.life import launch_campaign
from outreach.services.planning.jobs import WATCH_JOB
from outreach.services.planning.making import plan_campaign
from outreach.services.sending.calling import Senders
from outreach.services.sending.dispatching import dispatch
from outreach.services.sending.materialising import materialise_due
from workspaces.gate import Proposer
from workspaces.models import Proposal, User, Workspace
from workspaces.roles import Role
from workspaces.services.execution import execute_due
from workspaces.services.jobs import run_job

DAYS: Final = 14
_HOUR: Final = timedelta(hours=1)
#: Workers look every two seconds; in the demo they look so often.
_STEP: Final = timedelta(hours=2)
#: When people look after a send what became of it, in hours.
_LOOKS: Final = (4, 24, 96)
#: What guests answer to the reminder, in the order in which it went out.
ANSWERS: Final = (
    "STOP", "Thanks, I will be there!", "Please take me off your list", "Is there parking?",
)  # fmt: skip
#: What people wrote to the page and how many hours ago; the second one too long ago for a machine.
_QUESTIONS: Final = (
    (WRITERS[1], "Do you coach people with a bad knee?", 30),
    (WRITERS[0], "How much is the assessment?", 3),
    (WRITERS[2], "Do you have evening slots?", 2),
)  # fmt: skip


@dataclass
class Mailing:
    """The messages of a workspace, lived through from two weeks ago until now."""

    workspace: Workspace
    people: Mapping[Role, User]
    control: SandboxControl
    now: datetime
    providers: Providers = field(init=False)
    texts: Texts = field(init=False)
    audiences: dict[str, Audience] = field(init=False)

    def live(self) -> None:
        """Go through it all. The sandbox's clock stands where it ended."""
        begun = self.now - timedelta(days=DAYS)
        self.control.set_clock(begun)
        self.providers = connect_providers(
            workspace=self.workspace, control=self.control, now=self.now
        )
        self.texts = fill_texts(workspace=self.workspace, by=self.operator, now=begun)
        self.audiences = fill_people(workspace=self.workspace, by=self.operator, now=begun)
        self._newsletter(begun + _HOUR)
        self._reminder(self._afternoon(4))
        self._sequence(self._afternoon(2))
        self._answers_to_the_page(self._afternoon(1))
        run_job(workspace=self.workspace, name=WATCH_JOB, trigger="demo", now=self.now)
        live_on_networks(
            workspace=self.workspace, people=self.people, control=self.control, now=self.now
        )
        self._waits_for_a_signature()

    @property
    def operator(self) -> Proposer:
        """Who writes and plans."""
        return Proposer.person(self.people[Role.OPERATOR])

    def known(self) -> list[Person]:
        """Who the imported contacts are, in their order."""
        people = Person.objects.filter(
            contacts__workspace=self.workspace, contacts__source="import"
        )
        return list(people.order_by("contacts__pk"))

    def _afternoon(self, days: int) -> datetime:
        """Two o'clock in New York: nobody of the file sleeps."""
        local = (self.now - timedelta(days=days)).astimezone(self.workspace.zone)
        return local.replace(hour=14, minute=0, second=0, microsecond=0).astimezone(self.now.tzinfo)

    def _newsletter(self, at: datetime) -> None:
        """The one that is over, with all that became of it."""
        campaign = self._draft(
            at, "November news", NEWS, "email", audience="Wants to get strong",
            ends_at=at + timedelta(days=DAYS - 1),
        )  # fmt: skip
        last = self._send(campaign, at)
        self._hear(last)
        read = OutreachMessage.objects.filter(campaign=campaign, status="opened").order_by("pk")
        for message, kind in zip(
            read.select_related("point"), ("complained", "unsubscribed"), strict=False
        ):
            self.providers.happens(message.point.address, kind)
        for hours in _LOOKS:
            self._hear(last + hours * _HOUR)

    def _reminder(self, at: datetime) -> None:
        """The one by SMS, and what people answered."""
        campaign = self._draft(at, "Open day reminder", REMINDER, "sms", audience="Open day guests")
        last = self._send(campaign, at) + _HOUR
        self._hear(last)
        sent = OutreachMessage.objects.filter(campaign=campaign, sent_at__isnull=False)
        for message, words in zip(
            sent.select_related("point").order_by("pk"), ANSWERS, strict=False
        ):
            self.providers.text_from(message.point.address, words, last)

    def _sequence(self, at: datetime) -> None:
        """The one that is under way: its second mail goes to those who opened the first."""
        campaign = self._draft(
            at, "After the open day", AFTER, "email", audience="Open day guests",
            type="sequence", then=[{"name": "Book", "delay_hours": 72, "condition": "opened",
                                    "texts": [self._text(BOOKED, "email")]}],
        )  # fmt: skip
        self._hear(self._send(campaign, at) + _HOUR)

    def _answers_to_the_page(self, at: datetime) -> None:
        """Answers to who wrote: one arrives, one is lost on its way, two are left to a person."""
        for (_, _, channel, address), words, hours in _QUESTIONS:
            self.control.set_clock(at - hours * _HOUR)
            self.control.write_to_page(
                account=self.providers.page, text=words,
                channel="instagram" if channel == "instagram" else "messenger",
                **{"from": address},
            )  # fmt: skip
            self.providers.hear(at - hours * _HOUR)
        campaign = self._draft(
            at, "Answers to the page", ANSWER, "facebook", "instagram", "linkedin",
            audience="Wrote to us", type="customer_service", purpose="service",
        )  # fmt: skip
        self.control.lose_answer(platform="meta", path="/messages")
        self._hear(self._send(campaign, at) + _HOUR)

    def _waits_for_a_signature(self) -> None:
        campaign = self._draft(self.now, "Winter programme", WINTER, "email",
                               audience="Subscribers", send_at_best_hour=True)  # fmt: skip
        plan_campaign(campaign=campaign, by=self.operator, now=self.now)
        launch_campaign(
            campaign=campaign, by=self.operator, now=self.now,
            reason="Places are limited; the mail should be out before the weekend.",
        )  # fmt: skip

    def _draft(
        self, at: datetime, name: str, text: str, *channels: str, audience: str,
        then: list[dict[str, Any]] | None = None, **values: Any,
    ) -> OutreachCampaign:  # fmt: skip
        first = {"name": name, "texts": [self._text(text, channel) for channel in channels]}
        given = {
            "name": name, "channels": list(channels), "send_at_best_hour": False,
            "audience": str(self.audiences[audience].public_id),
            "steps": [first, *(then or [])], **values,
        }  # fmt: skip
        return create_campaign(workspace=self.workspace, values=given, by=self.operator, now=at)

    def _text(self, name: str, channel: str) -> dict[str, str]:
        return {"channel": channel, "template": str(self.texts[name, channel].public_id)}

    def _send(self, campaign: OutreachCampaign, at: datetime) -> datetime:
        """Plan it, have it signed, and send it as workers would; when the last one went out."""
        plan = plan_campaign(campaign=campaign, by=self.operator, now=at)
        asked = launch_campaign(campaign=campaign, by=self.operator, now=at)
        proposal = Proposal.objects.select_related("current_plan").get(pk=asked.pk)
        sign_for(proposal, self.people, at)
        moment = at + timedelta(minutes=2)
        execute_due(worker="demo", clock=lambda: moment, workspace=self.workspace)
        self._dispatch(moment)
        last = SendPlan.objects.get(pk=plan.pk).last_at or moment
        while moment < min(last, self.now):
            moment = min(moment + _STEP, last, self.now)
            self._dispatch(moment)
        return moment

    def _dispatch(self, at: datetime) -> None:
        self.control.set_clock(at)
        materialise_due(now=at)
        with Senders() as senders:
            while not (run := dispatch(worker="demo", clock=lambda: at, senders=senders)).is_done:
                time.sleep(run.wait_s)

    def _hear(self, at: datetime) -> None:
        self.control.set_clock(at)
        self.providers.hear(at)
