"""The document of a funnel: what it may say, and how it is refused."""

from __future__ import annotations

from copy import deepcopy

import pytest

from attribution.engine.funnel_definition import (
    Definition,
    DefinitionError,
    FunnelStep,
    Matcher,
    PropertyFilter,
    read_definition,
    write_definition,
)

DOCUMENT = {
    "steps": [
        {"name": "Product", "any_of": [{"kind": "page", "match": "/p/*"}]},
        {
            "name": "Cart",
            "any_of": [
                {"kind": "page", "match": "/cart"},
                {
                    "kind": "event",
                    "match": "add_to_cart",
                    "where": [{"property": "value", "op": "gte", "value": 20}],
                },
            ],
        },
    ],
    "exclusions": [{"kind": "event", "match": "logout"}],
    "window_seconds": 86_400,
    "mode": "loose",
}


def changed(place, value):
    """The document with another value at a place such as ``steps.0.name``."""
    document = deepcopy(DOCUMENT)
    at, *path = [int(part) if part.isdigit() else part for part in place.split(".")]
    inside = document
    for part in path:
        inside, at = inside[at], part
    inside[at] = value
    return document


def test_a_document_becomes_a_definition():
    assert read_definition(DOCUMENT) == Definition(
        steps=(
            FunnelStep("Product", (Matcher("page", "/p/*"),)),
            FunnelStep(
                "Cart",
                (
                    Matcher("page", "/cart"),
                    Matcher("event", "add_to_cart", (PropertyFilter("value", "gte", 20),)),
                ),
            ),
        ),
        window_seconds=86_400,
        mode="ordered",
        exclusions=(Matcher("event", "logout"),),
    )


def test_what_is_written_is_read_back():
    definition = read_definition(DOCUMENT)

    assert read_definition(write_definition(definition)) == definition


MATCHER = "steps.1.any_of.1"


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("steps", [], "steps: give a list of 1 to 12"),
        ("steps.0.name", " ", "steps[0].name: give a text of 1 to 80 characters"),
        ("steps.1.any_of", [], "steps[1].any_of: give a list of 1 to 10"),
        ("steps.1.any_of.0.match", "", "steps[1].any_of[0].match: give a text of 1 to 300"),
        ("steps.1.any_of.0.match", "cart", "steps[1].any_of[0].match: a page's path begins with /"),
        ("steps.0.any_of.0.kind", "click", "steps[0].any_of[0].kind: choose one of page, event"),
        (f"{MATCHER}.where.0.op", "~", "steps[1].any_of[1].where[0].op: choose one of eq, ne"),
        (f"{MATCHER}.where.0.value", "x", "steps[1].any_of[1].where[0].value: gte compares with"),
        (f"{MATCHER}.where.0.value", float("nan"), "where[0].value: gte compares with a number"),
        (f"{MATCHER}.where.0.value", 10**400, "where[0].value: gte compares with a number"),
        (f"{MATCHER}.where.0", {"property": "a", "op": "exists", "value": 1}, "leave it out"),
        (f"{MATCHER}.where.0", {"property": "a", "op": "eq"}, "give a text, a number, true or"),
        (f"{MATCHER}.where.0", {"property": "a", "op": "contains", "value": 1}, "give a text of"),
        ("exclusions.0", "logout", "exclusions[0]: give an object with kind, match, where"),
        ("exclusions.0.colour", "red", "exclusions[0]: 'colour' is unknown; known: kind, match"),
        ("window_seconds", 0, "window_seconds: 0 is not within 1 second and 90 days"),
        ("window_seconds", 90 * 86_400 + 1, "is not within 1 second and 90 days"),
        ("window_seconds", True, "window_seconds: give a whole number of seconds"),
        ("window_seconds", 1.5, "window_seconds: give a whole number of seconds"),
        ("mode", "any_order", "mode: choose one of ordered, loose, strict, not 'any_order'"),
    ],
)
def test_an_error_names_its_place(place, value, message):
    with pytest.raises(DefinitionError) as caught:
        read_definition(changed(place, value))

    assert message in str(caught.value)


def test_anything_else_is_no_funnel():
    with pytest.raises(DefinitionError, match="funnel: give an object with steps"):
        read_definition([])
