"""Words that differ by person."""

from __future__ import annotations

import pytest

from outreach.engine.personal import PersonalError, read_rules, words_for

OFFER = {
    "offer": [
        {"field": "customer_type", "any_of": ["new", " Returning "], "words": "10 % off"},
        {"field": "attributes.plan", "any_of": ["gold"], "words": "a guest pass"},
        {"words": "a free week"},
    ],
    "greeting": [{"field": "country", "any_of": ["DE"], "words": "Hallo"}],
}


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({"customer_type": "new", "country": "DE"}, {"offer": "10 % off", "greeting": "Hallo"}),
        ({"customer_type": "returning"}, {"offer": "10 % off"}),
        ({"customer_type": "existing", "attributes.plan": "Gold"}, {"offer": "a guest pass"}),
        ({"customer_type": "existing"}, {"offer": "a free week"}),
        ({}, {"offer": "a free week"}),
    ],
)
def test_the_first_rule_that_holds_gives_the_words(facts, found):
    assert words_for(read_rules(OFFER), facts) == found


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ([], "at most 20 variables"),
        ({"Offer": [{"words": "x"}]}, "no name of a variable"),
        ({"unsubscribe_url": [{"words": "x"}]}, "filled in by itself"),
        ({"offer": []}, "offer: give a list"),
        ({"offer": ["x"]}, "offer, rule 1: a rule has"),
        ({"offer": [{"words": " "}]}, "give words"),
        ({"offer": [{"words": "x" * 501}]}, "at most 500"),
        ({"offer": [{"words": "x", "field": "shoe_size", "any_of": ["9"]}]}, "field is one of"),
        ({"offer": [{"words": "x"}, {"words": "x", "field": "country"}]}, "rule 2: say of which"),
        ({"offer": [{"words": "x", "any_of": ["DE"]}]}, "say of which field"),
        ({"offer": [{"words": "x", "field": "country", "any_of": [1]}]}, "any_of is a list"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(document, says):
    with pytest.raises(PersonalError, match=says):
        read_rules(document)
