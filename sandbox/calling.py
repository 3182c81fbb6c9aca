"""Webhooks that go out by themselves, as those of the platforms do."""

from __future__ import annotations

import json
import threading

from sandbox.app import Application
from sandbox.web import JsonObject, Request, as_list


class Caller(threading.Thread):
    """Tells what happened every few seconds, until it is stopped.

    What a receiver does not take with a 2xx is told again the next time. Twilio needs no address:
    each of its messages brings one. While the clock stands, nothing is told: somebody arranges
    the past.
    """

    def __init__(self, application: Application, every_s: float) -> None:
        super().__init__(daemon=True)
        self._application, self._every_s = application, every_s
        self._stopped = threading.Event()

    def run(self) -> None:
        """Look again and again."""
        while not self._stopped.wait(self._every_s):
            self.look()

    def look(self) -> None:
        """Tell what happened up to now."""
        for name, place in self._places():
            self._tell(name, place)

    def stop(self) -> None:
        """Return when nothing more is told."""
        self._stopped.set()
        self.join()

    def _places(self) -> list[tuple[str, JsonObject]]:
        store = self._application.store
        with store.transaction():
            if store.is_frozen:
                return []
            phones = store.query("SELECT id FROM account WHERE platform = 'twilio'")
            known = store.query("SELECT * FROM webhook")
        return [
            *(("twilio", {"account": row["id"]}) for row in phones),
            *(
                (
                    "meta" if row["platform"] == "meta" else "mail",
                    {"platform": row["platform"], "account": row["account_id"], "url": row["url"]},
                )
                for row in known
            ),
        ]

    def _tell(self, name: str, place: JsonObject) -> None:
        """Tell it first, and only then take it off the list."""
        upto = {**place, "until": self._now()}
        told = self._ask(name, {**upto, "send": True, "keep": True})
        if all(200 <= int(str(status)) < 300 for status in as_list(told.get("statuses", []))):
            self._ask(name, upto)

    def _now(self) -> float:
        with self._application.store.lock:
            return self._application.store.now()

    def _ask(self, name: str, body: JsonObject) -> JsonObject:
        request = Request.build("POST", f"/_sandbox/{name}/deliver", {}, json.dumps(body).encode())
        answer: JsonObject = json.loads(self._application.handle(request).answer.body)
        return answer
