"""Figures and laws of a workspace as JSON: there and back, and what is refused by name."""

from __future__ import annotations

import json

import pytest

from outreach.engine.channels import DEFAULT_TABLE, Channel, CustomerType, Urgency
from outreach.engine.law_documents import law_from_document, law_to_document
from outreach.engine.laws import DEFAULT_LAWS, HOUR, Outside
from outreach.engine.table_documents import table_from_document, table_to_document


def test_the_table_there_and_back() -> None:
    document = json.loads(json.dumps(table_to_document(DEFAULT_TABLE)))

    assert table_to_document(table_from_document(document)) == document
    assert table_to_document(table_from_document({})) == document
    assert document["costs"]["email"] == "0.001"


def test_a_part_of_the_table_is_enough() -> None:
    table = table_from_document(
        {
            "types": {"new": {"chat": 0.1}},
            "bands": [{"first": 6, "last": 22, "factors": {"sms": 1}}],
            "costs": {"sms": "0.0075"},
            "lists": {"existing": ["sms"]},
            "best_hours": {"new": {"email": 7}},
        }
    )

    channels = (Channel.CHAT, Channel.EMAIL, Channel.SMS)
    assert table.by_type(channels)[0].tolist() == [0.1, 0.9, 0.4]
    assert table.by_hour(channels)[[5, 6]].tolist() == [[0.3, 0.9, 0.3], [0.3, 0.9, 1.0]]
    assert table.costs(channels).tolist() == [0, 1_000, 7_500]
    assert table.hours(channels)[0].tolist() == [14, 7, 18]
    assert table.lists[CustomerType.EXISTING] == (Channel.SMS,)
    assert table.urgencies[Urgency.LOW] == DEFAULT_TABLE.urgencies[Urgency.LOW]


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ([], "choice"),
        ({"weights": {}}, "weights"),
        ({"types": {"old": {}}}, "types"),
        ({"types": []}, "types"),
        ({"types": {"new": {"fax": 1}}}, "types.new"),
        ({"types": {"new": {"email": 1.2}}}, "types.new.email"),
        ({"types": {"new": {"email": True}}}, "types.new.email"),
        ({"types": {"new": {"email": float("nan")}}}, "types.new.email"),
        ({"night": {"sms": -1}}, "night.sms"),
        ({"best_hours": {"new": {"sms": 24}}}, "best_hours.new.sms"),
        ({"best_hours": {"new": {"sms": 9.5}}}, "best_hours.new.sms"),
        ({"bands": "9-17"}, "bands"),
        ({"bands": [{"first": 9}]}, "bands.0.last"),
        ({"bands": [{"first": 9, "last": 8}]}, "bands.0"),
        ({"bands": [{"first": 1, "last": 5}, {"first": 5, "last": 6}]}, "bands.1"),
        ({"costs": {"sms": 0.1}}, "costs.sms"),
        ({"costs": {"sms": "1e-7"}}, "costs.sms"),
        ({"costs": {"sms": "much"}}, "costs.sms"),
        ({"costs": {"sms": "-1"}}, "costs.sms"),
        ({"lists": {"new": []}}, "lists.new"),
        ({"lists": {"new": ["email", "email"]}}, "lists.new"),
        ({"ties": ["email"]}, "ties"),
    ],
)
def test_what_is_wrong_in_a_table_is_named(document, field) -> None:
    with pytest.raises(ValueError, match=rf"^{field}: "):
        table_from_document(document)


@pytest.mark.parametrize("channel", list(Channel))
def test_the_law_itself_needs_no_document(channel) -> None:
    assert law_from_document(channel, {}) == DEFAULT_LAWS[channel]
    assert law_to_document(channel, DEFAULT_LAWS[channel]) == {}


def test_a_stricter_law_there_and_back() -> None:
    document = {
        "quiet": ["18:30", "10:00"], "by_person_only": True, "window_hours": 12,
        "ad_window_hours": 48, "needs_acceptance": True,
    }  # fmt: skip

    law = law_from_document(Channel.WHATSAPP, document)

    assert (law.quiet, law.outside, law.window_s) == ((1_110, 600), Outside.TASK, 12 * HOUR)
    assert law_to_document(Channel.WHATSAPP, law) == document
    none = law_from_document(Channel.SMS, {"quiet": None})
    assert (none.quiet, none.legal_hours) == (None, True)
    assert law_to_document(Channel.SMS, none) == {"quiet": None}


@pytest.mark.parametrize(
    ("channel", "document", "field"),
    [
        (Channel.SMS, "20-9", "law"),
        (Channel.SMS, {"legal_hours": False}, "legal_hours"),
        (Channel.SMS, {"quiet": "20:00"}, "quiet"),
        (Channel.SMS, {"quiet": ["20:00"]}, "quiet"),
        (Channel.SMS, {"quiet": ["20:00", "24:00"]}, "quiet"),
        (Channel.SMS, {"quiet": ["20:00", 9]}, "quiet"),
        (Channel.SMS, {"consent_for_service": False}, "consent_for_service"),
        (Channel.SMS, {"reply_despite_stop": True}, "reply_despite_stop"),
        (Channel.WHATSAPP, {"templates_to_nanp": True}, "templates_to_nanp"),
        (Channel.WHATSAPP, {"window_hours": 25}, "window_hours"),
        (Channel.WHATSAPP, {"window_hours": True}, "window_hours"),
        (Channel.LINKEDIN, {"by_person_only": False}, "by_person_only"),
        (Channel.TWITTER, {"needs_acceptance": "no"}, "needs_acceptance"),
        (Channel.FACEBOOK, {"person_window_hours": 169}, "person_window_hours"),
    ],
)
def test_a_law_is_never_laxer(channel, document, field) -> None:
    with pytest.raises(ValueError, match=rf"^{field}: "):
        law_from_document(channel, document)
