"""How a workspace calls its channels."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.db.models import F, TextField, Value

from campaigns.engine.advice.rules import label_of
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
        return self.labels.get(slug) or label_of(slug)

    def said(self, text: str) -> str:
        """A stored sentence as people read it: channels stand in it by their slugs, in braces."""
        return _SLUG.sub(lambda found: self.label(found[1]), text)


def channels_of(workspace: Workspace) -> Channels:
    """Channels that campaigns of a workspace are on, as their figures are grouped, by slug."""
    keys = Campaign.objects.filter(workspace=workspace).annotate(
        key=channel_key(""), label=Value("", TextField()), is_on=Value(1)
    )
    described = MarketingChannel.objects.filter(workspace=workspace).annotate(
        key=F("slug"), name=F("label"), is_on=Value(0)
    )
    # Labels come beside: looked up in the same rows they would be so for every campaign.
    rows = list(
        keys.order_by().values_list("key", "label", "is_on").distinct()
        .union(described.values_list("key", "name", "is_on"), all=True)
    )  # fmt: skip
    labels = {slug: label for slug, label, is_on in rows if not is_on}
    slugs = sorted(slug for slug, _, is_on in rows if is_on)
    return Channels({slug: labels.get(slug) or label_of(slug) for slug in slugs})
