"""The demo shop: pages on the sandbox's origin whose visitors arrive in the demo."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings

from attribution.models import Site
from attribution.services.website.sites import clean_origin, create_site
from inbox.models import ChatWidget
from mlops.platforms.sandbox_control import SandboxControl
from workspaces.models import Workspace

NAME: Final = "Demo shop"


def open_shop(*, workspace: Workspace, control: SandboxControl) -> str:
    """Give the shop a key and a chat, and tell it whose scripts to load; returns its address.

    Called at every start: ports may be others than the last time.
    """
    origins = _origins(control.base_url)
    site = Site.objects.filter(workspace=workspace, name=NAME).first()
    if site is None:
        site = create_site(workspace=workspace, name=NAME, origins=origins)
    elif missing := [origin for origin in origins if origin not in site.origins]:
        site.origins = [*site.origins, *missing]
        site.save(update_fields=["origins"])
    ChatWidget.objects.get_or_create(
        site=site, workspace=workspace,
        defaults={"is_on": True, "title": "Ask Harbour Street", "asks_name": True},
    )  # fmt: skip
    control.set_shop(base_url=settings.PUBLIC_BASE_URL, site_key=site.key)
    return f"{origins[0]}/shop/"


def _origins(address: str) -> list[str]:
    """Both names of this machine: a person types one, a program the other."""
    parts = urlsplit(address)
    hosts = dict.fromkeys(["localhost", parts.hostname or "localhost"])
    port = f":{parts.port}" if parts.port else ""
    return [clean_origin(urlunsplit((parts.scheme, f"{h}{port}", "", "", ""))) for h in hosts]
