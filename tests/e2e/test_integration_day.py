"""Whoever connects another system, by the keyboard alone: key, reference, call, webhook, replay."""

from __future__ import annotations

import json
import re
import time
from typing import Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect

from embedded.process import wait_until
from embedded.stack import Stack
from tests.e2e.conftest import LogIn
from tests.e2e.receiver import receiving
from tests.e2e.test_inbox import Hands
from workspaces.ids import uuid7
from workspaces.platforms.standard_webhooks import verify

pytestmark = pytest.mark.slow
NAME = "Web shop, orders"
TOLD = "conversion.recorded"
#: A document of a megabyte is made, read and drawn.
DRAWN_MS = 60_000
#: A job delivers every five seconds.
DELIVERED_S = 180


def test_an_integration_is_built_by_the_keyboard(stack: Stack, log_in: LogIn) -> None:
    page = log_in("ada")
    hands = Hands(page)
    key = make_key(page, hands)
    reads_the_reference(page, hands)
    assert call(stack, key, "whoami/")["scopes"] == ["events:write"]

    with receiving() as receiver:
        secret = add_endpoint(page, hands, receiver.url)
        order = f"order-{uuid7()}"
        made = call(stack, key, "conversions/track/", an_order(order))
        assert made["conversion_id"] == order

        is_used(page, hands)
        assert wait_until(lambda: len(receiver.calls) > 0, timeout_s=DELIVERED_S)
        ((headers, body),) = receiver.calls
        verify(secret=secret, received=headers, body=body, now_s=time.time())
        assert json.loads(body)["type"] == TOLD

        send_again(page, hands)
        event = headers["webhook-id"]
        assert wait_until(lambda: len(receiver.of(event)) == 2, timeout_s=DELIVERED_S)
        again, same = receiver.calls[1]
        assert same == body
        verify(secret=secret, received=again, body=same, now_s=time.time())
        is_logged(page, hands)


def make_key(page: Page, hands: Hands) -> str:
    """A key that may write events and nothing else; the text that is shown once."""
    page.goto("/admin/workspaces/apikey/")
    hands.tab_to(page.locator("a[href$='/apikey/add/']").first)
    hands.press("Enter")
    hands.tab_to(page.locator("#id_name"))
    hands.write(NAME)
    hands.tab_to(page.locator("input[name=scopes][value='events:write']"))
    hands.press("Space")
    return saved(page, hands)


def saved(page: Page, hands: Hands) -> str:
    """Save a form of the admin, and read the secret that follows."""
    hands.tab_to(page.locator("button[name=_save], input[name=_save]").first)
    hands.press("Enter")
    secret = page.locator("#secret").inner_text()
    hands.tab_to(page.get_by_role("link", name="I have copied it"))
    hands.press("Enter")
    expect(page.locator("#changelist")).to_be_visible()
    assert secret not in page.content()
    return secret


def reads_the_reference(page: Page, hands: Hands) -> None:
    """The page of the API names the call, and opens what it takes."""
    page.goto("/api/docs/")
    group = page.locator("#operations-tag-Attribution button.expand-operation")
    expect(group).to_be_visible(timeout=DRAWN_MS)
    hands.tab_to(group)
    hands.press("Enter")
    operation = page.locator("#operations-Attribution-conversions_track")
    expect(operation).to_be_visible(timeout=DRAWN_MS)
    hands.tab_to(operation.locator("button.opblock-summary-control"))
    hands.press("Enter")
    # The page follows every reference of the document before it shows one operation.
    expect(operation).to_contain_text("conversion_id", timeout=DRAWN_MS)


def add_endpoint(page: Page, hands: Hands, url: str) -> str:
    """An address that hears of conversions; its signing secret."""
    page.goto("/admin/workspaces/webhookendpoint/add/")
    hands.tab_to(page.locator("#id_url"))
    hands.write(url)
    hands.tab_to(page.locator(f"input[name=event_types][value='{TOLD}']"))
    hands.press("Space")
    return saved(page, hands)


def an_order(number: str) -> dict[str, Any]:
    return {"conversion_id": number, "type": "purchase", "value": "49.90",
            "currency": "USD", "consent": False}  # fmt: skip


def call(stack: Stack, key: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Call the API as the other system does."""
    request = Request(
        f"{stack.url}/api/{path}",
        data=json.dumps(body).encode() if body else None,
        headers={"Authorization": f"Api-Key {key}", "Content-Type": "application/json"},
    )
    with urlopen(request, timeout=120) as answer:
        found: dict[str, Any] = json.loads(answer.read())
        return found


def rows(page: Page, words: str) -> Any:
    return page.locator("#result_list tbody tr", has_text=words)


def is_used(page: Page, hands: Hands) -> None:
    """The list of keys says when each was used last."""
    page.goto("/admin/workspaces/apikey/")
    hands.press("/")
    hands.write(NAME)
    hands.press("Enter")
    page.wait_for_url(re.compile("q="))
    used = rows(page, NAME).locator(".field-last_used_at")
    expect(used.first).to_have_text(re.compile(r"\d\d:\d\d"))


def send_again(page: Page, hands: Hands) -> None:
    """The delivery log says how it went; what was delivered is sent once more."""
    page.goto("/admin/workspaces/webhookdelivery/")
    row = rows(page, TOLD).first
    expect(row).to_contain_text("204")
    hands.tab_to(row.locator("input.action-select"))
    hands.press("Space")
    act(page, hands, "Send selected again")
    expect(page.locator("body")).to_contain_text("They go out again within seconds.")


def act(page: Page, hands: Hands, action: str) -> None:
    """Choose an action for the rows that are marked, and run it."""
    choice = page.locator("select[name=action]")
    hands.tab_to(choice)
    hands.write(action)
    expect(choice.locator("option:checked")).to_have_text(action)
    hands.tab_to(page.locator("#changelist-form button[name=index], button[name=index]").first)
    hands.press("Enter")


def is_logged(page: Page, hands: Hands) -> None:
    """The endpoint's own page shows both tries of the one delivery."""
    page.goto("/admin/workspaces/webhookendpoint/")
    hands.tab_to(page.locator("#result_list tbody a").first)
    hands.press("Enter")
    expect(page.locator("body")).to_contain_text(TOLD)
