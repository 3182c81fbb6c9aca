"""A head that learns corrections: when it may serve, and when it may not."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops.engine.learning import message_intent, message_training, metrics
from mlops.engine.learning.kinds import KINDS
from mlops.engine.learning.message_intent import KIND, OUTPUTS
from mlops.engine.learning.message_training import (
    COMMONEST,
    SHIPPED,
    Contest,
    Labelled,
    Serving,
    judge,
)
from mlops.engine.learning.shapes import Artefact, TooFewError, Trained
from tests.mlops.messages.steps import (
    CLASSIFIER,
    EMBEDDER,
    labelled,
    shipped_head,
    small_base,
    standing,
    together,
    trade,
    traffic,
)
from workspaces.engine.embedding.hashed import HashedTfidf


@pytest.fixture(autouse=True)
def hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words are hashed: no sentence model is loaded."""
    monkeypatch.setattr(message_intent, "embedder", HashedTfidf)


def learnt(theirs: Labelled, *, seed: int = 42) -> Trained:
    serving = Serving(SHIPPED, shipped_head(), {})
    _, base = small_base()
    return message_training.train(
        base, theirs, serving, traffic=traffic(theirs), embedder_name=EMBEDDER.name, seed=seed
    )


def mixed(labels: list[str] | None = None, count: int = 60) -> Labelled:
    """Corrected messages of the trade, and as many plain ones that were let stand."""
    texts, right = trade(count)
    plain, as_read = standing(60)
    stood = labelled(plain, as_read, is_corrected=False)
    stood = replace(stood, writer=stood.writer + 1_000)
    return together(labelled(texts, labels or right), stood)


@cache
def good() -> Trained:
    """What is learned from sixty corrections; takes the time of one training."""
    return learnt(mixed())


def test_words_of_a_trade_are_learned_from_sixty_corrections() -> None:
    trained = good()

    assert trained.is_better
    assert trained.metrics["accuracy_corrected"] == 1.0
    assert trained.baselines[SHIPPED]["accuracy_corrected"] == 0.0
    assert trained.metrics["accuracy"] > trained.baselines[SHIPPED]["accuracy"]
    assert set(trained.baselines) == {SHIPPED, COMMONEST}
    assert "surely better for 63 %" in trained.verdict
    assert (trained.rows, trained.held_out) == (84, 36)


def test_what_it_says_of_messages_to_come_is_right_as_often_as_it_says() -> None:
    model = message_intent.load(good().artefact)
    texts, right = trade(160)
    texts, right = texts[60:], right[60:]

    figures = model.predict({"text": np.array(texts, dtype=object)})

    names = np.array(OUTPUTS[:-1])
    is_right = names[figures[:, :-1].argmax(axis=1)] == np.array(right)
    was_right = np.array(shipped_head().labels)[
        shipped_head().logits(CLASSIFIER.embed(texts)).argmax(axis=1)
    ] == np.array(right)
    assert (was_right.mean(), is_right.mean() >= 0.97) == (0.0, True)
    assert metrics.calibration_error(is_right, figures[:, -1]) <= 0.05
    assert figures[:, :-1].sum(axis=1) == pytest.approx(1.0)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("with_standing", [True, False])
def test_labels_drawn_by_chance_are_not_learned(seed: int, with_standing: bool) -> None:
    labels = np.random.default_rng(seed).choice(shipped_head().labels, 100).tolist()
    theirs = mixed(labels, count=100)

    trained = learnt(theirs if with_standing else theirs.take(theirs.is_corrected))

    assert not trained.is_better


def test_too_few_corrections_say_how_many_more() -> None:
    texts, labels = trade(37)
    with pytest.raises(TooFewError, match=r"^37 messages were corrected; 13 more are needed, 50"):
        learnt(labelled(texts, labels))

    few = replace(labelled(*trade(60)), writer=np.arange(60) % 2)
    with pytest.raises(TooFewError, match=r"^Only 0 corrections are of others than those 18"):
        learnt(few)


def test_who_is_judged_on_is_not_learned_from() -> None:
    theirs = labelled(*trade(60))
    again = theirs.writer.copy()
    again[:10] = theirs.writer[-1]

    trained = learnt(replace(theirs, writer=again))

    assert (trained.rows, trained.held_out) == (32, 18)


