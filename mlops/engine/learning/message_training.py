"""How a head for messages of a workspace is trained and judged.

It is judged on the newest of their messages against what read them until then. A correction tells
more than a reading that an agent let stand while answering, so it counts more; but a model that
learns corrections by reading all else wrong must not win, so it is judged on both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from inbox.engine.calibrated import Counts, Head, fit_head
from mlops.engine.learning import metrics
from mlops.engine.learning.drift import CALIBRATION, REFERENCE, calibration_groups, reference_of
from mlops.engine.learning.message_intent import FEATURES, KIND, MessageIntent
from mlops.engine.learning.shapes import FloatArray, TooFewError, Trained
from workspaces import formats

SHIPPED: Final = "what ships"
COMMONEST: Final = "commonest intent"
#: Corrections below which nothing is learned, and of them those that it is judged on.
LEAST_CORRECTED: Final = 50
LEAST_JUDGED: Final = 12
LARGEST_CALIBRATION_ERROR: Final = 0.05

_JUDGED_SHARE: Final = 0.3
# A text that ships counts once. What was let stand may never have been looked at.
_CORRECTED, _STANDING = 6.0, 0.5
# The texts that ship count as much as so many messages when confidence is calibrated: few messages
# tell it badly, and many tell it better than texts of others.
_SHIPPED_JUDGED: Final = 50.0
_CHANCE: Final = 0.025


@dataclass(frozen=True)
class Labelled:
    """Texts by their vectors, and what each is meant for; arrays are (n,).

    Attributes
    ----------
    vectors : (n, dimensions) as the classifier makes them
    label : intents
    is_corrected : a person said so; else a reading that was let stand
    writer : who wrote it
    at : seconds
    """

    vectors: npt.NDArray[np.float32]
    label: npt.NDArray[np.str_]
    is_corrected: npt.NDArray[np.bool_]
    writer: npt.NDArray[np.int64]
    at: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return self.label.size

    def take(self, chosen: npt.NDArray[Any]) -> Labelled:
        """Take some of them."""
        return Labelled(
            self.vectors[chosen], self.label[chosen], self.is_corrected[chosen],
            self.writer[chosen], self.at[chosen],
        )  # fmt: skip


@dataclass(frozen=True)
class Serving:
    """What reads messages now, by name, and the head that ships where that is another one."""

    name: str
    head: Head
    others: Mapping[str, Head]

    @property
    def heads(self) -> dict[str, Head]:
        """All that a new one is set against, what serves first."""
        return {self.name: self.head, **self.others}


def hold_out(theirs: Labelled) -> npt.NDArray[np.bool_]:
    """Choose what is judged on: the newest three tenths of the corrections, and all since then.

    Parameters
    ----------
    theirs : of a workspace

    Returns
    -------
    (n,) : True where it is held out

    Raises
    ------
    TooFewError : too few were corrected; says how many more are needed
    """
    corrected = int(theirs.is_corrected.sum())
    if corrected < LEAST_CORRECTED:
        more = LEAST_CORRECTED - corrected
        raise TooFewError(
            f"{corrected} messages were corrected; {more} more are needed, {LEAST_CORRECTED} in"
            " all. Correct what the inbox reads wrong, or confirm what it reads right."
        )
    at = np.sort(theirs.at[theirs.is_corrected])
    since = at[corrected - max(LEAST_JUDGED, round(_JUDGED_SHARE * corrected))]
    return np.asarray(theirs.at >= since, dtype=np.bool_)


def train(
    base: Labelled,
    theirs: Labelled,
    serving: Serving,
    *,
    traffic: Traffic,
    embedder_name: str,
    seed: int = 42,
) -> Trained:
    """Learn intents of a workspace's messages, and judge that against what serves.

    Who wrote something that is held out is not learned from, so no conversation is on both sides.

    Parameters
    ----------
    base : texts that ship
    theirs : messages of the workspace
    serving : what reads them now
    traffic : newest messages, as they come; what drift is told from
    embedder_name : of the vectors
    seed : of folds and of what chance does

    Raises
    ------
    TooFewError : too few corrections to learn from or to judge on
    """
    held = hold_out(theirs)
    judged = theirs.take(held)
    known = theirs.take(~held & ~np.isin(theirs.writer, judged.writer))
    _require_enough(known, judged)
    head = fit(base, known, seed=seed)
    contest = Contest.of(judged, head, serving, commonest=_commonest(known))
    found = contest.figures(seed)
    is_better, verdict = judge(contest, found, seed)
    if serving.name != SHIPPED:
        # A page shows the figures beside those that it has of its own.
        found[f"{serving.name} on the same"] = found.pop(serving.name)
    model = MessageIntent(head, embedder_name)
    sure = head.confidences(head.logits(judged.vectors))
    return Trained(
        kind=KIND,
        artefact=model.artefact(),
        features=FEATURES,
        metrics=found.pop(""),
        baselines=found,
        is_better=is_better,
        verdict=verdict,
        card={
            "corrections": int(theirs.is_corrected.sum()),
            "judged_corrections": int(judged.is_corrected.sum()),
            "let_stand": int((~theirs.is_corrected).sum()),
            "texts_that_ship": len(base),
            "sentence_model": embedder_name,
            REFERENCE: traffic.reference(head),
            CALIBRATION: calibration_groups(contest.right[""].astype(float), sure),
        },
        levels={"text": []},
        seed=seed,
        rows=len(known),
        held_out=len(judged),
    )


def fit(base: Labelled, known: Labelled, *, seed: int) -> Head:
    """Fit a head on texts that ship and messages of a workspace.

    Parameters
    ----------
    base, known : texts that ship, and messages
    seed : of the folds
    """
    learnt = np.where(known.is_corrected, _CORRECTED, _STANDING)
    share = _SHIPPED_JUDGED / max(1, len(base))
    # Each text that ships is a group of its own, below all writers.
    own = known.writer.min(initial=0) - 1 - np.arange(len(base))
    counts = Counts(
        learnt=np.concatenate([np.ones(len(base)), learnt]),
        judged=np.concatenate([np.full(len(base), share), np.ones(len(known))]),
        group=np.concatenate([own, known.writer]),
    )
    vectors = np.concatenate([base.vectors, known.vectors])
    labels = np.concatenate([base.label, known.label]).tolist()
    return fit_head(vectors, labels, seed=seed, counts=counts)


@dataclass(frozen=True)
class Traffic:
    """Messages as they come, whether anybody looked at them or not; arrays are (n,)."""

    vectors: npt.NDArray[np.float32]
    language: npt.NDArray[np.str_]
    channel: npt.NDArray[np.str_]

    def reference(self, head: Head) -> dict[str, Any]:
        """Keep what a head says of them, for a card."""
        logits = head.logits(self.vectors)
        names = np.array(head.labels)
        return reference_of(
            {
                "intent": names[logits.argmax(axis=1)],
                "language": self.language,
                "channel": self.channel,
            },
            head.confidences(logits),
        )


@dataclass(frozen=True)
class Contest:
    """Who read the held-out messages right, by name; the new one's name is empty.

    Attributes
    ----------
    right, sure : (n,) of each
    is_corrected, writer : (n,) of the messages
    serving : name of what serves now
    """

    right: dict[str, npt.NDArray[np.bool_]]
    sure: dict[str, FloatArray]
    is_corrected: npt.NDArray[np.bool_]
    writer: npt.NDArray[np.int64]
    serving: str

    @classmethod
    def of(cls, judged: Labelled, head: Head, serving: Serving, commonest: str) -> Contest:
        """Have them all read the messages."""
        right, sure = {}, {}
        for name, one in {"": head, **serving.heads}.items():
            logits = one.logits(judged.vectors)
            said = np.array(one.labels)[logits.argmax(axis=1)]
            right[name] = np.asarray(said == judged.label, dtype=np.bool_)
            sure[name] = one.confidences(logits)
        right[COMMONEST] = judged.label == commonest
        sure[COMMONEST] = np.full(len(judged), right[COMMONEST].mean())
        return cls(right, sure, judged.is_corrected, judged.writer, serving.name)

    def figures(self, seed: int) -> dict[str, dict[str, float]]:
        """Figures of each by name."""
        fixed = self.is_corrected
        return {
            name: {
                "accuracy": float(right.mean()),
                "accuracy_corrected": float(right[fixed].mean()),
                "ece": metrics.calibration_error(right, self.sure[name]),
            }
            for name, right in self.right.items()
        }

    def gained(self, over: str, *, only_corrected: bool) -> float:
        """Share of writers surely read better than by another, less those read worse: 97.5 %.

        Writers, as messages of one are alike; those of whom both say as much tell nothing.

        References
        ----------
        Clopper and Pearson (1934), Biometrika 26(4), 404-413.
        """
        from scipy.stats import beta

        chosen = self.is_corrected if only_corrected else np.ones(self.writer.size, dtype=bool)
        net = self.right[""].astype(int) - self.right[over].astype(int)
        _, place = np.unique(self.writer[chosen], return_inverse=True)
        by_writer = np.bincount(place, net[chosen])
        won, lost = int((by_writer > 0).sum()), int((by_writer < 0).sum())
        low = float(beta.ppf(_CHANCE, won, lost + 1)) if won else 0.0
        return (2 * low - 1) * (won + lost) / max(1, by_writer.size)


def judge(
    contest: Contest, found: Mapping[str, Mapping[str, float]], seed: int
) -> tuple[bool, str]:
    """Say whether the new one may serve, and why.

    Parameters
    ----------
    contest : on the messages held out
    found : figures of each, the new one's by the empty name
    seed : of what chance does to the calibration error
    """
    own, now = found[""], found[contest.serving]
    count, fixed = contest.writer.size, int(contest.is_corrected.sum())
    surely = contest.gained(contest.serving, only_corrected=True)
    told = (
        f"Of {fixed} corrected messages it did not learn, it reads"
        f" {formats.share(own['accuracy_corrected'])}"
        f" right ({contest.serving}: {formats.share(now['accuracy_corrected'])})"
    )
    if surely <= 0:
        return False, f"{told}, which may be chance. More corrections would tell."
    if own["accuracy"] < now["accuracy"]:
        return False, (
            f"{told}, but of all {count} that were corrected or answered as read only"
            f" {formats.share(own['accuracy'])} ({contest.serving}:"
            f" {formats.share(now['accuracy'])})."
        )
    if contest.gained(COMMONEST, only_corrected=False) <= 0:
        return False, (
            f"{told}, but of all {count} no more than who always says the commonest intent:"
            " the texts tell nothing of what they were corrected to."
        )
    noise = metrics.calibration_noise(contest.sure[""], seed)
    if own["ece"] > max(LARGEST_CALIBRATION_ERROR, noise, now["ece"]):
        return False, f"{told}, but its confidence is off by {own['ece']:.3f}, more than by chance."
    return True, (
        f"{told}: surely better for {formats.share(surely)} of the writers at least. Of all"
        f" {count} that were"
        f" corrected or answered as read, {formats.share(own['accuracy'])}"
        f" ({formats.share(now['accuracy'])}); its"
        f" confidence is off by {own['ece']:.3f}."
    )


def _commonest(known: Labelled) -> str:
    names, counts = np.unique(known.label, return_counts=True)
    return str(names[counts.argmax()])


def _require_enough(known: Labelled, judged: Labelled) -> None:
    least = LEAST_CORRECTED - LEAST_JUDGED
    learnt, of = int(known.is_corrected.sum()), int(judged.is_corrected.sum())
    if learnt < least // 2:
        raise TooFewError(
            f"Only {learnt} corrections are of others than those {of} it is judged on;"
            f" {least // 2} are needed: the same people wrote most of them. Correct messages of"
            " more people."
        )
