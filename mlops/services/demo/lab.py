"""Two weeks of A/B tests on the demo's landing page, lived through day by day.

Everything is done by the services that people and jobs use, at the moment it belongs to: drafts
are made and started, visitors come, sums are counted, each test's rule is applied, people sign.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from attribution.models import Site
from attribution.services.website.sites import create_site
from experiments.models import ABTest, BestPractice, PracticeState
from experiments.selectors.proposals import KIND
from experiments.selectors.sizing import sizing_for
from experiments.services.counting.counting import count_all
from experiments.services.deciding import decide_test, running_tests, watch_roll_outs
from experiments.services.drafting import create_draft, edit_draft
from experiments.services.library import define_metric
from experiments.services.practices.refreshing import refresh_practices
from experiments.services.practices.testing import draft_test_of
from experiments.services.running import start_test
from experiments.services.serving import note_asked
from mlops.services.demo.people import sign_for
from mlops.services.demo.trial_visits import ORIGIN, Visitors
from workspaces.gate import Proposer
from workspaces.models import Proposal, Status, User, Workspace
from workspaces.roles import Role
from workspaces.services.execution import execute_due

NAME: Final = "trial.ptd-fitness.example"
#: Metrics of this site: name and event, beside the library's.
METRICS: Final[Mapping[str, tuple[str, str]]] = {
    "trial-begun": ("Free trial begun", "trial_begun"),
    "talk-booked": ("Talk booked", "talk_booked"),
    "form-sent": ("Form sent", "form_sent"),
    "plan-bought": ("Plan bought", "plan_bought"),
}
DAYS: Final = 14
_DAY: Final = timedelta(days=1)


@dataclass
class Lab:
    """The tests, as far as they have been lived through."""

    workspace: Workspace
    people: Mapping[Role, User]
    now: datetime  # the end of it
    left: int = DAYS + 1  # days that are still to come
    site: Site = field(init=False)
    visitors: Visitors = field(init=False)

    def __post_init__(self) -> None:
        self.site = create_site(workspace=self.workspace, name=NAME, origins=[ORIGIN])
        self.visitors = Visitors(self.site)
        begun = self.now - self.left * _DAY
        for key, (name, event) in METRICS.items():
            values = {"key": key, "name": name, "event": event}
            define_metric(workspace=self.workspace, values=values, by=self.operator, now=begun)

    def live_until(self, moment: datetime) -> None:
        """Go on, day by day, up to a moment."""
        while self.left and self.now - (self.left - 1) * _DAY <= moment:
            self.left -= 1
            self._live(self.now - self.left * _DAY)

    def _live(self, now: datetime) -> None:
        """One day: who came is counted, every rule applied, what waits is signed, work goes on."""
        self.visitors.come(since=now - _DAY, until=now)
        note_asked(site=self.site)
        count_all(workspace=self.workspace, now=now)
        for test in running_tests(self.workspace):
            decide_test(test=test, now=now)
        watch_roll_outs(workspace=self.workspace, now=now)
        self._sign(now)
        if work := _WORK.get(self.left):
            work(self, now)

    def _sign(self, now: datetime) -> None:
        """Sign roll-outs; what was paused for harm waits for whoever opens the queue."""
        waiting = Proposal.objects.filter(
            workspace=self.workspace, kind=KIND, status=Status.PENDING,
            request__operation="roll_out",
        ).select_related("current_plan")  # fmt: skip
        for proposal in waiting:
            sign_for(proposal, self.people, now)
            execute_due(
                worker="demo", clock=lambda: now + timedelta(minutes=2), workspace=self.workspace
            )

    @property
    def operator(self) -> Proposer:
        """Who makes the tests."""
        return Proposer.person(self.people[Role.OPERATOR])

    def draft(self, now: datetime, page: str, selector: str, **values: Any) -> ABTest:
        """Make a draft on a page of the site, for an effect that its traffic can show."""
        values |= {"website": self.place(page, selector), "minimum_effect_bp": 3_000}
        return create_draft(workspace=self.workspace, values=values, by=self.operator, now=now)

    def place(self, page: str, selector: str) -> dict[str, str]:
        """Name a page of the site, as drafts do."""
        return {"site": str(self.site.public_id), "page_pattern": page, "selector": selector}

    def plan_size(self, test: ABTest, now: datetime) -> None:
        """Plan as many units as the calculator says."""
        if sizing := sizing_for(test, now):
            values = {"planned_units": sizing.units}
            edit_draft(test=test, values=values, by=self.operator, now=now)

    def start(self, test: ABTest, now: datetime) -> None:
        """Start it."""
        start_test(test=test, by=self.operator, now=now)


def _text(value: str) -> dict[str, Any]:
    return {"changes": [{"kind": "text", "value": value}]}


def _metrics(primary: str, **others: str) -> list[dict[str, str]]:
    rest = [{"metric": _key(name), "role": role} for name, role in others.items()]
    return [{"metric": _key(primary), "role": "primary"}, *rest]


def _key(name: str) -> str:
    return name.replace("_", "-")


def _headline(lab: Lab, now: datetime) -> None:
    """The one that is won."""
    test = lab.draft(
        now, "/", "h1", name="A number in the trial headline", type="copy",
        hypothesis="Who reads how long it takes can picture the end, so more begin the free trial.",
        variants=[
            {"name": "With a coach", "key": "control",
             "config": {"headline": "Get strong with a coach"}},
            {"name": "In 12 weeks", "config": _text("Get strong in 12 weeks")},
        ],
        metrics=_metrics("trial_begun", talk_booked="guardrail", page_views="secondary"),
    )  # fmt: skip
    lab.plan_size(test, now)
    lab.start(test, now)


def _short_form(lab: Lab, now: datetime) -> None:
    """The one whose guardrail suffers: more forms are sent, fewer people come."""
    test = lab.draft(
        now, "/book", "#booking", name="Two fields in the booking form", type="layout",
        hypothesis="Asking for name and phone only lets more people send the form.",
        variants=[
            {"name": "Seven fields", "key": "control"},
            {"name": "Two fields",
             "config": {"changes": [{"kind": "class", "value": "short"}]}},
        ],
        metrics=_metrics("form_sent", talk_booked="guardrail"),
    )  # fmt: skip
    lab.start(test, now)


def _prices(lab: Lab, now: datetime) -> None:
    """The one that runs, with a lead that is not proven yet."""
    test = lab.draft(
        now, "/plans", ".price", name="Price by the week", type="copy",
        hypothesis="A small figure frightens less, so more people begin the free trial.",
        variants=[
            {"name": "Price a month", "key": "control",
             "config": {"headline": "39 dollars a month"}},
            {"name": "Price a week", "config": _text("9 dollars a week")},
        ],
        metrics=_metrics("trial_begun", plan_bought="secondary"),
    )  # fmt: skip
    lab.plan_size(test, now)
    lab.start(test, now)


def _queued(lab: Lab, now: datetime) -> None:
    """One that waits for its turn on the page of the one that runs; and what tests have taught."""
    day = now.astimezone(lab.workspace.zone).date() + timedelta(days=3)
    lab.draft(
        now, "/plans", "#plans", name="Yearly plan first", type="layout", planned_for=day,
        hypothesis="What stands first is taken more often, and a year is worth more.",
        variants=[
            {"name": "Monthly first", "key": "control"},
            {"name": "Yearly first",
             "config": {"changes": [{"kind": "class", "value": "yearly-first"}]}},
        ],
        metrics=_metrics("trial_begun", plan_bought="guardrail"),
    )  # fmt: skip


def _learn(lab: Lab, now: datetime) -> None:
    """Judge the practices by what has ended."""
    refresh_practices(workspace=lab.workspace, now=now)


def _next_draft(lab: Lab, now: datetime) -> None:
    """A draft made of what the first test taught, on another page."""
    proven = BestPractice.objects.filter(
        workspace=lab.workspace, key="number", state=PracticeState.VALIDATED
    ).first()
    if proven is None:
        return
    test = draft_test_of(practice=proven, by=lab.operator, now=now)
    values = {
        "website": lab.place("/book", "h1"),
        "minimum_effect_bp": 5_000,
        "variants": [
            {"name": "Book a talk", "config": {"headline": "Book a talk with a coach"}},
            {"name": "15 minutes", "config": _text("Book 15 minutes with a coach")},
        ],
        "metrics": _metrics("talk_booked", form_sent="secondary"),
    }
    edit_draft(test=test, values=values, by=lab.operator, now=now)


#: Days before the end → what is begun then.
_WORK: Final[Mapping[int, Callable[[Lab, datetime], None]]] = {
    14: _headline,
    7: _short_form,
    6: _learn,
    5: _prices,
    2: _queued,
    1: _next_draft,
}
