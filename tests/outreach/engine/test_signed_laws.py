"""A law as it is signed, and what binds once it has changed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.engine.channels import Channel
from outreach.engine.law_documents import law_from_document
from outreach.engine.laws import DAY, DEFAULT_LAWS, HOUR, Outside
from outreach.engine.permission import open_hours
from outreach.engine.signed_laws import law_as_signed, law_that_was_signed, stricter

_TIMES = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.integers(0, 59))
_DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "quiet": st.none() | st.tuples(_TIMES, _TIMES).map(list),
        "by_person_only": st.just(True),
        "window_hours": st.integers(0, 24),
        "consent_for_service": st.just(True),
        "needs_acceptance": st.just(True),
        "reply_despite_stop": st.just(False),
        "templates_to_nanp": st.just(False),
    },
)
_LAWS = st.builds(law_from_document, st.just(Channel.INSTAGRAM), _DOCUMENTS)


@pytest.mark.parametrize("channel", list(Channel))
def test_a_law_is_read_as_it_was_signed(channel) -> None:
    law = DEFAULT_LAWS[channel]

    assert law_that_was_signed(json.loads(json.dumps(law_as_signed(law)))) == law


def test_what_is_no_law_was_not_signed() -> None:
    for wrong in ({"hush": 1}, {"outside": "maybe"}, {"outside": "sent", "quiet": 5}):
        with pytest.raises(ValueError, match="law"):
            law_that_was_signed(wrong)


def test_of_two_laws_the_stricter_parts_bind() -> None:
    now = law_from_document(Channel.INSTAGRAM, {"quiet": ["12:00", "14:00"], "window_hours": 12})
    signed = law_from_document(Channel.INSTAGRAM, {"by_person_only": True})

    law = stricter(now, signed)

    assert (law.outside, law.window_s, law.ad_window_s) == (Outside.TASK, 12 * HOUR, 7 * DAY)
    assert (law.quiet, law.quiet_too) == ((720, 840), (1260, 480))
    assert open_hours(law)[0] == ((480, 720), (840, 1260))


@given(_LAWS, _LAWS)
def test_what_both_let_through_is_let_through(now, signed) -> None:
    def minutes(law):
        spans = open_hours(law) or (((0, 1440),),)
        return {minute for first, last in spans[0] for minute in range(first, last)}

    law = stricter(now, signed)

    assert minutes(law) == minutes(now) & minutes(signed)
    assert stricter(now, now) == now
    assert law_that_was_signed(law_as_signed(law)) == law
    for name in ("consent_for_service", "needs_acceptance"):
        assert getattr(law, name) == (getattr(now, name) or getattr(signed, name))
    for name in ("reply_despite_stop", "templates_to_nanp"):
        assert getattr(law, name) == (getattr(now, name) and getattr(signed, name))
