"""Steps of the whole loop, each as a person or a program outside takes it."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.request import Request, urlopen

from playwright.sync_api import Page, expect

from attribution.engine.web_drafts import made_id
from config.celery import app
from embedded.stack import Stack
from embedded.urls import celery_broker_url
from tests.attribution.website.wire import AGENT
from tests.e2e.conftest import picture, sandbox
from tests.e2e.rest import get, rows, run_job
from tests.e2e.test_main_job import effects, sign_here, wait_for

PORTAL, TOKEN, SECRET = "4711", "pat-portal-4711", "client-secret-4711"
GCLID, USER, VISITOR = (
    "Cj0KCQ-the-whole-loop",
    "loop-user-1",
    "5a3c1f52-8a53-4a6f-9f3e-2f9f7f8f2f10",
)
# Stock stages of HubSpot, which stand for lead → appointment → show-up without anybody's help.
STAGES = ("appointmentscheduled", "presentationscheduled")


def call_task(stack: Stack, name: str) -> None:
    """Give the workers a task before its hour, as ``celery -A config call`` does from a shell."""
    with app.connection(celery_broker_url(stack.redis_url)) as broker:
        app.send_task(name, connection=broker, ignore_result=True)


def pending(page: Page) -> list[dict[str, Any]]:
    return rows(page, "proposals/?status=pending")


def signed(page: Page, stack: Stack, proposal: dict[str, Any], shot: str) -> dict[str, Any]:
    """Sign a change in the browser, its checks in view; what it did on the platform."""
    entity = proposal["subject_key"].split(":")[3]
    page.goto(f"/approvals/{proposal['id']}/")
    checks = page.locator("#drawer section").filter(has=page.locator("ul.cs-verdict"))
    expect(checks.locator("li.cs-check-passed").first).to_be_visible()
    expect(checks.locator("li.cs-check-blocked")).to_have_count(0)
    before = len(effects(stack, entity))
    sign_here(page)
    wait_for(page, proposal["id"], "Executed")
    picture(page, shot)
    (made,) = effects(stack, entity)[before:]
    assert (made["source"], float(str(made["old"])), float(str(made["new"]))) == (
        "api", float(proposal["plan"]["body"]["before"]), float(proposal["plan"]["body"]["after"]),
    )  # fmt: skip
    return made


def measured(page: Page, stack: Stack, public_id: str) -> dict[str, Any]:
    """The effect of the change of ten days ago, once the workers have read the days since."""
    run_job(page, "actuals-sync")
    call_task(stack, "workspaces.measure_effects")
    for _ in range(120):
        found = get(page, f"proposals/{public_id}/")
        if found["realised"]:
            return dict(found)
        page.wait_for_timeout(500)
    raise AssertionError(found)


def visit(stack: Stack, page: Page, past: dict[str, str], ad: dict[str, Any]) -> None:
    """Somebody comes by an ad, agrees, says who he is and buys: a session, its click, an order."""
    at, origin = datetime.now(UTC) - timedelta(minutes=3), past["origin"]
    tags = f"utm_source=google&utm_medium=cpc&utm_content={ad['external_id']}&gclid={GCLID}"
    told = [
        {"type": "page_view", "url": f"{origin}/?{tags}"},
        {"type": "identify", "user_id": USER, "url": origin},
        {"type": "custom", "name": "purchase", "url": f"{origin}/thank-you",
         "properties": {"order_id": "loop-1", "value": 120, "currency": "USD"}},
    ]  # fmt: skip
    events = [
        {"id": made_id(at + timedelta(minutes=place), counter=place, text="loop"), **one}
        for place, one in enumerate(told)
    ]
    answer = page.request.post(
        f"{stack.url}/api/website/events?site={past['site']}",
        data={"consent": True, "visitor_id": VISITOR, "events": events},
        headers={"Origin": origin, "User-Agent": AGENT},
    )
    assert (answer.status, answer.json()["accepted"]) == (202, 3), answer.text()
    for _ in range(20):
        run_job(page, "website-sessions")
        if orders := [row for row in rows(page, "conversions/events/") if row["ad_id"]]:
            assert [row["ad_id"] for row in orders] == [ad["id"]]
            return
    raise AssertionError("the purchase never became a conversion of the ad")


def connect_crm(page: Page, stack: Stack) -> str:
    """Connect the portal as an admin does; the address that its webhooks go to."""
    portal = {"platform": "hubspot", "id": PORTAL, "token": TOKEN, "client_secret": SECRET}
    sandbox(stack, "seed", {"accounts": [portal]})
    page.goto("/connections/new/hubspot/")
    page.get_by_label("Name").fill("Deals")
    page.get_by_label(re.compile("address", re.IGNORECASE)).fill(stack.sandbox_url)
    page.get_by_label("Private-app token").fill(TOKEN)
    page.get_by_label("Portal id").fill(PORTAL)
    page.get_by_label("Client secret", exact=True).fill(SECRET)
    page.get_by_role("button", name="Save and test").click()
    expect(page.get_by_text(re.compile("/api/webhooks/hubspot/"))).to_be_visible()
    found = re.search(r"http://\S+/api/webhooks/hubspot/[0-9a-f-]{36}", page.content())
    assert found
    return found.group()


def move_the_deal(stack: Stack, address: str) -> None:
    """A contact that clicked, its deal through two stages, and webhooks in the worst order."""
    told = sandbox(
        stack, "hubspot/contact", {"portal": PORTAL, "properties": {"hs_google_click_id": GCLID}}
    )
    contact = told["id"]
    deal = ""
    for stage in STAGES:
        body = {"portal": PORTAL, "id": deal, "stage": stage, "contacts": [contact]}
        deal = str(sandbox(stack, "hubspot/deal", body)["id"])
    options = {"portal": PORTAL, "url": address, "send": True, "duplicates": 3, "order": "reversed"}
    assert set(sandbox(stack, "hubspot/deliver", options)["statuses"]) == {200}


def raise_of(page: Page, owner: dict[str, Any]) -> dict[str, Any]:
    """The proposal that the deal led to, once the workers have made it."""
    for _ in range(120):
        asked = [row for row in pending(page) if owner["external_id"] in row["subject_key"]]
        found = [row for row in asked if "A deal of" in row["reason"]]
        if found:
            assert asked == found
            return found[0]
        page.wait_for_timeout(500)
    raise AssertionError("no proposal came of the deal")


def write_back(stack: Stack, reach: dict[str, str], mail: dict[str, Any], text: str) -> None:
    """Ann answers a mail; her provider tells of it as it does, with the address's own password."""
    sender = {"Email": "ann@loop.example", "Name": "Ann"}
    told = {
        "FromFull": sender, "ToFull": [{"Email": "news@shop.example", "Name": ""}],
        "CcFull": [], "BccFull": [], "OriginalRecipient": "news@shop.example",
        "Subject": f"Re: {mail['subject']}", "MessageID": "loop-answer", "ReplyTo": "",
        "Date": datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S +0000"),
        "TextBody": text, "HtmlBody": "", "Attachments": [],
        "Headers": [{"Name": "Message-ID", "Value": "<loop-answer@loop.example>"}],
    }  # fmt: skip
    secret = base64.b64encode(reach["password"].encode()).decode()
    _send(
        f"{stack.url}/api/webhooks/email/{reach['connection']}/",
        told,
        {"Authorization": f"Basic {secret}"},
    )


