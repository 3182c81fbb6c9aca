"""Classifiers by name: word lists until a model is there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from outreach import text_classes as outreach_words
from workspaces import text_classes
from workspaces.models import Workspace
from workspaces.text_classes import TextClass, classifier, register_text_classifier


@pytest.fixture(autouse=True)
def _only_ours(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(text_classes, "_loaders", {})
    return


def _says(label: str):
    def classify(texts: Sequence[str]) -> list[TextClass]:
        return [TextClass(label, 1.0) for _ in texts]

    return classify


def test_nobody_brought_one() -> None:
    assert classifier(Workspace(), "sentiment") is None


def test_a_model_takes_over_and_hands_back() -> None:
    trained = Workspace(name="Trained")
    register_text_classifier("sentiment", lambda _: _says("words"))
    register_text_classifier(
        "sentiment", lambda of: _says("model") if of is trained else None, rank=10
    )

    by_model, by_words = classifier(trained, "sentiment"), classifier(Workspace(), "sentiment")

    assert by_model(["a", "b"]) == [TextClass("model", 1.0)] * 2
    assert by_words(["a"]) == [TextClass("words", 1.0)]


def test_the_later_of_a_rank_stands() -> None:
    register_text_classifier("sentiment", lambda _: _says("first"))
    register_text_classifier("sentiment", lambda _: _says("second"))

    assert classifier(Workspace(), "sentiment")([""])[0].label == "second"


def test_word_lists_of_outreach() -> None:
    outreach_words.register()

    says = {
        name: classifier(Workspace(), name) for name in ("sentiment", "comment_intent", "opt_out")
    }

    assert says["opt_out"](["STOP"]) == [TextClass("opt_out", 1.0, reasons=("stop",))]
    assert [found.label for found in says["comment_intent"](["How much?", "first"])] == [
        "price_question",
        "other",
    ]
    feeling = says["sentiment"](["not good"])[0]
    assert (feeling.label, feeling.reasons) == ("negative", ("not good",))
    assert feeling.confidence == -feeling.score
