"""Rules: every mistake is named by its path; what is read says itself in English."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from outreach.engine.audience_rules import RulesError, parse
from outreach.engine.audience_words import words

ONE = "01932f6e-0000-7000-8000-000000000001"


def _group(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"match": "all", "rules": list(rules), **more}


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ([], "rules"),
        ({"match": "none", "rules": []}, "rules.match"),
        ({"rules": "x"}, "rules"),
        ({"rules": [], "extra": 1}, "rules.extra"),
        (_group("x"), "rules.0"),  # type: ignore[arg-type]  # that is the point
        (_group({"what": "weather"}), "rules.0.what"),
        (_group({"what": "field", "name": "shoe_size", "test": "is"}), "rules.0.name"),
        (_group({"what": "field", "name": "country", "test": "at_least"}), "rules.0.test"),
        (_group({"what": "field", "name": "country", "test": "is"}), "rules.0.value"),
        (_group({"what": "field", "name": "country", "test": "is", "value": ["DE", "AT"]}),
         "rules.0.value"),
        (_group({"what": "field", "name": "segment", "test": "is", "value": "rich"}),
         "rules.0.value"),
        (_group({"what": "field", "name": "spent", "test": "at_least", "value": "12"}),
         "rules.0.value"),
        (_group({"what": "attribute", "name": "seats", "type": "number", "test": "at_least",
                 "value": float("nan")}), "rules.0.value"),
        (_group({"what": "attribute", "name": "born", "type": "date", "test": "at_most",
                 "value": "31.12.2000"}), "rules.0.value"),
        (_group({"what": "attribute", "name": "", "test": "known"}), "rules.0.name"),
        (_group({"what": "consent", "channel": "pigeon"}), "rules.0.channel"),
        (_group({"what": "did", "event": "slept"}), "rules.0.event"),
        (_group({"what": "did", "event": "visited", "days": 0}), "rules.0.days"),
        (_group({"what": "did", "event": "visited", "days": True}), "rules.0.days"),
        (_group({"what": "did", "event": "opened", "detail": "x"}), "rules.0.detail"),
        (_group({"what": "did", "event": "event"}), "rules.0.detail"),
        (_group({"what": "funnel", "funnel": "x"}), "rules.0.funnel"),
        (_group({"what": "member", "audience": ONE, "days": 3}), "rules.0.days"),
        (_group({"what": "reachable", "not": "yes"}), "rules.0.not"),
        (_group({"match": "any", "rules": [{"what": "reachable"}, {"what": "x"}]}),
         "rules.0.rules.1.what"),
        (_group({"match": "any", "rules": []}), "rules.0"),
        (_group(*[{"what": "reachable"}] * 51), "rules.50"),
        (_group(_group(_group(_group(_group(_group({"what": "reachable"})))))),
         "rules.0.rules.0.rules.0.rules.0.rules.0"),
    ],
)  # fmt: skip
def test_mistake_is_named_by_its_path(document: Any, path: str) -> None:
    with pytest.raises(RulesError) as refused:
        parse(document)

    assert refused.value.path == path


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"what": "field", "name": "country", "test": "any_of", "value": ["DE", "AT"]},
         "country is “DE” or “AT”"),
        ({"what": "field", "name": "last_name", "test": "known"}, "last name is known"),
        ({"what": "attribute", "name": "seats", "type": "number", "test": "at_least", "value": 3},
         "seats is at least 3"),
        ({"what": "attribute", "name": "vip", "type": "boolean", "test": "is", "value": True},
         "vip is yes"),
        ({"what": "consent", "channel": "sms"}, "agreed to marketing by SMS"),
        ({"what": "reachable", "not": True}, "not (can be reached by any channel)"),
        ({"what": "did", "event": "clicked", "days": 7, "times": 2},
         "clicked in a message 2 times or more in the last 7 days"),
        ({"what": "did", "event": "viewed", "detail": "/price*", "days": 1},
         "viewed a page “/price*” in the last day"),
        ({"what": "funnel", "funnel": ONE, "step": 2},
         "left “Checkout” after step 2 in the last 30 days"),
        ({"what": "variant", "test": ONE, "variant": "blue"}, "met variant blue of “Checkout”"),
        ({"what": "member", "audience": ONE}, "is on the list “Checkout”"),
    ],
)  # fmt: skip
def test_rule_says_itself(rule: dict[str, Any], said: str) -> None:
    assert words(parse(_group(rule)), {UUID(ONE): "Checkout"}) == said


def test_groups_say_how_they_join() -> None:
    any_of = {"match": "any", "rules": [{"what": "reachable", "channel": "sms"},
                                        {"what": "reachable", "channel": "email"}]}  # fmt: skip
    rules = parse(_group({"what": "did", "event": "visited"}, any_of))

    assert words(rules) == (
        "visited a website in the last 30 days and "
        "(can be reached by SMS or can be reached by e-mail)"
    )
    assert words(parse({})) == "everybody"
