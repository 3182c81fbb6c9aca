"""A website and a browser that calls from it."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
import time_machine

from attribution.models import Site
from attribution.services.website.sites import create_site
from tests.attribution.website.wire import AGENT, NOW, ORIGIN


@pytest.fixture
def site(workspace):
    return create_site(workspace=workspace, name="Shop", origins=[ORIGIN])


@pytest.fixture
def frozen():
    with time_machine.travel(NOW, tick=False):
        yield NOW


class Browser:
    """Calls the door as the script does."""

    def __init__(self, client: Any, site: Site) -> None:
        self._client = client
        self._site = site

    def send(self, body: Any, **headers: str) -> Any:
        """Send one call; a text goes as it is."""
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        if headers.get("Content-Encoding") == "gzip":
            text = gzip.compress(text)
        kind = headers.pop("Content-Type", "text/plain;charset=UTF-8")
        key = headers.pop("key", self._site.key)
        path = headers.pop("path", "/api/website/events")
        given = {"User-Agent": AGENT, "Origin": ORIGIN, **headers}
        return self._client.post(
            f"{path}?site={key}",
            data=text,
            content_type=kind,
            headers={name: value for name, value in given.items() if value},
        )


@pytest.fixture
def browser(client, site):
    return Browser(client, site)
