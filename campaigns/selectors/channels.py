"""How a workspace calls its channels."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.db.models import OuterRef, Subquery

from campaigns.models import Campaign, MarketingChannel
from campaigns.selectors.channel_days import channel_key
from workspaces.models import Workspace

_SLUG: Final = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Channels:
    """Channels that can be asked for; iterating gives slugs and labels."""

    labels: dict[str, str]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.labels.items())

    def __len__(self) -> int:
        return len(self.labels)

    def label(self, slug: str) -> str:
        """What the workspace calls a channel; one that nobody described, by its slug in words."""
        return self.labels.get(slug) or _in_words(slug)

    def said(self, text: str) -> str:
        """A stored sentence as people read it: channels stand in it by their slugs, in braces."""
        return _SLUG.sub(lambda found: self.label(found[1]), text)


def channels_of(workspace: Workspace) -> Channels:
    """Channels that campaigns of a workspace are on, as their figures are grouped, by slug."""
    label = MarketingChannel.objects.filter(workspace=workspace, slug=OuterRef("key"))
    rows = (
        Campaign.objects.filter(workspace=workspace)
        .annotate(key=channel_key(""), label=Subquery(label.values("label")))
        .values_list("key", "label")
        .order_by("key")
        .distinct()
    )
    return Channels({slug: label or _in_words(slug) for slug, label in rows})


def _in_words(slug: str) -> str:
    return slug.replace("_", " ").title()
