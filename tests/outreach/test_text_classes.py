"""Outreach's word lists stand in until a model is there."""

from __future__ import annotations

from workspaces.models import Workspace
from workspaces.text_classes import COMMENT_INTENT, OPT_OUT, SENTIMENT, classifier


def test_every_workspace_has_word_lists_from_the_start() -> None:
    says = {name: classifier(Workspace(), name) for name in (SENTIMENT, COMMENT_INTENT, OPT_OUT)}

    assert {name: found(["Stop texting me"])[0].label for name, found in says.items()} == {
        SENTIMENT: "neutral",
        COMMENT_INTENT: "other",
        OPT_OUT: "opt_out",
    }