def draft(stack: Stack, key: str, response: str, text: str) -> str:
    """An agent's program drafts an answer, which it cannot send; its proposal."""
    told = {"text": text, "reason": "They asked for the hours of the sauna."}
    answer = _send(
        f"{stack.url}/api/responses/{response}/drafts/", told, {"Authorization": f"Api-Key {key}"}
    )
    return str(answer["proposal"])


def _send(url: str, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
    asked = Request(
        url, data=json.dumps(body).encode(), headers={"Content-Type": "application/json", **headers}
    )
    with urlopen(asked, timeout=120) as answer:
        return dict(json.loads(answer.read() or b"{}"))


def mails(stack: Stack, address: str, words: str, page: Page) -> dict[str, Any]:
    """The one mail to an address with some words, once it is there."""
    for _ in range(120):
        messages = sandbox(stack, f"messages?platform=postmark&recipient={address}")["messages"]
        assert isinstance(messages, list)
        if found := [one for one in messages if words in one["text"]]:
            (mail,) = found
            return dict(mail)
        page.wait_for_timeout(500)
    raise AssertionError(f"no mail to {address} with {words!r}")


def arrived(page: Page, words: str) -> dict[str, Any]:
    """The message with some words in the inbox, once it was read."""
    for _ in range(120):
        found = get(page, "responses/inbox/")["results"]
        for one in found:
            if words in json.dumps(one):
                return dict(one)
        page.wait_for_timeout(500)
    raise AssertionError(f"nothing with {words!r} came in")
