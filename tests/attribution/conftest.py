"""Platforms that take conversions, as a sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from attribution.models import ConversionDestination
from sandbox.server import Sandbox
from tests.workspaces.factories import ConnectionFactory
from workspaces.crypto import encrypt

TOKEN = "canary-token-of-the-connection"
SECRETS = {
    "meta": {"access_token": TOKEN},
    "tiktok": {"access_token": TOKEN},
    "linkedin": {"access_token": TOKEN},
    "google": {
        "client_id": "c", "client_secret": "canary-secret", "refresh_token": TOKEN,
        "developer_token": "canary-developer",
    },
}  # fmt: skip
DATASETS = {"meta": "77", "tiktok": "C4B", "google": "88", "linkedin": "99"}


@pytest.fixture
def far(tmp_path, now) -> Iterator[Sandbox]:
    """A sandbox with an account on each platform."""
    with Sandbox(tmp_path / "sandbox.sqlite3") as sandbox:
        sandbox.control("clock", {"set": now.isoformat()})
        accounts = [{"platform": name, "id": "123", "token": TOKEN} for name in SECRETS]
        sandbox.control("seed", {"accounts": accounts})
        yield sandbox


@pytest.fixture
def target(workspace, far):
    """Maker of destinations that are switched on."""

    def build(platform, **fields):
        connection = ConnectionFactory(
            workspace=workspace, kind=platform, base_url=far.base_url,
            secret=encrypt(SECRETS[platform]),
        )  # fmt: skip
        facts = {
            "platform": platform, "dataset_id": DATASETS[platform], "is_enabled": True,
            "account_id": "123" if platform == "google" else "", **fields,
        }  # fmt: skip
        return ConversionDestination.objects.create(
            workspace=workspace, connection=connection, **facts
        )

    return build
