"""Where the webhooks of accounts go, as one enters it on a platform's own pages."""

from __future__ import annotations

from collections.abc import Callable

from sandbox import messages
from sandbox.mail.control import TELLERS
from sandbox.store import Store
from sandbox.traffic import Traffic
from sandbox.web import JsonObject, Request

#: Platforms whose events go to an address that their account names.
CALLED = (*TELLERS, "meta")


def _register(store: Store, traffic: Traffic, request: Request) -> JsonObject:
    """`{"platform", "account", "url"}`: where the account's webhooks go; no url: nowhere."""
    body = request.json()
    account, url = messages.account_of(store, body, *CALLED), str(body.get("url", ""))
    store.execute(
        "DELETE FROM webhook WHERE platform = ? AND account_id = ?", account.platform, account.id
    )
    if url:
        store.execute("INSERT INTO webhook VALUES (?, ?, ?)", account.platform, account.id, url)
    return {"platform": account.platform, "account": account.id, "url": url}


ACTIONS: dict[tuple[str, str], Callable[[Store, Traffic, Request], JsonObject]] = {
    ("POST", "webhooks"): _register,
}