def test_the_same_gives_the_same_bytes_and_is_read_back() -> None:
    first, second = good(), learnt(mixed())

    assert first.artefact.sha256 == second.artefact.sha256
    assert first.artefact.format == "safetensors"
    model = KINDS[KIND].load(first.artefact)
    assert model.features == first.features == ("text",)
    rows = {"text": np.array(["Fix us forty boxes ex Koper prompt"], dtype=object)}
    assert model.predict(rows).shape == (1, len(OUTPUTS))
    assert OUTPUTS[int(model.predict(rows)[0, :-1].argmax())] == "purchase"
    assert model.reasons(rows) == [[]]


@pytest.mark.parametrize("cut", [0, 10, 400])
def test_damaged_bytes_are_refused(cut: int) -> None:
    data = good().artefact.data
    with pytest.raises(ValueError, match="not a message_intent model"):
        message_intent.load(Artefact("safetensors", data[:cut]))
    with pytest.raises(ValueError, match="not a message_intent model"):
        message_intent.load(Artefact("json", data))


def test_another_sentence_model_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    other = type("Other", (), {"name": "other-1", "dimensions": 384})
    artefact = good().artefact
    monkeypatch.setattr(message_intent, "embedder", other)

    with pytest.raises(ValueError, match=r"vectors of hashed-tfidf-1\+signs-1, and here"):
        message_intent.load(artefact)


def contest(own: list[int], now: list[int], plain: list[int], fixed: int) -> Contest:
    """Who read messages of as many writers right; the first of them were corrected."""
    right = {
        name: np.array(one, dtype=bool)
        for name, one in (("", own), (SHIPPED, now), (COMMONEST, plain))
    }
    count = len(own)
    sure = {name: np.full(count, one.mean()) for name, one in right.items()}
    return Contest(right, sure, np.arange(count) < fixed, np.arange(count), SHIPPED)


@pytest.mark.parametrize(
    ("own", "now", "plain", "words"),
    [
        ([1] * 5 + [0] * 15, [0] * 20, [0] * 20, "which may be chance"),
        ([1] * 20 + [0] * 30, [0] * 20 + [1] * 30, [0] * 50, "but of all 50 that were corrected"),
        ([1] * 20, [0] * 20, [1] * 20, "no more than who always says the commonest intent"),
        ([1] * 20, [0] * 20, [0] * 20, ""),
    ],
)
def test_verdicts(own: list[int], now: list[int], plain: list[int], words: str) -> None:
    found = contest(own, now, plain, fixed=20)

    is_better, verdict = judge(found, found.figures(seed=1), seed=1)

    assert is_better == (not words)
    assert words in verdict


def test_confidence_that_does_not_hold_is_refused() -> None:
    sound = contest([1] * 18 + [0] * 2, [0] * 20, [0] * 20, fixed=20)
    low = replace(sound, sure={**sound.sure, "": np.full(20, 0.4)})

    is_better, verdict = judge(low, low.figures(seed=1), seed=1)

    assert not is_better
    assert "its confidence is off by 0.500" in verdict


def test_writers_count_and_not_their_messages() -> None:
    found = contest([1] * 20, [0] * 20, [0] * 20, fixed=20)
    assert found.gained(SHIPPED, only_corrected=True) == pytest.approx(0.6632, abs=1e-4)

    one = replace(found, writer=np.zeros(20, dtype=np.int64))
    assert one.gained(SHIPPED, only_corrected=True) < 0


@given(
    st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 4)), min_size=1, max_size=30)
)
def test_what_is_sure_is_never_more_than_what_was_seen(rows: list[tuple[bool, bool, int]]) -> None:
    own, now, writer = (np.array(column) for column in zip(*rows, strict=True))
    found = contest(own.tolist(), now.tolist(), now.tolist(), fixed=len(rows))
    found = replace(found, writer=writer)
    net = np.bincount(writer, own.astype(int) - now.astype(int))
    seen = (np.sign(net)).sum() / np.unique(writer).size

    assert found.gained(SHIPPED, only_corrected=True) <= seen + 1e-12
    assert found.gained("", only_corrected=True) == 0
