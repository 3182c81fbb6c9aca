"""A small world of people, and a slow reading of rules over it in plain Python."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from attribution.models import (
    Conversion,
    FunnelDefinition,
    FunnelEntry,
    Identifier,
    Person,
    Site,
    Visitor,
    WebSession,
)
from experiments.models import Exposure
from outreach.engine.addresses import domain_of
from outreach.engine.audience_rules import (
    ConsentIs,
    Did,
    Dropped,
    Field,
    Group,
    InVariant,
    Member,
    Reachable,
    Rule,
)
from outreach.models import (
    Audience,
    AudienceMember,
    Consent,
    Contact,
    ContactPoint,
    ContactStanding,
    OutreachMessage,
    Suppression,
)
from tests.experiments.steps import running_of
from tests.outreach.steps import NOW
from workspaces.models import Workspace

DAY = timedelta(days=1)


@dataclass
class Somebody:
    """What the oracle knows of a contact."""

    contact: Contact
    points: list[tuple[str, str, bool]] = field(default_factory=list)
    consents: list[tuple[str, str, bool, datetime, int]] = field(default_factory=list)
    standing: dict[str, Any] | None = None
    deeds: list[tuple[str, str, datetime]] = field(default_factory=list)
    levels: list[tuple[int, datetime]] = field(default_factory=list)
    variant: str = ""
    is_listed: bool = False


@dataclass
class World:
    """A workspace full of people."""

    workspace: Workspace
    people: list[Somebody]
    suppressed: list[tuple[str, str, bool]]
    funnel: FunnelDefinition
    test: Any
    listing: Audience
    site: Site


def _holds(is_true: bool, rule: Rule) -> bool:
    return not is_true if rule.negated else is_true


def belongs(world: World, who: Somebody, rule: Rule) -> bool:
    """Whether a rule holds for somebody."""
    if isinstance(rule, Group):
        parts = [belongs(world, who, one) for one in rule.rules]
        return _holds(all(parts) if rule.match == "all" or not parts else any(parts), rule)
    return _holds(_leaf(world, who, rule), rule)


def _leaf(world: World, who: Somebody, rule: Rule) -> bool:
    if isinstance(rule, Field):
        return _field(who, rule)
    if isinstance(rule, ConsentIs):
        said = [(at, pk, given) for channel, purpose, given, at, pk in who.consents
                if (channel, purpose) == (rule.channel, rule.purpose)]  # fmt: skip
        state = ("given" if max(said)[2] else "withdrawn") if said else "unknown"
        return state == rule.state
    if isinstance(rule, Reachable):
        return any(
            is_reachable and rule.channel in ("", channel)
            and not _is_suppressed(world, channel, address)
            for channel, address, is_reachable in who.points
        )  # fmt: skip
    if isinstance(rule, Did):
        since = NOW - timedelta(days=rule.days)
        done = [
            one
            for event, one, at in who.deeds
            if event == rule.event and since <= at <= NOW and rule.detail in ("", one)
        ]
        return len(done) >= rule.times
    if isinstance(rule, Dropped):
        since = (NOW - timedelta(days=rule.days)).date()
        levels = [level for level, at in who.levels if at.date() >= since]
        return bool(levels) and max(levels) == rule.step
    if isinstance(rule, InVariant):
        return who.variant != "" and rule.variant in ("", who.variant)
    assert isinstance(rule, Member)
    return who.is_listed


def _is_suppressed(world: World, channel: str, address: str) -> bool:
    return any(
        of in ("", channel)
        and (domain_of(address) == value and channel == "email" if is_domain else value == address)
        for of, value, is_domain in world.suppressed
    )


def _field(who: Somebody, rule: Field) -> bool:
    value = _value(who, rule)
    if rule.test == "known":
        if rule.name in ("purchases", "spent") and not rule.is_attribute:
            return bool(value)
        return value not in (None, "")
    if rule.kind == "number":
        if not isinstance(value, int | float) or isinstance(value, bool):
            return False
        return {"equals": value == rule.value, "at_least": value >= rule.value,
                "at_most": value <= rule.value}[rule.test]  # fmt: skip
    if rule.kind == "boolean":
        return value is rule.value
    if rule.kind == "date":
        day = rule.value.isoformat()
        if not isinstance(value, str) or not value.startswith("20"):
            return False
        return {"equals": value == day, "at_least": value >= day, "at_most": value <= day}[
            rule.test
        ]
    text = str(value or "").lower()
    asked = [one.lower() for one in rule.value]
    return {"is": text in asked, "any_of": text in asked, "contains": asked[0] in text,
            "starts_with": text.startswith(asked[0])}[rule.test]  # fmt: skip


def _value(who: Somebody, rule: Field) -> Any:
    if rule.is_attribute:
        return who.contact.attributes.get(rule.name)
    if rule.name == "days_since_added":
        return (NOW - who.contact.created_at).days
    standing = who.standing or {"purchases": 0, "spent": 0, "segment": ""}
    if rule.name == "days_since_purchase":
        at = standing.get("last_purchase_at")
        return (NOW - at).days if at else None
    if rule.name in standing:
        return standing[rule.name]
    return getattr(who.contact, rule.name)


def world_of(workspace: Workspace, seed: int = 1, size: int = 40) -> World:
    """Make people at random, some merged into one person with another's deeds."""
    rng = random.Random(seed)
    test = running_of(workspace)
    funnel = FunnelDefinition.objects.create(
        workspace=workspace, name="Checkout", window_seconds=3600,
        definition={"steps": [{"name": n} for n in "abc"]},
    )  # fmt: skip
    listing = Audience.objects.create(workspace=workspace, name="VIPs", kind="list")
    site = Site.objects.create(workspace=workspace, name="Shop")
    world = World(workspace, [], [], funnel, test, listing, site)
    for place in range(size):
        world.people.append(_somebody(world, rng, place))
    for value, is_domain in (("p3@a.example", False), ("b.example", True)):
        channel = "email" if is_domain else ""
        Suppression.objects.create(workspace=workspace, value=value, is_domain=is_domain,
                                   channel=channel, reason="manual", at=NOW - DAY)  # fmt: skip
        world.suppressed.append((channel, value, is_domain))
    Suppression.objects.create(workspace=workspace, value="p4@a.example", reason="manual",
                               at=NOW - 3 * DAY, until=NOW - DAY)  # fmt: skip
    return world


