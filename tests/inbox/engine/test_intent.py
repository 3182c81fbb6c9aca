"""The classifier of texts: any labels, honest confidences, the same answer after saving."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.engine.calibrated import energy, fit_head
from inbox.engine.intent import IntentClassifier
from workspaces.engine.embedding.hashed import HashedTfidf

KINDS = {
    "parcel": ["where is my parcel", "has my parcel left", "track my parcel please"],
    "price": ["what does it cost", "how much is the big one", "price of two please"],
    "thanks": ["thank you so much", "many thanks to all of you", "thanks for the help"],
}
TEXTS = [
    f"{text} {word}" for texts in KINDS.values() for text in texts for word in ("", "now", "!")
]
LABELS = [kind for kind, texts in KINDS.items() for _ in range(3 * len(texts))]


@pytest.fixture(scope="module")
def classifier():
    return IntentClassifier(HashedTfidf()).fit(TEXTS, LABELS)


def _worlds(count, *, seed, classes=4, dimensions=12, spread=1.0):
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(0).standard_normal((classes, dimensions))
    kinds = rng.integers(classes, size=count)
    return centres[kinds] + spread * rng.standard_normal((count, dimensions)), kinds


def test_texts_like_those_learned_get_their_label(classifier):
    labels, confidences = classifier.predict(["is my parcel there", "thanks a lot", "cost of it"])

    assert labels == ["parcel", "thanks", "price"]
    assert confidences.shape == (3,)
    assert ((confidences >= 0) & (confidences <= 1)).all()


def test_labels_may_be_numbers():
    made = IntentClassifier(HashedTfidf()).fit(TEXTS, [len(label) for label in LABELS])

    assert made.labels == (5, 6)
    assert made.predict(["track my parcel"])[0] == [6]


def test_a_single_label_is_always_answered():
    made = IntentClassifier(HashedTfidf()).fit(["one", "two"], ["all", "all"])

    assert made.predict(["three", ""])[0] == ["all", "all"]
    assert made.predict_proba(["three"]).tolist() == [[1.0]]


@pytest.mark.parametrize(("texts", "labels"), [([], []), (["one"], []), (["a", "b"], ["x"])])
def test_texts_without_labels_are_refused(texts, labels):
    with pytest.raises(ValueError, match="labels must be one for each text"):
        IntentClassifier(HashedTfidf()).fit(texts, labels)


def test_asking_before_fitting_says_what_to_do():
    with pytest.raises(RuntimeError, match="fit the classifier first"):
        IntentClassifier(HashedTfidf()).predict(["hello"])


def test_confidence_is_the_share_that_is_right():
    known, kinds = _worlds(1_500, seed=1, spread=1.6)
    asked, right = _worlds(4_000, seed=2, spread=1.6)

    head = fit_head(known, kinds.tolist())
    logits = head.logits(asked)
    sure, is_right = head.confidences(logits), logits.argmax(axis=1) == right

    bins = np.minimum((sure * 10).astype(int), 9)
    error = sum(
        abs(sure[bins == one].mean() - is_right[bins == one].mean()) * (bins == one).mean()
        for one in np.unique(bins)
    )
    assert 0.75 < is_right.mean() < 0.95
    assert error < 0.02


def test_what_lies_elsewhere_is_stranger_and_less_sure():
    known, kinds = _worlds(800, seed=1)
    head = fit_head(known, kinds.tolist())
    usual, strange = head.logits(known), head.logits(0.1 * known)

    assert head.strangeness(strange).mean() > head.strangeness(usual).mean() + 0.3
    assert head.confidences(strange).mean() < head.confidences(usual).mean()


def test_energy_is_the_logarithm_of_the_sum_without_overflow():
    logits = np.array([[0.0, 0.0], [1_000.0, 1_000.0]])

    assert energy(logits) == pytest.approx(np.log(2) + np.array([0, 1_000]), abs=1e-12)


def test_fitting_twice_gives_the_same_bytes(classifier):
    again = IntentClassifier(HashedTfidf()).fit(TEXTS, LABELS)

    assert again.to_bytes() == classifier.to_bytes()


def test_what_is_loaded_answers_the_same(classifier, tmp_path):
    classifier.save(tmp_path / "intent.npz")
    loaded = IntentClassifier.load(tmp_path / "intent.npz", HashedTfidf())
    asked = ["any parcel", "cost", "", "something else"]

    assert loaded.head.weights.tolist() == classifier.head.weights.tolist()
    assert loaded.predict(asked)[0] == classifier.predict(asked)[0]
    assert loaded.predict(asked)[1].tolist() == classifier.predict(asked)[1].tolist()
    assert loaded.out_of_scope(asked).tolist() == classifier.out_of_scope(asked).tolist()


def _changed(classifier, **changes):
    with np.load(io.BytesIO(classifier.to_bytes())) as file:
        parts = dict(file)
    told = json.loads(str(parts["about"])) | changes
    if "bias" in changes:
        parts["bias"] = np.array(told.pop("bias"))
    out = io.BytesIO()
    np.savez(out, **{**parts, "about": np.array(json.dumps(told))})
    return out.getvalue()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": 2}, "not of format 1"),
        ({"embedder": "another"}, "fitted on vectors of another, here they are of hashed-tfidf-1"),
        ({"labels": ["a"]}, "damaged"),
        ({"labels": None}, "damaged"),
        ({"scale": float("nan")}, "damaged"),
        ({"likeness": [0, 0]}, "damaged"),
        ({"bias": [0.0]}, "damaged"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(classifier, changes, said):
    data = _changed(classifier, **changes)

    with pytest.raises(ValueError, match=said):
        IntentClassifier.from_bytes(data, HashedTfidf())


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\x80\x04N.", b"{}"])
def test_other_bytes_are_no_classifier(data):
    with pytest.raises(ValueError, match="the bytes are no classifier"):
        IntentClassifier.from_bytes(data, HashedTfidf())


@pytest.mark.parametrize(
    "text",
    ["", " \n\t", "\0", "👍🏽" * 3, "a" * 100_000, "parcel " * 20_000, "\ud800", "\u0645\u0631"],
)
def test_odd_texts_are_answered(classifier, text):
    labels, confidences = classifier.predict([text, "where is my parcel"])

    assert labels[0] in KINDS
    assert 0 <= confidences[0] <= 1
    assert labels[1] == "parcel"


def test_blank_texts_are_strangers(classifier):
    assert classifier.out_of_scope([""])[0] > classifier.out_of_scope(["where is my parcel"])[0]


def test_nothing_asked_is_nothing_answered(classifier):
    labels, confidences = classifier.predict([])

    assert labels == []
    assert confidences.shape == (0,)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=6))
def test_answers_are_chances_and_do_not_depend_on_company(classifier, texts):
    shares, sure = classifier.predict_proba(texts), classifier.predict(texts)[1]
    strange = classifier.out_of_scope(texts)

    assert shares.sum(axis=1) == pytest.approx(np.ones(len(texts)), abs=1e-9)
    for values in (shares, sure, strange):
        assert np.isfinite(values).all()
        assert ((values >= 0) & (values <= 1)).all()
    assert classifier.predict(texts[:1])[1][0] == pytest.approx(sure[0], abs=1e-9)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.text(max_size=20), st.sampled_from(["a", "b", "c"])), min_size=1, max_size=25
    )
)
def test_any_labelled_texts_can_be_learned(rows):
    texts, labels = map(list, zip(*rows, strict=True))

    made = IntentClassifier(HashedTfidf()).fit(texts, labels)

    answered, sure = made.predict(texts)
    assert set(made.labels) == set(labels)
    assert set(answered) <= set(labels)
    assert ((sure >= 0) & (sure <= 1)).all()
