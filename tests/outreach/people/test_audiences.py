"""Audiences: one query finds exactly those that a slow reading of the rules finds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outreach.engine.audience_rules import RulesError, parse
from outreach.models import Audience, Consent, Contact, OutreachCampaign, OutreachMessage
from outreach.selectors.asked import asked_audience
from outreach.selectors.audiences.reading import (
    count_of,
    digest_of,
    ids_of,
    preview_of,
    query_of,
    query_of_rules,
    sets_in_memory,
)
from outreach.services.people.audiences import (
    add_everybody_of,
    add_members,
    archive_audience,
    change_audience,
    create_audience,
    remove_members,
)
from outreach.services.people.refusing import PeopleError
from tests.examples import examples
from tests.outreach.people.world import World, belongs, world_of
from tests.outreach.steps import NOW, audience_of, contact_of, message_of
from workspaces.gate import NotAllowedError, Proposer
from workspaces.models import User, Workspace

_DAYS = st.integers(1, 60)
_WORDS = st.sampled_from(["Ann", "bob", "DE", "at", "a"])


def _leaves(world: World) -> st.SearchStrategy[dict[str, Any]]:
    field = st.builds(
        lambda name, test, value: {"what": "field", "name": name, "test": test, "value": value},
        st.sampled_from(["first_name", "country", "external_id"]),
        st.sampled_from(["is", "any_of", "contains", "starts_with"]), _WORDS,
    )  # fmt: skip
    figure = st.builds(
        lambda name, test, value: {"what": "field", "name": name, "test": test, "value": value},
        st.sampled_from(["purchases", "spent", "days_since_purchase", "days_since_added"]),
        st.sampled_from(["equals", "at_least", "at_most", "known"]), st.integers(0, 40),
    )  # fmt: skip
    number = st.builds(
        lambda test, value: {"what": "attribute", "name": "seats", "type": "number",
                             "test": test, "value": value},
        st.sampled_from(["equals", "at_least", "at_most", "known"]), st.integers(0, 6),
    )  # fmt: skip
    did = st.builds(
        lambda event, days, times: {"what": "did", "event": event, "days": days, "times": times},
        st.sampled_from(["visited", "received", "opened", "converted"]), _DAYS, st.integers(1, 3),
    )  # fmt: skip
    dropped = st.builds(
        lambda step, days: {"what": "funnel", "funnel": str(world.funnel.public_id), "step": step,
                            "days": days}, st.integers(1, 3), _DAYS)  # fmt: skip
    consent = st.builds(
        lambda channel, purpose, state: {"what": "consent", "channel": channel,
                                         "purpose": purpose, "state": state},
        st.sampled_from(["email", "sms"]), st.sampled_from(["marketing", "service"]),
        st.sampled_from(["given", "withdrawn", "unknown"]),
    )  # fmt: skip
    fixed = st.sampled_from([
        {"what": "field", "name": "segment", "test": "any_of", "value": ["champions", "lost"]},
        {"what": "field", "name": "segment", "test": "known"},
        {"what": "field", "name": "customer_type", "test": "is", "value": "existing"},
        {"what": "attribute", "name": "vip", "type": "boolean", "test": "is", "value": True},
        {"what": "attribute", "name": "born", "type": "date", "test": "at_most",
         "value": "2003-01-01"},
        {"what": "attribute", "name": "seats", "test": "contains", "value": "man"},
        {"what": "did", "event": "converted", "days": 30, "detail": "purchase"},
        {"what": "variant", "test": str(world.test.public_id)},
        {"what": "variant", "test": str(world.test.public_id), "variant": "blue"},
        {"what": "member", "audience": str(world.listing.public_id)},
        *({"what": "reachable", "channel": channel} for channel in ("", "email", "sms")),
    ])  # fmt: skip
    leaf = st.one_of(field, figure, number, did, dropped, consent, fixed)
    return st.builds(lambda one, negated: {**one, "not": negated}, leaf, st.booleans())


def _documents(world: World) -> st.SearchStrategy[dict[str, Any]]:
    rule = st.recursive(
        _leaves(world),
        lambda inner: st.builds(
            lambda match, rules, negated: {"match": match, "rules": rules, "not": negated},
            st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3),
            st.booleans(),
        ),
        max_leaves=5,
    )  # fmt: skip
    return st.builds(
        lambda match, rules: {"match": match, "rules": rules},
        st.sampled_from(["all", "any"]), st.lists(rule, max_size=3),
    )  # fmt: skip


@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_query_finds_whom_a_slow_reading_finds(world: World, data: st.DataObject) -> None:
    document = data.draw(_documents(world))
    rules = parse(document)

    found = ids_of(query_of_rules(world.workspace, rules, NOW))

    expected = [who.contact.pk for who in world.people if belongs(world, who, rules)]
    assert found.tolist() == sorted(expected)


@pytest.fixture
def world(workspace: Workspace) -> World:
    """Forty people."""
    return world_of(workspace)


def test_archived_and_foreign_people_belong_to_none(
    workspace: Workspace, other_workspace: Workspace
) -> None:
    kept, gone = contact_of(workspace), contact_of(workspace, "bob@example.com")
    contact_of(other_workspace)
    Contact.objects.filter(pk=gone.pk).update(archived_at=NOW)
    listing = audience_of(workspace, kept, gone)

    everybody = query_of_rules(workspace, parse({}), NOW)
    anybody = parse({"match": "any", "rules": [{"what": "reachable"}, {"what": "reachable",
                                                                      "not": True}]})  # fmt: skip

    assert ids_of(everybody).tolist() == [kept.pk]
    assert ids_of(query_of_rules(workspace, anybody, NOW)).tolist() == [kept.pk]
    assert ids_of(query_of(listing, NOW)).tolist() == [kept.pk]


def test_rules_may_not_name_what_is_elsewhere(
    workspace: Workspace, other_workspace: Workspace
) -> None:
    foreign = audience_of(other_workspace, contact_of(other_workspace))
    rules = parse({"rules": [{"what": "member", "audience": str(foreign.public_id)}]})

    with pytest.raises(RulesError) as refused:
        query_of_rules(workspace, rules, NOW)

    assert refused.value.path == "rules.0.audience"


def test_preview_counts_and_says(workspace: Workspace) -> None:
    people = [contact_of(workspace, f"p{n}@example.com") for n in range(25)]

    seen = preview_of(workspace, parse({"rules": [{"what": "consent", "channel": "email"}]}), NOW)

    assert (seen.count, seen.words) == (25, "agreed to marketing by e-mail")
    assert [one.pk for one in seen.contacts] == [one.pk for one in people[:4:-1]]


def test_sets_have_room_and_other_questions_are_planned_as_ever(workspace: Workspace) -> None:
    def room() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('work_mem')")
            return str(cursor.fetchone()[0])

    audience = audience_of(workspace, contact_of(workspace))
    before = room()

    asked_audience(workspace, audience, NOW)

    assert room() == before
    with sets_in_memory():
        assert room() == "256MB"


def test_digest_names_the_members(workspace: Workspace) -> None:
    one, two = contact_of(workspace), contact_of(workspace, "bob@example.com")
    first, same = audience_of(workspace, one, two), audience_of(workspace, two, one, name="Same")
    less = audience_of(workspace, one, name="Less")

    names = [digest_of(ids_of(query_of(audience, NOW))) for audience in (first, same, less)]

    assert names[0] == names[1] != names[2]


def test_audience_is_kept_counted_and_archived(workspace: Workspace, operator: User) -> None:
    by, rules = Proposer.person(operator), {"rules": [{"what": "reachable", "channel": "email"}]}
    contact_of(workspace)

    audience = create_audience(
        workspace=workspace, values={"name": "Readers", "rules": rules}, by=by, now=NOW
    )
    contact_of(workspace, "bob@example.com")
    change_audience(audience=audience, values={"name": "All readers"}, by=by, now=NOW)

    audience.refresh_from_db()
    assert (audience.name, audience.size, audience.rules) == ("All readers", 2, rules)
    archive_audience(audience=audience, by=by, now=NOW)
    with pytest.raises(PeopleError, match="archived"):
        change_audience(audience=audience, values={"name": "X"}, by=by, now=NOW)


@pytest.mark.parametrize(
    ("values", "field"),
    [({"name": ""}, "name"), ({"name": "Everybody"}, "name"), ({"kind": "cloud"}, "kind"),
     ({"rules": {"rules": [{"what": "x"}]}}, "rules.0.what"),
     ({"kind": "list", "rules": {"rules": []}}, "rules"),
     ({"description": "x" * 301}, "description")],
)  # fmt: skip
def test_wrong_audience_is_refused(
    workspace: Workspace, operator: User, values: dict[str, Any], field: str
) -> None:
    audience_of(workspace)

    with pytest.raises(PeopleError) as refused:
        create_audience(workspace=workspace, values={"name": "New", **values},
                        by=Proposer.person(operator), now=NOW)  # fmt: skip

    assert refused.value.field == field
    assert Audience.objects.count() == 1


def test_list_takes_people_in_and_out(workspace: Workspace, operator: User) -> None:
    by = Proposer.person(operator)
    ann, bob = contact_of(workspace), contact_of(workspace, "bob@example.com", country="AT")
    listing = audience_of(workspace, name="VIPs")
    austrians = create_audience(
        workspace=workspace, by=by, now=NOW,
        values={"name": "Austrians", "rules": {"rules": [
            {"what": "field", "name": "country", "test": "is", "value": "at"}]}},
    )  # fmt: skip

    assert add_members(audience=listing, contacts=[ann], by=by, now=NOW) == 1
    assert add_everybody_of(audience=listing, source=austrians, by=by, now=NOW) == 1
    assert add_members(audience=listing, contacts=[ann, bob], by=by, now=NOW) == 0
    assert remove_members(audience=listing, contacts=[ann], by=by, now=NOW) == 1
    assert ids_of(query_of(listing, NOW)).tolist() == [bob.pk]
    with pytest.raises(PeopleError, match="by rules"):
        add_members(audience=austrians, contacts=[ann], by=by, now=NOW)


def test_used_audience_is_not_archived(workspace: Workspace, operator: User) -> None:
    by = Proposer.person(operator)
    listing, other = audience_of(workspace, name="VIPs"), audience_of(workspace, name="Others")
    create_audience(
        workspace=workspace, by=by, now=NOW,
        values={"name": "Rules", "rules": {"rules": [
            {"what": "member", "audience": str(listing.public_id)}]}},
    )  # fmt: skip
    OutreachCampaign.objects.create(
        workspace=workspace, name="News", channels=["email"], audience=other
    )

    for audience, name in ((listing, "Rules"), (other, "News")):
        with pytest.raises(PeopleError, match=f"used in “{name}”"):
            archive_audience(audience=audience, by=by, now=NOW)


def test_only_operators_and_own_contacts(
    workspace: Workspace, other_workspace: Workspace, operator: User, viewer: User
) -> None:
    listing, foreign = audience_of(workspace), contact_of(other_workspace)

    with pytest.raises(NotAllowedError):
        create_audience(
            workspace=workspace, values={"name": "X"}, by=Proposer.person(viewer), now=NOW
        )
    with pytest.raises(PeopleError):
        add_members(audience=listing, contacts=[foreign], by=Proposer.person(operator), now=NOW)

    assert count_of(query_of(listing, NOW + timedelta(days=1))) == 0


def test_members_are_those_of_now_without_any_job(workspace: Workspace, operator: User) -> None:
    ann = contact_of(workspace)
    rules = {"match": "all", "rules": [{"what": "did", "event": "opened", "days": 7},
                                       {"what": "consent", "channel": "email"}]}  # fmt: skip
    audience = create_audience(
        workspace=workspace, values={"name": "Readers", "rules": rules},
        by=Proposer.person(operator), now=NOW,
    )  # fmt: skip
    message = message_of(ann, status="sent", sent_at=NOW)
    counts = [count_of(query_of(audience, NOW))]

    OutreachMessage.objects.filter(pk=message.pk).update(status="opened", opened_at=NOW)
    counts.append(count_of(query_of(audience, NOW)))
    Consent.objects.create(workspace=workspace, contact=ann, channel="email", purpose="marketing",
                           is_given=False, source="unsubscribe", at=NOW)  # fmt: skip
    counts.append(count_of(query_of(audience, NOW)))

    assert counts == [0, 1, 0]
