"""Word lists of outreach as classifiers that higher apps can overrule."""

from __future__ import annotations

from collections.abc import Sequence

from outreach.engine.opt_out import wish_of
from outreach.engine.sentiment import feeling_of
from outreach.engine.text_classes import comment_intent
from workspaces.models import Workspace
from workspaces.text_classes import (
    COMMENT_INTENT,
    OPT_OUT,
    SENTIMENT,
    TextClass,
    TextClassifier,
    register_text_classifier,
)


def register() -> None:
    """Make the word lists known. Called in ``ready()``."""
    register_text_classifier(SENTIMENT, _sentiment)
    register_text_classifier(COMMENT_INTENT, _comment_intent)
    register_text_classifier(OPT_OUT, _opt_out)


def _sentiment(_workspace: Workspace) -> TextClassifier:
    return _feelings


def _comment_intent(_workspace: Workspace) -> TextClassifier:
    return _intents


def _opt_out(_workspace: Workspace) -> TextClassifier:
    return _wishes


def _feelings(texts: Sequence[str]) -> list[TextClass]:
    feelings = [feeling_of(text) for text in texts]
    return [
        TextClass(
            feeling.label,
            abs(feeling.score) if feeling.label != "neutral" else 1 - abs(feeling.score),
            feeling.score,
            tuple(word for word, _ in feeling.matched),
        )
        for feeling in feelings
    ]


def _intents(texts: Sequence[str]) -> list[TextClass]:
    intents = [comment_intent(text) for text in texts]
    return [
        TextClass(intent.label, intent.confidence, intent.feeling, intent.matched)
        for intent in intents
    ]


def _wishes(texts: Sequence[str]) -> list[TextClass]:
    wishes = [wish_of(text) for text in texts]
    return [
        TextClass(
            wish.action,
            wish.confidence,
            reasons=(wish.matched,) if wish.matched else (),
        )
        for wish in wishes
    ]
