"""People whom the demo writes to: a file that is imported, as an operator would do it."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from outreach.models import Audience, Contact
from outreach.services.people.audiences import add_members, create_audience
from outreach.services.people.import_job import IMPORT_JOB
from outreach.services.people.importing import begin_check, begin_writing, receive_file
from outreach.services.people.keeping import create_contact
from outreach.services.people.suppressing import suppress
from workspaces.gate import Proposer
from workspaces.models import Workspace
from workspaces.services.jobs import run_job

SEED: Final = 7
PEOPLE: Final = 1_500
#: Guests of the open day, in the order in which they stand in the file.
GUESTS: Final = 60
STATEMENT: Final = (
    "Ticked “Send me training tips and offers by mail and text message” in the form of the free"
    " assessment."
)
_HEADERS: Final = (
    "Email", "Phone", "First name", "Last name", "Country", "State", "Time zone", "Consent",
    "Goal", "Studio",
)  # fmt: skip
_FIRST: Final = (
    "Ana", "Ben", "Carla", "Dev", "Elena", "Farid", "Grace", "Hugo", "Ivy", "Jonas", "Kira",
    "Liam", "Mara", "Noor", "Omar", "Paula", "Quinn", "Rosa", "Sam", "Tara", "Uma", "Victor",
    "Wren", "Yusuf", "Zoe",
)  # fmt: skip
_LAST: Final = (
    "Adams", "Becker", "Castro", "Diaz", "Evans", "Fischer", "Garcia", "Hughes", "Ito", "Jensen",
    "Kowalski", "Lopez", "Meyer", "Nguyen", "Okafor", "Patel", "Reyes", "Silva", "Turner",
    "Weber",
)  # fmt: skip
#: Country, state, zone, and the area code of the phone.
_PLACES: Final = (
    ("US", "US-NY", "America/New_York", "212"), ("US", "US-NY", "America/New_York", "716"),
    ("US", "US-FL", "America/New_York", "305"), ("US", "US-IL", "America/Chicago", "312"),
    ("US", "US-TX", "America/Chicago", "512"), ("US", "US-CA", "America/Los_Angeles", "415"),
    ("CA", "", "America/Toronto", "416"),
)  # fmt: skip
_DOMAINS: Final = ("example.com", "example.net", "example.org", "mail.example", "post.example")
_GOALS: Final = ("strength", "weight", "endurance", "mobility")
_STUDIOS: Final = ("Midtown", "Brooklyn", "Online")
#: What the form says of consent, and how many of a hundred.
_CONSENT: Final = (("subscribed", 91), ("unsubscribed", 4), ("cleaned", 2), ("", 3))
#: People who wrote to the page or work where assessments are bought for all: (first and last
#: name, channel, address).
WRITERS: Final = (
    ("Lena", "Ortiz", "facebook", "7100000000000001"),
    ("Theo", "Grant", "facebook", "7100000000000002"),
    ("Mia", "Chen", "instagram", "17841400000000003"),
    ("Ruth", "Calder", "linkedin", "https://www.linkedin.com/in/ruth-calder-hr"),
)


def fill_people(*, workspace: Workspace, by: Proposer, now: datetime) -> dict[str, Audience]:
    """Import the file, spare some, and make two audiences by rules and two lists; by name."""
    _import(workspace, by, now)
    now += timedelta(minutes=30)  # the job takes its time
    suppress(
        workspace=workspace, values=["partner.example"], domains=True, by=by, now=now,
        note="A partner's staff; they asked us to write to nobody there.",
    )  # fmt: skip
    made = (_subscribers(), _strength(), _list("Open day guests"), _list("Wrote to us"))
    audiences = {
        one["name"]: create_audience(workspace=workspace, values=one, by=by, now=now)
        for one in made
    }
    guests = list(
        Contact.objects.filter(workspace=workspace, points__channel="sms").order_by("pk")[:GUESTS]
    )
    add_members(audience=audiences["Open day guests"], contacts=guests, by=by, now=now)
    writers = [_writer(workspace, one, by, now) for one in WRITERS]
    add_members(audience=audiences["Wrote to us"], contacts=writers, by=by, now=now)
    return audiences


def _subscribers() -> dict[str, Any]:
    agrees = {"what": "consent", "channel": "email"}
    return {
        "name": "Subscribers",
        "description": "Everybody who wants our mail.",
        "rules": {"match": "all", "rules": [agrees, {"what": "reachable", "channel": "email"}]},
    }


def _strength() -> dict[str, Any]:
    goal = {
        "what": "attribute", "name": "goal", "type": "text", "test": "is", "value": "strength",
    }  # fmt: skip
    return {
        "name": "Wants to get strong",
        "description": "Said strength when we asked for the goal.",
        "rules": {"match": "all", "rules": [goal, {"what": "consent", "channel": "email"}]},
    }


def _list(name: str) -> dict[str, Any]:
    return {"name": name, "kind": "list"}


def _import(workspace: Workspace, by: Proposer, now: datetime) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_HEADERS)
    writer.writerows(_rows())
    run = receive_file(
        workspace=workspace, file=io.BytesIO(text.getvalue().encode()),
        file_name="assessment-form.csv", by=by, now=now,
    )  # fmt: skip
    options = {"consent": "column", "channel": "both", "statement": STATEMENT}
    begin_check(run=run, columns=run.columns, options=options, by=by, now=now)
    run_job(workspace=workspace, name=IMPORT_JOB, trigger="demo", now=now, by=by.user)
    begin_writing(run=run, by=by, now=now)
    run_job(workspace=workspace, name=IMPORT_JOB, trigger="demo", now=now, by=by.user)


def _rows() -> Iterator[tuple[str, ...]]:
    """People of the file, the same on every run."""
    rng = random.Random(SEED)  # noqa: S311  # chance for a demo, not for secrets
    words, weights = [word for word, _ in _CONSENT], [weight for _, weight in _CONSENT]
    for number in range(PEOPLE):
        first, last = rng.choice(_FIRST), rng.choice(_LAST)
        country, state, zone, area = rng.choice(_PLACES)
        domain = "partner.example" if number % 150 == 0 else rng.choice(_DOMAINS)
        phone = f"+1{area}555{number:04d}" if rng.random() < 0.4 else ""
        (consent,) = rng.choices(words, weights)
        yield (
            f"{first}.{last}{number}@{domain}".lower(), phone, first, last, country, state, zone,
            consent, rng.choice(_GOALS), rng.choice(_STUDIOS),
        )  # fmt: skip


def _writer(
    workspace: Workspace, person: tuple[str, str, str, str], by: Proposer, now: datetime
) -> Contact:
    first, last, channel, address = person
    values = {
        "first_name": first, "last_name": last, "country": "US", "region": "US-NY",
        "time_zone": "America/New_York", "points": [{"channel": channel, "address": address}],
    }  # fmt: skip
    return create_contact(workspace=workspace, values=values, by=by, now=now, source="form")
