"""A campaign from its first word to the mailbox, as its people see it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from embedded.stack import Stack
from tests.e2e.beside import fill, processes
from tests.e2e.conftest import PTD, REAL, LogIn, picture, sandbox
from tests.e2e.test_main_job import sign_here, wait_for


@pytest.fixture(scope="module")
def sending(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Two people of whom one agreed, a text, a provider, and the worker that sends."""
    fill(stack, "tests.e2e.outreach_rows")
    with processes(stack, ["worker-outreach"], tmp_path_factory.mktemp("sending")):
        yield


def go_on(page: Page, step: str) -> None:
    page.get_by_role("button", name="Save and go on").click()
    page.wait_for_url(re.compile(f"/edit/{step}/"))


def build(page: Page) -> None:
    """Write the campaign, step by step."""
    page.goto("/outreach/campaigns/new/")
    page.get_by_label("Name").fill("Summer")
    go_on(page, "audience")
    page.get_by_label("Audience").select_option(label="Journey's people")
    expect(page.locator("#audience-look")).to_contain_text("2 people now")
    go_on(page, "channels")
    go_on(page, "texts")
    page.locator("#step-1-text-email").select_option(label="Summer plans")
    go_on(page, "limits")
    page.get_by_label(re.compile("To each at the hour")).uncheck()
    go_on(page, "review")


def mails(stack: Stack, address: str) -> list[dict[str, Any]]:
    """What an address got."""
    found = sandbox(stack, f"messages?platform=resend&recipient={address}")["messages"]
    assert isinstance(found, list)
    return found


@pytest.mark.usefixtures("sending")
def test_a_campaign_is_written_planned_signed_and_arrives(stack: Stack, log_in: LogIn) -> None:
    ada, amir = log_in("ada", REAL), log_in("amir", REAL)

    build(ada)
    ada.get_by_role("button", name="Plan the send").click()
    expect(ada.get_by_role("heading", name=re.compile("1 get it, 1 do not"))).to_be_visible()
    expect(ada.locator("main")).to_contain_text("Did not agree: 1")
    picture(ada, "outreach-1-plan")
    address = ada.url
    ada.get_by_role("button", name="Send for signature").click()
    ada.wait_for_url(re.compile("/approvals/"))
    public_id = re.findall(r"/approvals/([0-9a-f-]{36})", ada.url)[0]
    assert mails(stack, "ann@journey.example") == []

    amir.goto(f"/approvals/{public_id}/")
    sign_here(amir)
    wait_for(amir, public_id, "Executed")
    mail = arrived(stack, amir)
    assert mails(stack, "bob@journey.example") == []

    see(ada, address.split("edit/")[0], "Delivered", "1")
    expect(ada.get_by_role("heading", name=re.compile("What became of it"))).to_be_visible()
    picture(ada, "outreach-2-report")
    ada.goto("/outreach/messages/?q=ann@journey")
    ada.locator("main tbody a.cs-subject").first.click()
    expect(ada.locator("main")).to_contain_text("Given on")
    picture(ada, "outreach-3-proof")
    leave(log_in(""), mail)
    ada.goto("/outreach/suppressions/?q=ann@journey")
    expect(ada.locator("main tbody")).to_contain_text("ann@journey.example")


def arrived(stack: Stack, page: Page) -> dict[str, Any]:
    """The one mail that Ann got, once it is there."""
    for _ in range(60):
        if found := mails(stack, "ann@journey.example"):
            break
        page.wait_for_timeout(500)
    (mail,) = found
    return mail


def see(page: Page, address: str, stage: str, count: str) -> None:
    """Reload the report until a stage has its count: providers tell in their own time."""
    row = page.locator("main tr").filter(has_text=stage).first
    for _ in range(60):
        page.goto(address)
        if count in row.locator("td").all_inner_texts():
            return
        page.wait_for_timeout(500)
    raise AssertionError(page.locator("main").inner_text())


def leave(page: Page, mail: dict[str, Any]) -> None:
    """Ann follows the mail's own link; looking alone ends nothing."""
    page.goto(re.findall(r"http://\S+/o/u/\S+", mail["text"])[0])
    page.get_by_role("button", name="Unsubscribe").click()
    expect(page.get_by_role("status")).to_contain_text("gets no more marketing")
    picture(page, "outreach-4-left")


def test_a_template_is_written_looked_at_and_put_to_use(log_in: LogIn) -> None:
    olga = log_in("olga", PTD)
    olga.goto("/outreach/texts/")
    olga.get_by_role("link", name="New template").click()
    olga.get_by_label("Name").fill("Journey's words")
    olga.get_by_label("Channel").select_option(label="E-mail")
    olga.get_by_role("button", name="Go on").click()
    look = olga.locator(".cs-preview")
    olga.get_by_label("Subject", exact=True).fill("Hello {{ first_nam }}")
    olga.get_by_label(re.compile("Text part; empty")).fill(
        "{{ postal_address }} {{ unsubscribe_url }}"
    )
    expect(look).to_contain_text("first_nam")
    expect(look).to_contain_text("did you mean 'first_name'?")
    olga.get_by_label("Subject", exact=True).fill("Hello {{ first_name }}")
    expect(look).to_contain_text("Hello Ann")
    picture(olga, "template-1-looks")
    olga.get_by_role("button", name="Save and use").click()
    expect(olga.locator("main")).to_contain_text("Version 1 is in use")

    olga.goto("/outreach/texts/?q=Journey")
    expect(olga.locator(".cs-cards")).to_contain_text("Hello {{ first_name }}")
    picture(olga, "template-2-gallery")


def test_a_funnels_answer_is_signed_and_stands_below_the_comment(log_in: LogIn) -> None:
    """A funnel is made and switched on; of another one an answer that waits is signed."""
    olga, amir = log_in("olga", PTD), log_in("amir", PTD)
    olga.goto("/social/?tab=funnels")
    olga.get_by_role("link", name="New funnel").click()
    olga.get_by_label("Name", exact=True).fill("Journey's funnel")
    olga.get_by_label("Keywords, one a line").fill("how much")
    olga.get_by_label(re.compile("^Public reply")).fill("We wrote to you, {name}.")
    olga.get_by_role("button", name="Make the funnel").click()
    olga.get_by_role("button", name="Switch on").click()
    expect(olga.locator("main")).to_contain_text("On since")

    amir.goto("/approvals/?q=Answer")
    row = amir.locator("tr.cs-row").filter(has_text="funnel Says something").first
    row.locator("a[data-open]").click()
    amir.wait_for_url(re.compile("open="))
    public_id = amir.url.split("open=")[1].split("&")[0]
    expect(amir.locator("#drawer")).to_contain_text("Write to us, and we find you a coach.")
    picture(amir, "social-1-answer")
    sign_here(amir)
    wait_for(amir, public_id, "Executed")
    olga.goto("/social/?tab=funnels")
    said = olga.locator("main tr").filter(has_text="Says something")
    expect(said.locator("td[data-label=Answered]")).to_have_text("1")
    picture(olga, "social-2-funnels")