def _somebody(world: World, rng: random.Random, place: int) -> Somebody:
    workspace = world.workspace
    root = Person.objects.create(workspace=workspace)
    # Every third was merged with others: what they did stands with one of them, and the contact is
    # the one that stayed or another.
    others = [Person.objects.create(workspace=workspace, root=root) for _ in range(2)]
    person, acting = (
        [(root, others[0]), (others[0], root), (others[0], others[1])][place // 3 % 3]
        if place % 3 == 0 else (root, root)
    )  # fmt: skip
    contact = Contact.objects.create(
        workspace=workspace, person=person, external_id=f"x{place}",
        first_name=rng.choice(["Ann", "bob", ""]), country=rng.choice(["DE", "AT", ""]),
        customer_type=rng.choice(["new", "existing"]),
        attributes=rng.choice([{}, {"seats": rng.randint(1, 5)}, {"vip": True, "seats": "many"},
                               {"born": rng.choice(["2001-02-03", "2005-02-03", "soon"])}]),
    )  # fmt: skip
    Contact.objects.filter(pk=contact.pk).update(created_at=NOW - rng.randint(0, 60) * DAY)
    contact.refresh_from_db()
    who = Somebody(contact)
    _reach(who, rng, place)
    _agree(who, rng)
    _buy(who, acting, rng, place)
    _meet(world, who, acting, rng, place)
    return who


def _reach(who: Somebody, rng: random.Random, place: int) -> None:
    own = {"workspace": who.contact.workspace, "contact": who.contact}
    for channel, address in (("email", f"p{place}@{rng.choice('ab')}.example"),
                             ("sms", f"+4917012345{place:02}")):  # fmt: skip
        if rng.random() < 0.7:
            works = rng.random() < 0.8
            ContactPoint.objects.create(**own, channel=channel, address=address, is_reachable=works)
            who.points.append((channel, address, works))


def _agree(who: Somebody, rng: random.Random) -> None:
    for _ in range(rng.randint(0, 4)):
        row = Consent.objects.create(
            workspace=who.contact.workspace, contact=who.contact, source="form",
            channel=rng.choice(["email", "sms"]), purpose=rng.choice(["marketing", "service"]),
            is_given=rng.random() < 0.6, at=NOW - rng.randint(0, 3) * DAY,
        )  # fmt: skip
        who.consents.append((row.channel, row.purpose, row.is_given, row.at, row.pk))


def _buy(who: Somebody, acting: Person, rng: random.Random, place: int) -> None:
    workspace = who.contact.workspace
    for turn in range(rng.choice([0, 0, 1, 3])):
        kind, at = rng.choice(["purchase", "lead"]), NOW - rng.randint(0, 60) * DAY
        Conversion.objects.create(
            workspace=workspace, conversion_id=f"c{place}-{turn}", type=kind, currency="USD",
            converted_at=at, person=acting,
        )  # fmt: skip
        who.deeds.append(("converted", kind, at))
    if rng.random() < 0.6:
        bought = rng.randint(0, 3)
        who.standing = {
            "purchases": bought, "spent": 10 * bought,
            "segment": rng.choice(["champions", "lost"]) if bought else "",
            "last_purchase_at": NOW - rng.randint(0, 60) * DAY if bought else None,
        }  # fmt: skip
        ContactStanding.objects.create(
            workspace=workspace, contact=who.contact, counted_at=NOW, **who.standing
        )


def _meet(world: World, who: Somebody, acting: Person, rng: random.Random, place: int) -> None:
    workspace = world.workspace
    if rng.random() < 0.5:
        variant = rng.choice(list(world.test.variants.all()))
        Identifier.objects.create(workspace=workspace, person=acting, kind="visitor_id",
                                  value=f"v{place}", first_seen_at=NOW)  # fmt: skip
        contact = who.contact
        unit = (f"v{place}", str(contact.public_id), f"contact:{contact.pk}",
                str(acting.public_id))[place % 4]  # fmt: skip
        Exposure.objects.create(workspace=workspace, test=world.test, variant=variant,
                                unit=unit, at=NOW - DAY, day=(NOW - DAY).date())  # fmt: skip
        who.variant = variant.key
    if rng.random() < 0.4:
        who.is_listed = True
        AudienceMember.objects.create(
            workspace=workspace, audience=world.listing, contact=who.contact
        )
    _read(world, who, rng, place)
    _browse(world, who, acting, rng)


def _read(world: World, who: Somebody, rng: random.Random, place: int) -> None:
    point = who.contact.points.first()
    for turn in range(rng.randint(0, 3) if point else 0):
        sent = NOW - rng.randint(1, 40) * DAY
        opened = sent + timedelta(hours=1) if rng.random() < 0.5 else None
        OutreachMessage.objects.create(
            workspace=world.workspace, contact=who.contact, point=point, channel=point.channel,
            purpose="service", send_at=sent, sent_at=sent, opened_at=opened,
            status="opened" if opened else "sent", dedup_key=f"{place}-{turn}",
        )  # fmt: skip
        who.deeds.append(("received", "", sent))
        if opened:
            who.deeds.append(("opened", "", opened))


def _browse(world: World, who: Somebody, acting: Person, rng: random.Random) -> None:
    if rng.random() < 0.6:
        return
    at = NOW - rng.randint(0, 40) * DAY
    own = {"workspace": world.workspace, "site": world.site}
    visitor = Visitor.objects.create(
        **own, key=uuid4(), person=acting, has_consent=True, first_seen_at=at, last_seen_at=at
    )
    WebSession.objects.create(
        **own, public_id=uuid4(), visitor=visitor, visitor_key=visitor.key, chain_started_at=at,
        started_at=at, ended_at=at, local_day=at.date(), source="direct", channel="direct",
        page_views=1, events=0, seconds=1, is_bounce=False, furthest_stage="home",
        engagement_score=5,
    )  # fmt: skip
    who.deeds.append(("visited", "", at))
    level = rng.randint(1, 3)
    FunnelEntry.objects.create(
        workspace=world.workspace, funnel=world.funnel, visitor_key=visitor.key, level=level,
        entered_on=at.date(), started_at=at, step_seconds=[0.0] * level,
    )  # fmt: skip
    who.levels.append((level, at))
