"""What the sandbox tells is what the product verifies and takes apart."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from outreach.webhooks import EmailProvider
from tests.sandbox.conftest import NOON, Box
from tests.sandbox.test_mail import MARA, PROVIDERS, SURE, account, backend, letter, told
from tests.sandbox.test_meta_messaging import ACCOUNT, PAGE, Page
from tests.sandbox.test_twilio import OURS, SID, TOKEN, TWILIO
from tests.workspaces.inbound_calls import call
from workspaces.inbound.base import Call, Event, ForgedError, Provider
from workspaces.inbound.providers.meta import MetaProvider
from workspaces.inbound.providers.twilio import TwilioProvider

NOW, MARA_PHONE = datetime.fromisoformat(NOON), "+4915112345678"
pytestmark = pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning")


def calls_of(made: list[dict]) -> list[Call]:
    return [call(one["body"].encode(), one["headers"], url=one["url"]) for one in made]


def taken(
    provider: Provider, secret: dict[str, str], made: list[dict], now: datetime = NOW
) -> list[Event]:
    events: list[Event] = []
    for one in calls_of(made):
        provider.verify(one, secret, now=now)
        events += provider.split(one, secret).events
    return events


@pytest.fixture
def mail(box: Box, platform: str) -> dict[str, str]:
    """What our connection knows of an account to which a message was sent."""
    seeded = box.control("seed", {"accounts": [account(platform)]})["accounts"][0]
    box.control("messages/model", SURE)
    backend(box, platform).send_messages([letter(MARA)])
    secret = seeded.get("webhook_key") or seeded["webhook_secret"]
    return {"provider": platform, "webhook_secret": secret}


@pytest.mark.parametrize("platform", PROVIDERS)
def test_events_of_mail_are_taken(box: Box, platform: str, mail: dict[str, str]) -> None:
    events = taken(EmailProvider(), mail, told(box, platform))

    bodies = [json.loads(event.body) for event in events]
    assert {"opened", "clicked"} <= {body["type"] for body in bodies}
    assert {body["touch_id"] for body in bodies} == {"t-1"}
    assert len({event.dedup_key for event in events}) == len(events)


@pytest.mark.parametrize("platform", PROVIDERS)
def test_repeats_of_mail_have_the_same_key(box: Box, platform: str, mail: dict[str, str]) -> None:
    events = taken(EmailProvider(), mail, told(box, platform, duplicates=3, order="shuffled"))

    assert len({event.dedup_key for event in events}) == len(events) / 3


@pytest.mark.parametrize("platform", PROVIDERS)
def test_forged_calls_of_mail_are_refused(box: Box, platform: str, mail: dict[str, str]) -> None:
    (first, *_) = told(box, platform, signature="wrong")

    with pytest.raises(ForgedError):
        taken(EmailProvider(), mail, [first])


@pytest.mark.parametrize("platform", ["resend", "sendgrid"])
@pytest.mark.parametrize("age_s", [86_400, -86_400])
def test_calls_of_another_day_are_refused(
    box: Box, platform: str, mail: dict[str, str], age_s: int
) -> None:
    (first, *_) = told(box, platform, age_s=age_s)

    with pytest.raises(ForgedError):
        taken(EmailProvider(), mail, [first])
    assert taken(EmailProvider(), mail, [first], NOW - timedelta(seconds=age_s))


def test_texts_and_their_statuses_are_taken(box: Box) -> None:
    box.seed(TWILIO)
    url, secret = "https://countersign.example/api/webhooks/twilio/1?a=b", {"auth_token": TOKEN}
    form = {"To": MARA_PHONE, "From": OURS, "Body": "x", "StatusCallback": url}
    path = f"/2010-04-01/Accounts/{SID}/Messages.json"
    box.http.post(path, data=form, auth=(SID, TOKEN))
    asked = {"account": SID, "ahead_s": 60}
    written = {"account": SID, "from": MARA_PHONE, "to": OURS, "body": "Grüße", "url": url}

    statuses = box.control("twilio/deliver", {**asked, "duplicates": 2})["calls"]
    inbound = box.control("twilio/inbound", written)["calls"]
    forged = box.control("twilio/inbound", {**written, "signature": "wrong"})["calls"]

    events = taken(TwilioProvider(), secret, statuses)
    assert len({event.dedup_key for event in events}) == len(events) / 2
    assert len(taken(TwilioProvider(), secret, inbound)) == 1
    with pytest.raises(ForgedError):
        taken(TwilioProvider(), secret, forged)


def test_messages_of_a_page_are_taken(box: Box) -> None:
    box.seed(ACCOUNT)
    box.control("messages/model", {"rules": [{"delivered": 1, "hard": 0, "opened": 1}]})
    page, secret = Page(box), {"app_secret": "app secret"}
    page.hear(text="Grüße")
    page.hear(channel="instagram")
    page.send()

    events = taken(MetaProvider(), secret, page.told(keep=True, batch=100))
    forged = page.told(signature="wrong")

    kinds = [event.kind for event in events]
    assert kinds == ["page.messaging"] * 4 + ["instagram.messaging"]
    assert PAGE in events[0].body
    with pytest.raises(ForgedError):
        taken(MetaProvider(), secret, forged)
