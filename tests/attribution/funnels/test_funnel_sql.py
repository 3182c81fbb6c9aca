"""Funnels counted in SQL and by the engine: both against trying every attempt by hand."""

from __future__ import annotations

import random
import re
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection

from attribution.engine.funnel_definition import read_definition
from attribution.selectors.funnels.sql import PINGS, Question, count_people, levels_sql, like
from attribution.selectors.funnels.streams import read_people, uuids
from tests.attribution.funnels.steps import act, document, event, make_site, page, store

PATHS = ("/", "/p/1", "/p/2", "/p_1", "/cart", "/50%")
NAMES = ("add", "buy", "scroll", "Add")
PROPERTIES = (
    {}, {"v": 5}, {"v": 60.5}, {"v": "60.5"}, {"v": True}, {"sku": "a_b"}, {"v": None},
    {"v": 10**20},
)  # fmt: skip
GLOBS = ("*", "/p/*", "/p_*", "*1", "/cart", "/50%", "/", "*/p*1*")
EVENT_GLOBS = ("add", "a*", "buy", "*", "scroll", "*d*")
FILTERS = (
    *({"property": "v", "op": op, "value": 10} for op in ("gt", "gte", "lt", "lte", "eq", "ne")),
    {"property": "v", "op": "eq", "value": "60.5"},
    {"property": "v", "op": "eq", "value": True},
    {"property": "v", "op": "ne", "value": "60.5"},
    {"property": "sku", "op": "contains", "value": "_"},
    {"property": "v", "op": "exists"},
)
START = datetime.fromisoformat("2026-11-10T00:00:00+00:00")
ROUNDS, PEOPLE = 60, 120


def made_events(sites, rng):
    """People with a few events each, many at the same moment."""
    events = []
    for number in range(PEOPLE):
        visitor, site = UUID(int=rng.getrandbits(128)), sites[number % 2]
        for _ in range(rng.randint(1, 9)):
            at = START + timedelta(seconds=rng.randint(0, 8), days=rng.choice((0, 0, 0, 1, 30)))
            shown = {"path": rng.choice(PATHS), "properties": rng.choice(PROPERTIES)}
            if rng.random() < 0.5:
                shown["name"] = name = rng.choice(NAMES)
                shown["type"] = name if name in PINGS else "custom"
            ids = {"event_id": UUID(int=rng.getrandbits(128))}
            events.append(event(site, visitor, at, **shown, **ids))
    return events


def made_document(rng):
    def matcher():
        where = rng.sample(FILTERS, rng.choice((0, 0, 0, 1)))
        if rng.random() < 0.5:
            return page(rng.choice(GLOBS), *where)
        return act(rng.choice(EVENT_GLOBS), *where)

    steps = [[matcher() for _ in range(rng.choice((1, 1, 2)))] for _ in range(rng.randint(1, 4))]
    if rng.random() < 0.3:
        steps.append(steps[-1])
    return document(
        *steps,
        exclusions=[matcher() for _ in range(rng.choice((0, 0, 1)))],
        window=rng.choice((1, 3, 86_400, 31 * 86_400)),
        mode=rng.choice(("ordered", "strict")),
    )


# --- by hand ------------------------------------------------------------------------------------


def fits(matcher, one):
    glob = ".*".join(re.escape(part) for part in matcher.match.split("*"))
    if matcher.kind == "page":
        found = one.type == "page_view" and re.fullmatch(glob, one.path)
    else:
        found = re.fullmatch(glob, one.name)
    return bool(found) and all(holds(where, one.properties) for where in matcher.where)


def holds(where, properties):
    if where.operator == "exists":
        return where.name in properties
    value = properties.get(where.name)
    text = {None: None, True: "true"}.get(value, str(value)) if value is not None else None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if where.operator == "contains":
        return text is not None and where.value in text
    if where.operator in ("eq", "ne"):
        if isinstance(where.value, str):
            equal = text == where.value
        else:
            equal = (value, isinstance(value, bool)) == (where.value, where.value is True)
        return equal == (where.operator == "eq")
    return is_number and {
        "gt": value > where.value, "gte": value >= where.value,
        "lt": value < where.value, "lte": value <= where.value,
    }[where.operator]  # fmt: skip


def by_hand(question, events):
    """Furthest step of each visitor who started, by trying all attempts."""
    definition = question.definition
    people = {}
    for one in sorted(events, key=lambda one: (one.at, one.event_id.int)):
        if question.site_id in (None, one.site_id):
            people.setdefault(one.visitor_key, []).append(one)
    return {
        visitor: level
        for visitor, stream in people.items()
        if (level := max(reached(definition, question, stream), default=0))
    }


