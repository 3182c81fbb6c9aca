"""Who is at a conversation: seen by the others, and gone a moment after."""

from __future__ import annotations

from datetime import timedelta

import pytest

from inbox.services.presence import PresenceError, note, others
from tests.inbox.steps import NOW, conversation_of


def seen(conversation, user, after_s=0):
    rows = others(conversation=conversation, user=user, now=NOW + timedelta(seconds=after_s))
    return [(one.user, one.what) for one in rows]


def test_others_see_who_looks_and_who_types(workspace, agent, operator, viewer):
    talk = conversation_of(workspace)

    note(conversation=talk, user=agent, what="viewing", now=NOW)
    note(conversation=talk, user=operator, what="typing", now=NOW)

    assert seen(talk, viewer) == [(operator, "typing"), (agent, "viewing")]
    assert seen(talk, agent) == [(operator, "typing")]
    assert seen(talk, agent, after_s=11) == [(operator, "viewing")]
    assert seen(talk, agent, after_s=31) == []


def test_nobody_of_elsewhere_is_seen(workspace, agent, outsider):
    talk = conversation_of(workspace)

    note(conversation=talk, user=outsider, what="viewing", now=NOW)

    assert seen(talk, agent) == []


def test_only_looking_and_typing_is_noted(workspace, agent):
    talk = conversation_of(workspace)

    with pytest.raises(PresenceError, match="Choose among viewing, typing"):
        note(conversation=talk, user=agent, what="sleeping", now=NOW)
