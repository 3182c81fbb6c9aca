"""The control surface of the platform sandbox, as far as the demo needs it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx


class SandboxControlError(Exception):
    """The sandbox is not there, or refused."""


class SandboxControl:
    """Seeds the sandbox and moves its clock, over HTTP."""

    def __init__(self, base_url: str, *, timeout_s: float = 60.0) -> None:
        self.base_url = base_url
        self._client = httpx.Client(base_url=base_url, timeout=timeout_s)

    def seed_world(self, world: str, *, seed_day: datetime) -> None:
        """Fill in a built-in world, unless its accounts are there already."""
        today = seed_day.date().isoformat()
        self._call("seed", {"world": world, "today": today, "skip_present": True})

    def seed_accounts(self, accounts: list[dict[str, Any]]) -> dict[str, str]:
        """Fill in plain accounts, unless they are there; by id what their webhooks are known by."""
        told = self._call("seed", {"accounts": accounts, "skip_present": True})
        return {str(one["id"]): str(one.get("webhook_secret", "")) for one in told["accounts"]}

    def seed_social(self, world: str, *, seed_day: datetime) -> dict[str, str]:
        """Fill in a world's social networks; its page: id, token, webhook_secret, instagram_id."""
        today = seed_day.date().isoformat()
        told = self._call("social/seed", {"world": world, "today": today, "skip_present": True})
        page = next(one for one in told["accounts"] if one["platform"] == "meta")
        return {**page, "instagram_id": told["instagram_id"]}

    def set_clock(self, moment: datetime) -> None:
        """Stop the sandbox's clock at a moment."""
        self._call("clock", {"set": moment.isoformat()})

    def run_clock(self) -> None:
        """Let the sandbox's clock follow the real one."""
        self._call("clock", {"real": True})

    def set_shop(self, *, base_url: str, site_key: str) -> None:
        """Let the demo shop load a tracking script, with a site's key."""
        self._call("shop", {"base_url": base_url, "site_key": site_key})

    def work_in_portal(self, name: str, **body: Any) -> None:
        """Do something in the sandbox's CRM, as its people would."""
        self._call(f"hubspot/{name}", body)

    def tell(self, kind: str, place: dict[str, str]) -> list[dict[str, Any]]:
        """What happened and was not told yet, as the webhook calls of an account."""
        calls: list[dict[str, Any]] = self._call(f"{kind}/deliver", dict(place))["calls"]
        return calls

    def call_by_itself(self, place: dict[str, str]) -> None:
        """Let the webhooks of an account go to an address from now on."""
        self._call("webhooks", dict(place))

    def let_happen(self, **body: Any) -> None:
        """Let one more thing happen to a message."""
        self._call("messages/event", body)

    def write_text(self, **body: Any) -> list[dict[str, Any]]:
        """Let a person answer by SMS; the webhook calls that tell of it."""
        calls: list[dict[str, Any]] = self._call("twilio/inbound", body)["calls"]
        return calls

    def write_to_page(self, **body: Any) -> None:
        """Let a person write to a page."""
        self._call("meta/inbound", {"platform": "meta", **body})

    def lose_answer(self, *, platform: str, path: str) -> None:
        """Break off before the next answer to a call, which is carried out all the same."""
        fault = {"kind": "reset", "commit": True, "method": "POST", "times": 1}
        self._call("faults", {**fault, "platform": platform, "path": path})

    def _call(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = self._client.post(f"/_sandbox/{name}", json=body)
        except httpx.HTTPError as error:
            raise SandboxControlError(
                f"The platform sandbox does not answer at {self.base_url}; start it with"
                " `python -m sandbox` or use `make demo`."
            ) from error
        if answer.status_code != httpx.codes.OK:
            raise SandboxControlError(f"The sandbox refused {name}: {answer.text[:300]}")
        told: dict[str, Any] = answer.json()
        return told
