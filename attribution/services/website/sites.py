"""Websites and their keys."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import transaction

from attribution.models import FunnelStage, Site, StageRule
from workspaces.models import Workspace
from workspaces.services.refusals import RefusedError

# What shops usually call their pages; an admin edits them.
USUAL_RULES: Final = (
    ("*/thank-you*", FunnelStage.CONVERSION),
    ("*/confirmation*", FunnelStage.CONVERSION),
    ("*/order-received*", FunnelStage.CONVERSION),
    ("*/checkout*", FunnelStage.CHECKOUT),
    ("*/cart*", FunnelStage.CART),
    ("*/basket*", FunnelStage.CART),
    ("*/product*", FunnelStage.PRODUCT),
    ("/p/*", FunnelStage.PRODUCT),
    ("/", FunnelStage.HOME),
)
_HOST = re.compile(r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$|^\[[0-9a-f:]+\]$")


class SiteError(RefusedError):
    """A website that cannot be set up so; ``field`` says why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@transaction.atomic
def create_site(*, workspace: Workspace, name: str, origins: Sequence[str]) -> Site:
    """Make a website with a key of its own and the usual rules for its pages.

    Raises
    ------
    SiteError : an origin that is none, a name that is too long or taken
    """
    site = Site(
        workspace=workspace, name=name, origins=[clean_origin(origin) for origin in origins]
    )
    try:
        site.full_clean()
    except ValidationError as error:
        raise SiteError("name", " ".join(error.messages)) from error
    site.save()
    add_usual_rules(site=site)
    return site


def add_usual_rules(*, site: Site) -> None:
    """Give a site rules for its pages where it has none."""
    if site.stage_rules.exists():
        return
    StageRule.objects.bulk_create(
        StageRule(
            workspace_id=site.workspace_id,
            site=site,
            position=position,
            pattern=pattern,
            stage=stage,
        )
        for position, (pattern, stage) in enumerate(USUAL_RULES, start=1)
    )


def clean_origin(text: str) -> str:
    """Return scheme, host and port as browsers write them.

    Raises
    ------
    SiteError : it is no origin
    """
    parts = urlsplit(text.strip().lower())
    try:
        port = parts.port
    except ValueError:
        port = -1
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    if parts.scheme not in ("http", "https") or not _HOST.match(host) or port == -1:
        raise SiteError(
            "origins", f"{text.strip()!r} is no origin. Write scheme and host: https://shop.example"
        )
    if parts.path not in ("", "/") or parts.query or parts.username:
        raise SiteError("origins", f"{text.strip()!r}: leave the path out; all pages count.")
    usual = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != usual else "")
