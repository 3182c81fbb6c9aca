"""What a worker does when a door asks: it embeds a text, or finds what is like it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np

from mlops.models import Winner, WinnerLibrary
from mlops.selectors.winners import WinnerFilter
from workspaces.engine.embedding.choosing import embedder as own_embedder
from workspaces.engine.embedding.shapes import SIMILAR
from workspaces.models import Workspace

#: Name of vectors whose embedder the caller did not tell.
GIVEN: Final = "given"
MOST_TEXTS: Final = 2_000


@dataclass(frozen=True)
class Like:
    """A winner that something is like."""

    winner_id: int
    similarity: float


def embed_text(*, text: str) -> dict[str, Any]:
    """One text as JSON carries it: the vector, and the embedder's name."""
    model = own_embedder()
    return {"embedder": model.name, "embedding": model.embed([text])[0].tolist()}


def find_similar(
    *,
    workspace: Workspace,
    asked: Mapping[str, Any],
    now: datetime,
) -> dict[str, Any]:
    """Find winners like a text or a vector, as JSON carries it.

    Parameters
    ----------
    asked : ``text``, or ``embedding`` (of norm 1) with its ``embedder``; ``k``,
        ``min_similarity``, ``filters`` and ``but_ads`` as ``similar_winners`` takes them
    """
    from mlops.services.winners.indexes import similar_winners

    if "embedding" in asked:
        vector, name = np.asarray(asked["embedding"], np.float32), str(asked["embedder"])
    else:
        model = own_embedder()
        vector, name = model.embed([asked["text"]])[0], model.name
    found = similar_winners(
        workspace=workspace,
        vector=vector,
        embedder=name,
        most=asked["k"],
        least=asked["min_similarity"],
        only=WinnerFilter(**asked.get("filters", {})),
        but_ads=asked.get("but_ads", ()),
        now=now,
    )
    return {
        "embedder": name,
        "form": found.form,
        "compared": found.compared,
        "matches": [[match.id, match.similarity] for match in found.matches],
    }


def warm_up_winners(*, now: datetime) -> None:
    """Load the embedder and the indexes that changed last; nothing where there are no winners."""
    if not Winner.objects.filter(workspace__in=Workspace.objects.open()).exists():
        return
    from mlops.services.winners.indexes import MOST_KEPT, shelf

    name = own_embedder().name
    libraries = WinnerLibrary.objects.filter(workspace__in=Workspace.objects.open())
    newest = libraries.select_related("workspace").order_by("-changed_at")
    # The last to be warmed is the last to be given up.
    for library in reversed(newest[:MOST_KEPT]):
        shelf.warm(workspace=library.workspace, embedder=name, now=now)


def likenesses(
    *,
    workspace: Workspace,
    texts: Mapping[int, str],
    now: datetime,
    least: float = SIMILAR,
) -> dict[int, Like]:
    """Tell of each ad, by our id, which winner it is most like; none where none is like it.

    An ad is not compared with itself. Call it in workers; without winners nothing is loaded.

    Parameters
    ----------
    texts : of ads, by our id; of more than 2,000 the newest are looked at
    """
    if not texts or not Winner.objects.filter(workspace=workspace).exists():
        return {}
    model, newest = own_embedder(), sorted(texts, reverse=True)[:MOST_TEXTS]
    said = sorted({texts[ad] for ad in newest})
    vectors = dict(zip(said, model.embed(said), strict=True))
    own = _own_winners(workspace, newest)
    found = {}
    for ad in newest:
        near = _nearest(workspace, vectors[texts[ad]], model.name, own.get(ad), least, now)
        if near is not None:
            found[ad] = near
    return found


def _own_winners(workspace: Workspace, ads: Collection[int]) -> dict[int, int]:
    rows = Winner.objects.filter(workspace=workspace, ad__in=ads)
    return dict(rows.values_list("ad_id", "pk"))


def _nearest(
    workspace: Workspace, vector: Any, embedder: str, own: int | None, least: float, now: datetime
) -> Like | None:
    from mlops.services.winners.indexes import similar_winners

    found = similar_winners(
        workspace=workspace, vector=vector, embedder=embedder, most=2, least=least, now=now
    )
    others = [match for match in found.matches if match.id != own]
    return Like(others[0].id, min(1.0, others[0].similarity)) if others else None
