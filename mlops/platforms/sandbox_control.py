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

    def seed_accounts(self, accounts: list[dict[str, Any]]) -> None:
        """Fill in plain accounts, unless they are there already."""
        self._call("seed", {"accounts": accounts, "skip_present": True})

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

    def _call(self, name: str, body: dict[str, Any]) -> None:
        try:
            answer = self._client.post(f"/_sandbox/{name}", json=body)
        except httpx.HTTPError as error:
            raise SandboxControlError(
                f"The platform sandbox does not answer at {self.base_url}; start it with"
                " `python -m sandbox` or use `make demo`."
            ) from error
        if answer.status_code != httpx.codes.OK:
            raise SandboxControlError(f"The sandbox refused {name}: {answer.text[:300]}")