def serving(matchers, one):
    return any(fits(matcher, one) for matcher in matchers)


def reached(definition, question, stream):
    everything = [matcher for step in definition.steps for matcher in step.any_of]
    if definition.is_strict:
        wanted = (*everything, *definition.exclusions)
        stream = [one for one in stream if one.type not in PINGS or serving(wanted, one)]
    for start, first in enumerate(stream):
        if not question.since <= first.at < question.until:
            continue
        if not serving(definition.steps[0].any_of, first):
            continue
        yield walked(definition, stream[start:])


def walked(definition, stream):
    """How far the attempt gets that starts with the first event, by depth first search."""
    window = timedelta(seconds=definition.window_seconds)

    def go(at, level):
        best = level
        following = range(at + 1, len(stream)) if level < len(definition.steps) else ()
        for place in following[:1] if definition.is_strict else following:
            one = stream[place]
            if one.at - stream[0].at > window:
                break
            banned = serving(definition.exclusions, one)
            if serving(definition.steps[level].any_of, one):
                best = max(best, level + 1 if banned else go(place, level + 1))
            if banned:
                break
        return best

    return go(0, 1)


def in_sql(question):
    text, given = levels_sql(question)
    with connection.cursor() as cursor:
        cursor.execute(text, given)
        return {visitor: level for visitor, level in cursor.fetchall() if level}


def by_engine(question, **options):
    found = {}
    for people in read_people(question, **options):
        levels = people.levels(question)
        keys = uuids(people.who, people.stream.persons)
        found |= {key: level for key, level in zip(keys, levels.tolist(), strict=True) if level}
    return found


@pytest.mark.parametrize("seed", range(2))
def test_sql_and_engine_equal_trying_every_attempt(workspace, other_workspace, seed):
    rng = random.Random(seed)
    sites = [make_site(workspace), make_site(workspace, "Blog")]
    events = store(made_events(sites, rng))
    store(made_events([make_site(other_workspace)] * 2, rng))
    levels = set()

    for _ in range(ROUNDS):
        since = START + timedelta(seconds=rng.choice((0, 0, 3)))
        question = Question(
            definition=read_definition(made_document(rng)),
            workspace_id=workspace.pk,
            site_id=rng.choice((None, sites[0].pk)),
            since=since,
            until=since + timedelta(seconds=rng.choice((1, 5, 86_400, 40 * 86_400))),
        )
        expected = by_hand(question, events)

        assert in_sql(question) == expected, question
        assert by_engine(question) == expected, question
        steps = range(1, len(question.definition.steps) + 1)
        assert count_people(question) == [
            sum(level >= step for level in expected.values()) for step in steps
        ]
        levels |= set(expected.values())

    assert levels >= {1, 2, 3}


def question_of(workspace, given, **fields):
    whole = {"since": START, "until": START + timedelta(days=3), "site_id": None, **fields}
    return Question(definition=read_definition(given), workspace_id=workspace.pk, **whole)


def test_people_who_share_half_of_their_key_are_told_apart(workspace):
    site = make_site(workspace)
    keys = [UUID(int=7 << 64 | low) for low in (3, 1, 2)]
    store([event(site, key, START, path=path) for path in ("/a", "/b") for key in keys[:2]])
    store([event(site, keys[2], START, path="/a")])
    question = question_of(workspace, document(page("/a"), page("/a")))

    assert by_engine(question) == dict.fromkeys(keys, 1)


def test_more_rows_than_may_be_held_are_read_in_parts(workspace):
    site = make_site(workspace)
    keys = [uuid4() for _ in range(40)]
    store([event(site, key, START + timedelta(seconds=n), path="/a") for key in keys
           for n in range(2)])  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE attribution_webevent")
    question = question_of(workspace, document(page("/a"), page("/a")))

    assert len(list(read_people(question, most_rows=8))) > 1
    assert by_engine(question, most_rows=8) == dict.fromkeys(keys, 2)


def test_a_window_counts_to_the_microsecond(workspace):
    site = make_site(workspace)
    inside, outside = uuid4(), uuid4()
    second = timedelta(seconds=1)
    micro = timedelta(microseconds=1)
    begun = START + 123_457 * micro
    store([event(site, key, begun, path="/a") for key in (inside, outside)])
    store([event(site, inside, begun + second, path="/b"),
           event(site, outside, begun + second + micro, path="/b")])  # fmt: skip
    question = question_of(workspace, document(page("/a"), page("/b"), window=1))

    assert in_sql(question) == by_engine(question) == {inside: 2, outside: 1}


def test_a_glob_means_all_but_the_star_literally():
    assert like(r"/50%_\*") == r"/50\%\_\\%"
