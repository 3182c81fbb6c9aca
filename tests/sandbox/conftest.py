from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from sandbox.server import Sandbox

NOON = "2026-11-21T12:00:00+00:00"
ADS = {
    "301": {"cost_per_mille": 14, "click_rate": 0.014, "conversion_rate": 0.06, "saturation": 900},
    "302": {"cost_per_mille": 15, "click_rate": 0.008, "conversion_rate": 0.03, "saturation": 900},
}
META = {
    "platform": "meta",
    "id": "1001",
    "name": "Test account",
    "token": "token-a",
    "traffic": {
        "ads": ADS,
        "funnel": {"lead_value": 40, "appointment_value": 200, "sale_value": 900},
    },
    "campaigns": [
        {
            "id": "101",
            "name": "By ad set",
            "objective": "OUTCOME_LEADS",
            "adsets": [
                {
                    "id": "201",
                    "name": "First set",
                    "daily_budget": "120.00",
                    "bid_strategy": "LOWEST_COST_WITHOUT_CAP",
                    "learning": {"status": "SUCCESS", "last_sig_edit_ts": 1750000000},
                    "ads": [
                        {"id": "301", "name": "Good ad", "creative": {"id": "9", "title": "Move"}},
                        {"id": "302", "name": "Weak ad"},
                    ],
                },
                {"id": "202", "name": "Second set", "status": "paused", "daily_budget": "50.00"},
            ],
        },
        {
            "id": "102",
            "name": "By campaign",
            "daily_budget": "300.00",
            "adsets": [{"id": "203", "name": "Inherits", "ads": [{"id": "303"}]}],
        },
    ],
}


class Box:
    """The sandbox seen by a test: its control surface and plain HTTP."""

    def __init__(self, base_url: str, smtp_port: int = 0, imap_port: int = 0) -> None:
        self.base_url, self.smtp_port, self.imap_port = base_url, smtp_port, imap_port
        # Plain HTTP: loading the certificates would cost more than a test.
        self.http = httpx.Client(base_url=base_url, timeout=5, trust_env=False, verify=False)

    def control(self, name: str, body: object | None = None, method: str = "POST") -> dict:
        answer = self.http.request(method, f"/_sandbox/{name}", json=body or {})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def seed(self, *accounts: dict, **more: object) -> None:
        self.control("seed", {"accounts": list(accounts), **more})

    def get(self, name: str) -> dict:
        return self.http.get(f"/_sandbox/{name}").json()

    def effects(self, entity: str, field: str | None = None) -> list[tuple[str, str]]:
        query = f"?entity={entity}" + (f"&field={field}" if field else "")
        found = self.http.get(f"/_sandbox/calls{query}").json()["effects"]
        return [(effect["old"], effect["new"]) for effect in found]

    def meta(
        self, method: str, path: str, token: str = "token-a", **params: object
    ) -> httpx.Response:
        key = "params" if method == "GET" else "data"
        return self.http.request(
            method,
            f"/v26.0/{path}",
            headers={"Authorization": f"Bearer {token}"},
            **{key: params},
        )


@pytest.fixture(scope="session")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    state = tmp_path_factory.mktemp("sandbox") / "state.sqlite3"
    with Sandbox(state, smtp_port=0, imap_port=0) as server:
        yield server


@pytest.fixture
def box(_server: Sandbox) -> Iterator[Box]:
    """The sandbox, forgotten and frozen at noon."""
    box = Box(_server.base_url, _server.smtp_port, _server.imap_port)
    box.control("reset")
    box.control("clock", {"set": NOON})
    yield box
    box.control("release")
    box.http.close()


@pytest.fixture
def meta(box: Box) -> Box:
    """The sandbox with one Meta account that has run for sixty days."""
    box.seed(META, created_at=1790000000)
    return box
