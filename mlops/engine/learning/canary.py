"""A version that answers a share of the subjects: who they are, and whether it does harm."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from mlops.engine.learning.drift import Histogram
from mlops.engine.learning.shadow import Gain, Limits
from mlops.engine.learning.shadow_rules import Rule
from mlops.engine.learning.shapes import FloatArray
from workspaces import formats

#: Shares are exact to this part of the subjects.
PARTS: Final = 1000
#: So many answered subjects with a known outcome say something of its error.
LEAST_KNOWN: Final = 100
#: And so many answers of each version something of how they are spread.
LEAST_ANSWERS: Final = 200
#: Rows that it could not answer and the champion could: more than a few, and more than this share.
LEAST_FAILURES: Final = 5
MOST_FAILURES_SHARE: Final = 0.01


def is_chosen(subject: str, share: Decimal, *, salt: str) -> bool:
    """Whether a subject is among a share of all.

    The same subject and salt always give the same, everywhere; who is in a small share is in every
    larger one, too; another salt draws others.

    Parameters
    ----------
    subject : whom or what a row is of
    share : in [0, 1], exact to a thousandth
    salt : what the subjects are drawn for, such as a version's checksum

    References
    ----------
    Kohavi et al. (2009), Data Min. Knowl. Disc. 18, 140-181, section 4.1.2.
    """
    digest = hashlib.sha256(f"{salt}:{subject}".encode()).digest()
    return int.from_bytes(digest[:8]) % PARTS < int(share * PARTS)


def subject_of_row(row: Mapping[str, object]) -> str:
    """Tell what stands for a row of which nobody is named: the same row is the same subject."""
    return json.dumps(dict(row), sort_keys=True, separators=(",", ":"))


def scores_apart(champion: FloatArray, canary: FloatArray) -> float | None:
    """Tell the population stability index of the canary's answers against the champion's.

    Parameters
    ----------
    champion, canary : (n,), (m,) answers; of other subjects, drawn by chance

    Returns
    -------
    ``None`` while one of both has given fewer than 200 answers
    """
    if min(champion.size, canary.size) < LEAST_ANSWERS:
        return None
    return Histogram.learn(champion).moved(canary)


@dataclass(frozen=True)
class Seen:
    """What is known of a canary by now.

    Attributes
    ----------
    answers, failures : rows that it answered, and that the champion had to answer in its place
    known : answered subjects whose outcome is known
    gain : over the champion on those; ``None`` while they are too few
    apart : index of its answers against the champion's; ``None`` while there are too few
    """

    answers: int
    failures: int
    known: int
    gain: Gain | None
    apart: float | None


def harm(rule: Rule, seen: Seen, limits: Limits) -> str:
    """Say what harm a canary does; empty: none is seen.

    It fails on rows that the champion can answer, or errs more by as much as a challenger must gain
    (and not by chance). While too few outcomes are known its answers may not be spread otherwise
    than the champion's.
    """
    asked = seen.answers + seen.failures
    if seen.failures >= LEAST_FAILURES and seen.failures > MOST_FAILURES_SHARE * asked:
        return f"It could not answer {seen.failures:,} of {asked:,} rows, which the champion could."
    if seen.gain is not None:
        worse = seen.gain.share.point <= -limits.least_gain and seen.gain.share.high < 0
        return f"It errs more: {gain_in_words(rule, seen.gain)}." if worse else ""
    if seen.apart is not None and seen.apart > limits.most_moved:
        return (
            f"Its answers are spread otherwise than the champion's (PSI {seen.apart:.2f}, limit"
            f" {limits.most_moved:.2f}), and too few outcomes are known to say which is right."
        )
    return ""


def standing(rule: Rule, seen: Seen) -> str:
    """Say how a canary without harm stands."""
    if seen.gain is not None:
        return f"No harm: {gain_in_words(rule, seen.gain)}."
    told = f"No harm: {seen.known:,} of its subjects have a known outcome"
    if seen.apart is not None:
        return f"{told}; its answers are spread as the champion's are (PSI {seen.apart:.2f})."
    return f"{told}, and {seen.answers:,} answers say little yet."


def gain_in_words(rule: Rule, gain: Gain) -> str:
    """Tell a gain with its interval."""
    share = gain.share
    return (
        f"on {gain.rows:,} subjects that it answered its {rule.metric_label} is"
        f" {gain.challenger:.4f} against {gain.champion:.4f}:"
        f" {formats.signed_share(share.point, 1)} (95 % interval"
        f" {formats.signed_share(share.low, 1)} to {formats.signed_share(share.high, 1)})"
    )
