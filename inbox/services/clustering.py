"""Drafts that say nearly the same are found, so that a person can sign them together.

A worker with the sentence model does it: whenever the drafts of a workspace that wait are others
than the last time.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from typing import Final
from uuid import UUID, uuid5

import numpy as np
import pgbulk
from django.core.cache import cache
from django.db.models import Count, Max, Sum

from inbox.engine.clusters import MOST, cluster
from inbox.models import ReplyDraft
from inbox.selectors.clusters import waiting
from inbox.selectors.replies import KIND
from inbox.services.topics import TOPIC
from outreach.engine.channels import FloatArray
from workspaces.engine.embedding.choosing import embedder
from workspaces.models import Proposal, Status, Workspace
from workspaces.services.live import bump

#: Names of clusters follow from the draft that stands for each: the same again at every run.
_NAMES: Final = UUID("6f1a8f0e-5b0a-4c8e-9d6b-1f2f6d6f0c11")
_SEEN_S: Final = 3_600
_VECTOR_S: Final = 86_400
#: Characters of a draft that tell what it says.
_LOOKED_AT: Final = 2_000


def cluster_changed() -> int:
    """Group the waiting drafts of workspaces where they changed; how many drafts moved."""
    waiting = (
        Proposal.objects.filter(
            kind=KIND, status=Status.PENDING, workspace__in=Workspace.objects.open()
        )
        .order_by()
        .values("workspace")
        .annotate(count=Count("pk"), last=Max("current_plan"), all=Sum("current_plan"))
    )
    moved = 0
    for row in waiting:
        key = f"inbox:clustered:{row['workspace']}"
        stands = f"{row['count']}:{row['last']}:{row['all']}"
        if cache.get(key) != stands:
            moved += cluster_drafts(workspace=Workspace.objects.get(pk=row["workspace"]))
            cache.set(key, stands, _SEEN_S)
    return moved


def cluster_drafts(*, workspace: Workspace) -> int:
    """Say of each waiting draft with which others it says nearly the same; how many moved."""
    drafts = list(
        waiting(workspace)
        .exclude(text="")
        .select_related("proposal", "answers__point__contact")
        .order_by("-pk")[:MOST]
    )
    if not drafts:
        return 0
    found = cluster(
        _vectors([_said(one) for one in drafts]),
        [f"{one.answers.channel}|{one.intent}|{one.template_id}" for one in drafts],
        [str(one.proposal.public_id) for one in drafts],
    )
    names: dict[int, UUID] = {}
    for one in found.clusters:
        name = uuid5(_NAMES, str(drafts[one.members[0]].proposal.public_id))
        names.update(dict.fromkeys(one.members, name))
    moved = []
    for place, draft in enumerate(drafts):
        if draft.cluster != names.get(place):
            draft.cluster = names.get(place)
            moved.append(draft)
    if moved:
        pgbulk.update(ReplyDraft, moved, ["cluster"])
        bump(workspace.pk, TOPIC)
    return len(moved)


def _said(draft: ReplyDraft) -> str:
    """What a draft says, to whomever: names are no difference."""
    contact, text = draft.answers.point.contact, draft.text
    for name in (contact.name, contact.first_name, contact.last_name):
        if len(name) > 1:
            text = re.sub(rf"\b{re.escape(name)}\b", "…", text)
    return text


def _vectors(texts: Sequence[str]) -> FloatArray:
    """Embeddings of texts; each is asked of the model once in a day."""
    keys = [f"inbox:vector:{hashlib.sha256(one.encode()).hexdigest()}" for one in texts]
    known: dict[str, str] = cache.get_many(set(keys))
    lacks = {key: one for key, one in zip(keys, texts, strict=True) if key not in known}
    if lacks:
        made = embedder().embed([one[:_LOOKED_AT] for one in lacks.values()])
        new = {
            key: base64.b64encode(np.asarray(row, np.float32).tobytes()).decode()
            for key, row in zip(lacks, made, strict=True)
        }
        cache.set_many(new, _VECTOR_S)
        known |= new
    rows = [np.frombuffer(base64.b64decode(known[key]), np.float32) for key in keys]
    return np.stack(rows).astype(np.float64)
