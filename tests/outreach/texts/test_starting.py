"""Texts that a workspace begins with."""

from __future__ import annotations

import pytest
from django.utils import timezone

from outreach.engine.starter_texts import STARTERS
from outreach.models import ChannelTemplate, OutreachPolicy
from outreach.selectors.text_looks import Draft, look_at
from outreach.services.texts.starting import add_starters, seed_new, seed_starters
from workspaces.gate import NotAllowedError, Proposer
from workspaces.models import User, Workspace


def test_starters_are_drafts_and_come_once(workspace: Workspace, operator: User) -> None:
    seed_new(workspace, operator, timezone.now())

    texts = ChannelTemplate.objects.filter(workspace=workspace)
    assert texts.count() == len(STARTERS) == 9
    assert set(texts.values_list("status", "current", "versions__number")) == {("draft", None, 1)}
    assert seed_starters(workspace) == 0


@pytest.mark.parametrize("starter", STARTERS, ids=lambda one: one.name)
def test_starters_have_nothing_to_mend(workspace: Workspace, starter: object) -> None:
    OutreachPolicy.objects.create(workspace=workspace, postal_address="1 Main Street, Town")
    seed_starters(workspace)
    template = ChannelTemplate.objects.get(name=starter.name, channel=starter.channel)

    look = look_at(Draft.of(template, template.versions.get()), workspace=workspace)

    assert look.problems == ()
    assert look.findings == ()


def test_viewer_adds_no_starters(workspace: Workspace, viewer: User) -> None:
    with pytest.raises(NotAllowedError):
        add_starters(workspace=workspace, by=Proposer.person(viewer), now=timezone.now())

    assert not ChannelTemplate.objects.exists()
