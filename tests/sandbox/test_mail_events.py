"""Webhooks of the providers of e-mail, read and verified by anymail's own views."""

from __future__ import annotations

import pytest
from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.webhooks import brevo, mailgun, mandrill, postmark, resend, sendgrid
from django.test import RequestFactory

from tests.sandbox.conftest import Box
from tests.sandbox.test_mail import MARA, PROVIDERS, SURE, URL, account, backend, letter, told

VIEWS = {
    "brevo": brevo.BrevoTrackingWebhookView,
    "mailgun": mailgun.MailgunTrackingWebhookView,
    "mandrill": mandrill.MandrillTrackingWebhookView,
    "postmark": postmark.PostmarkTrackingWebhookView,
    "resend": resend.ResendTrackingWebhookView,
    "sendgrid": sendgrid.SendGridTrackingWebhookView,
}
ALL = {
    *("delivered", "opened", "clicked", "bounced", "complained", "unsubscribed"),
    "deferred",
}
EXPECTED = {
    "brevo": ALL | {"queued"},
    "mailgun": ALL,
    "mandrill": ALL - {"delivered"} | {"sent"},
    "postmark": ALL,
    "resend": ALL - {"unsubscribed"} | {"sent"},
    "sendgrid": ALL | {"queued"},
}
#: Resend signs as Svix does, whose library is not here: tests/sandbox/test_mail.py does it by hand.
SIGNED = [platform for platform in PROVIDERS if platform != "resend"]
pytestmark = [
    pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning"),
    pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailInsecureWebhookWarning"),
]


def view_of(platform: str, seeded: dict):  # the type is the provider's own
    secret = seeded["webhook_secret"]
    keys = {
        "mailgun": {"webhook_signing_key": secret},
        "mandrill": {"webhook_key": secret, "webhook_url": URL},
        "sendgrid": {"tracking_webhook_verification_key": seeded.get("webhook_key")},
        "resend": {"signing_secret": None},
    }
    view = VIEWS[platform]
    given = keys.get(platform, {"webhook_secret": secret})
    if platform in ("sendgrid", "resend"):
        view.as_view(**given)  # which allows the setting
    return view(**given)


def received(platform: str, seeded: dict, calls: list[dict]) -> list:
    """Pass calls to anymail; its events."""
    events = []
    for call in calls:
        headers = {
            f"HTTP_{name.upper().replace('-', '_')}": value
            for name, value in call["headers"].items()
            if name != "Content-Type"
        }
        kind = call["headers"]["Content-Type"]
        request = RequestFactory(SERVER_NAME="countersign.example").post(
            call["url"].removeprefix("https://countersign.example"), call["body"], kind,
            secure=True, **headers,
        )  # fmt: skip
        view = view_of(platform, seeded)
        view.run_validators(request)
        events += view.parse_events(request)
    return events


@pytest.fixture
def seeded(box: Box, platform: str) -> dict:
    """A message to which everything happens."""
    seeded = box.control("seed", {"accounts": [account(platform)]})["accounts"][0]
    box.control("messages/model", SURE)
    backend(box, platform).send_messages([letter(MARA)])
    of_it = {"platform": platform, "account": "m1", "recipient": MARA}
    for kind in ("deferred", "hard", "soft", "complained", "unsubscribed"):
        box.control("messages/event", {**of_it, "kind": kind, "after_s": 864_000 - 1})
    return seeded


@pytest.mark.parametrize("platform", PROVIDERS)
def test_anymail_understands_every_event(box: Box, platform: str, seeded: dict) -> None:
    events = received(platform, seeded, told(box, platform))

    assert {event.event_type for event in events} == EXPECTED[platform]
    assert {event.recipient for event in events} == {MARA}
    assert {event.metadata["touch_id"] for event in events} == {"t-1"}
    (link,) = {event.click_url for event in events if event.event_type == "clicked"}
    assert link == "https://shop.example/spring"


@pytest.mark.parametrize("platform", SIGNED)
def test_anymail_refuses_a_forged_call(box: Box, platform: str, seeded: dict) -> None:
    calls = told(box, platform, signature="wrong")

    with pytest.raises(AnymailWebhookValidationFailure):
        received(platform, seeded, calls)


@pytest.mark.parametrize("platform", PROVIDERS)
def test_events_are_repeated_and_reordered_on_request(
    box: Box, platform: str, seeded: dict
) -> None:
    kept = received(platform, seeded, told(box, platform, keep=True))
    twice = received(platform, seeded, told(box, platform, duplicates=2, order="reversed"))

    assert len(twice) == 2 * len(kept)
    assert twice[0].event_type == kept[-1].event_type
    assert told(box, platform) == []


@pytest.mark.parametrize("platform", ["sendgrid", "mailgun"])
def test_old_signatures_are_old(box: Box, platform: str, seeded: dict) -> None:
    young = told(box, platform, keep=True)[0]
    old = told(box, platform, age_s=86_400)[0]

    stamps = [
        int(call["headers"].get("X-Twilio-Email-Event-Webhook-Timestamp") or _stamp(call))
        for call in (young, old)
    ]
    assert stamps[0] - stamps[1] == 86_400


def _stamp(call: dict) -> str:
    return call["body"].partition('"timestamp":"')[2].partition('"')[0]
