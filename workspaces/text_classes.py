"""Classifiers of texts by name: word lists of a lower app until a higher one brings a model.

An app registers a loader in ``ready()``. Of all loaders of a name the one with the highest rank
that has something for the workspace answers, so a model takes over from word lists once it is
trained, and hands back when it is withdrawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from workspaces.models import Workspace

SENTIMENT: Final = "sentiment"  # negative, neutral, positive
COMMENT_INTENT: Final = "comment_intent"  # interested, price_question, complaint, praise, …
OPT_OUT: Final = "opt_out"  # opt_out, opt_in, help, none


@dataclass(frozen=True)
class TextClass:
    """What a classifier says of one text."""

    label: str
    confidence: float  # 0–1
    score: float = 0.0  # −1–1, of a sentiment
    reasons: tuple[str, ...] = ()  # words a person can be shown


TextClassifier = Callable[[Sequence[str]], list[TextClass]]
ClassifierLoader = Callable[["Workspace"], TextClassifier | None]

_loaders: dict[str, dict[int, ClassifierLoader]] = {}


def register_text_classifier(name: str, loader: ClassifierLoader, *, rank: int = 0) -> None:
    """Make a classifier known; a later one of the same rank takes the place of the earlier."""
    _loaders.setdefault(name, {})[rank] = loader


def classifier(workspace: Workspace, name: str) -> TextClassifier | None:
    """Return the best classifier that a workspace has; ``None`` where no app brings any."""
    loaders = _loaders.get(name, {})
    for rank in sorted(loaders, reverse=True):
        found = loaders[rank](workspace)
        if found is not None:
            return found
    return None
