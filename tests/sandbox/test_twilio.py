"""Text messages: the official SDK, unmodified, then what it does not show."""

from __future__ import annotations

from datetime import UTC, date, datetime
from urllib.parse import parse_qs

import httpx
import jsonschema
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from tests.sandbox.conftest import NOON, Box

SID, TOKEN = "AC" + "0" * 32, "sandbox-twilio-token"
TEMPLATE, PROMOTION = "HX" + "1" * 32, "HX" + "2" * 32
TWILIO = {
    "platform": "twilio", "id": SID, "token": TOKEN,
    "services": {"MG1": "+15550001000"},
    "templates": {
        TEMPLATE: {"body": "Hello {{1}}, your order {{2}} is here.", "category": "utility"},
        PROMOTION: {"body": "Ten percent off", "category": "marketing"},
    },
}  # fmt: skip
OURS, MARA = "+15550001000", "+4915112345678"
URL = "https://countersign.example/api/webhooks/twilio/1?source=sms"
CALLBACK = "https://countersign.example/api/webhooks/twilio/1/status"
SURE = {"rules": [{"delivered": 1, "hard": 0, "soft": 0, "opened": 1}]}
TEXT, NULL_OR_TEXT = {"type": "string"}, {"type": ["string", "null"]}
STAMP = {"type": ["string", "null"], "pattern": r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000$"}
STATES = [
    *("accepted", "queued", "sending", "sent", "delivered"),
    *("undelivered", "failed", "read", "received"),
]
MESSAGE = {
    "type": "object",
    "additionalProperties": False,
    "required": [
        *("sid", "status", "to", "from", "body", "account_sid", "date_created", "num_segments"),
        *("num_media", "direction", "error_code", "uri"),
    ],
    "properties": {
        "sid": {"type": "string", "pattern": "^(SM|MM)[0-9a-f]{32}$"},
        "account_sid": {"type": "string", "pattern": "^AC[0-9a-f]{32}$"},
        "status": {"enum": STATES},
        "direction": {"enum": ["outbound-api", "inbound"]},
        "error_code": {"type": ["integer", "null"]},
        "num_segments": {"type": "string", "pattern": r"^\d+$"},
        "num_media": {"type": "string", "pattern": r"^\d+$"},
        "date_created": STAMP,
        "date_sent": STAMP,
        "date_updated": STAMP,
        "subresource_uris": {"type": "object"},
        **dict.fromkeys(("api_version", "body", "from", "to", "price_unit", "uri"), TEXT),
        **dict.fromkeys(("error_message", "messaging_service_sid", "price"), NULL_OR_TEXT),
    },
}


@pytest.fixture
def sdk(box: Box) -> Client:
    """The SDK, and a model in which everything arrives."""
    box.seed(TWILIO)
    box.control("messages/model", SURE)
    client = Client(SID, TOKEN)
    client.api.base_url = box.base_url
    return client


def post(box: Box, **form: str) -> httpx.Response:
    path = f"/2010-04-01/Accounts/{SID}/Messages.json"
    return box.http.post(path, data=form, auth=(SID, TOKEN))


def code_of(caught: pytest.ExceptionInfo[TwilioRestException]) -> tuple[int, int]:
    return caught.value.status, caught.value.code


def test_the_sdk_sends_and_reads_a_message(sdk: Client, box: Box) -> None:
    made = sdk.messages.create(to=MARA, from_=OURS, body="Hello", status_callback=CALLBACK)

    assert (made.status, made.direction, made.num_segments) == ("queued", "outbound-api", "1")
    assert made.date_created == datetime.fromisoformat(NOON)
    assert made.date_sent is None
    box.control("clock", {"advance_s": 60})
    assert sdk.messages(made.sid).fetch().status == "delivered"


def test_the_sdk_finds_a_message_whose_answer_was_lost(sdk: Client, box: Box) -> None:
    sdk.messages.create(to=MARA, from_=OURS, body="Other day")
    box.control("clock", {"advance_s": 86_400})
    sdk.messages.create(to="+4915100000000", from_=OURS, body="Other person")
    sdk.messages.create(to=MARA, from_=OURS, body="Ours [c-17]")

    day, moment = date(2026, 11, 22), datetime(2026, 11, 22, tzinfo=UTC)
    by_day = sdk.messages.list(to=MARA, date_sent=day)
    since = sdk.messages.list(to=MARA, date_sent_after=moment, limit=20)

    assert [found.body for found in by_day] == ["Ours [c-17]"]
    assert [found.body for found in since] == ["Ours [c-17]"]


def test_the_sdk_pages(sdk: Client) -> None:
    for number in range(5):
        sdk.messages.create(to=MARA, from_=OURS, body=str(number))

    found = sdk.messages.list(to=MARA, page_size=2)

    assert [message.body for message in found] == ["4", "3", "2", "1", "0"]


def test_a_service_chooses_its_number(sdk: Client) -> None:
    made = sdk.messages.create(to=MARA, messaging_service_sid="MG1", body="Hello")

    assert (made.status, made.from_) == ("accepted", OURS)


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"to": "12", "from_": OURS, "body": "x"}, 400, 21211),
        ({"to": MARA, "from_": "+1", "body": "x"}, 400, 21212),
        ({"to": MARA, "from_": OURS}, 400, 21602),
        ({"to": MARA, "body": "x"}, 400, 21603),
        ({"to": MARA, "from_": OURS, "body": "x" * 1601}, 400, 21617),
        ({"to": MARA, "from_": OURS, "content_sid": "HX0"}, 400, 21655),
        ({"to": MARA, "from_": OURS, "content_sid": TEMPLATE}, 400, 21656),
    ],
)
def test_refusals_have_their_codes(sdk: Client, form: dict, status: int, code: int) -> None:
    with pytest.raises(TwilioRestException) as caught:
        sdk.messages.create(**form)

    assert code_of(caught) == (status, code)
    assert sdk.messages.list() == []


def test_a_wrong_token_is_refused(sdk: Client, box: Box) -> None:
    stranger = Client(SID, "wrong")
    stranger.api.base_url = box.base_url

    with pytest.raises(TwilioRestException) as caught:
        stranger.messages.create(to=MARA, from_=OURS, body="x")

    assert code_of(caught) == (401, 20003)


def test_stop_blocks_a_number_until_start(sdk: Client, box: Box) -> None:
    person = {"account": SID, "from": MARA, "to": OURS}
    box.control("twilio/inbound", {**person, "body": " stop "})

    with pytest.raises(TwilioRestException) as caught:
        sdk.messages.create(to=MARA, from_=OURS, body="x")
    other = sdk.messages.create(to=MARA, from_="+15550002000", body="other number of ours")
    box.control("twilio/inbound", {**person, "body": "START"})
    again = sdk.messages.create(to=MARA, from_=OURS, body="x")

    assert code_of(caught) == (400, 21610)
    assert (other.status, again.status) == ("queued", "queued")


def test_a_sentence_with_stop_in_it_blocks_nothing(sdk: Client, box: Box) -> None:
    told = {"account": SID, "from": MARA, "to": OURS, "body": "please don't stop"}
    box.control("twilio/inbound", told)

    assert sdk.messages.create(to=MARA, from_=OURS, body="x").status == "queued"


def test_free_text_on_whatsapp_needs_an_open_window(sdk: Client, box: Box) -> None:
    ours, mara = f"whatsapp:{OURS}", f"whatsapp:{MARA}"
    closed = sdk.messages.create(to=mara, from_=ours, body="Hello")
    variables = '{"1": "Mara", "2": "77"}'
    by_template = sdk.messages.create(
        to=mara, from_=ours, content_sid=TEMPLATE, content_variables=variables
    )
    box.control("twilio/inbound", {"account": SID, "from": mara, "to": ours, "body": "Hi"})
    opened = sdk.messages.create(to=mara, from_=ours, body="Hello")

    box.control("clock", {"advance_s": 6 * 86_400})
    seen = [sdk.messages(made.sid).fetch() for made in (closed, by_template, opened)]
    assert [(one.status, one.error_code) for one in seen] == [
        ("failed", 63016),
        ("read", None),
        ("read", None),
    ]
    assert by_template.body == "Hello Mara, your order 77 is here."


def test_marketing_templates_do_not_reach_the_united_states(sdk: Client, box: Box) -> None:
    ours = f"whatsapp:{OURS}"
    made = sdk.messages.create(to="whatsapp:+15550100200", from_=ours, content_sid=PROMOTION)

    box.control("clock", {"advance_s": 60})
    assert sdk.messages(made.sid).fetch().error_code == 63049


def test_who_stopped_marketing_on_whatsapp_still_gets_the_rest(sdk: Client, box: Box) -> None:
    ours, mara = f"whatsapp:{OURS}", f"whatsapp:{MARA}"
    told = {"account": SID, "from": mara, "to": ours, "body": "no more offers", "opt_out": True}
    box.control("twilio/inbound", told)

    offer = sdk.messages.create(to=mara, from_=ours, content_sid=PROMOTION)
    answer = sdk.messages.create(to=mara, from_=ours, body="Of course")

    box.control("clock", {"advance_s": 60})
    assert sdk.messages(offer.sid).fetch().error_code == 63032
    assert sdk.messages(answer.sid).fetch().error_code is None


def test_the_model_says_who_is_not_reached(sdk: Client, box: Box) -> None:
    rule = {"recipient": r"^\+49", "hard": 1, "code": 30007}
    box.control("messages/model", {"rules": [rule]})
    made = sdk.messages.create(to=MARA, from_=OURS, body="x")

    box.control("clock", {"advance_s": 60})
    seen = sdk.messages(made.sid).fetch()
    assert (seen.status, seen.error_code) == ("undelivered", 30007)


def test_status_callbacks_are_signed_and_told_once(sdk: Client, box: Box) -> None:
    made = sdk.messages.create(to=MARA, from_=OURS, body="Hello", status_callback=CALLBACK)
    nothing_yet = box.control("twilio/deliver", {"account": SID})["calls"]
    calls = box.control("twilio/deliver", {"account": SID, "ahead_s": 60})["calls"]

    forms = [{name: values[0] for name, values in parse_qs(call["body"]).items()} for call in calls]
    assert nothing_yet == []
    assert [form["MessageStatus"] for form in forms] == ["sent", "delivered"]
    assert {form["MessageSid"] for form in forms} == {made.sid}
    validator = RequestValidator(TOKEN)
    for call, form in zip(calls, forms, strict=True):
        assert validator.validate(call["url"], form, call["headers"]["X-Twilio-Signature"])
    assert box.control("twilio/deliver", {"account": SID, "ahead_s": 60})["calls"] == []


def test_callbacks_can_be_repeated_reordered_and_forged(sdk: Client, box: Box) -> None:
    sdk.messages.create(to=MARA, from_=OURS, body="Hello", status_callback=CALLBACK)
    asked = {"account": SID, "ahead_s": 60, "keep": True}
    more = {"duplicates": 2, "order": "reversed", "signature": "wrong"}

    calls = box.control("twilio/deliver", {**asked, **more})["calls"]

    forms = [{name: values[0] for name, values in parse_qs(call["body"]).items()} for call in calls]
    states = ["delivered", "sent", "delivered", "sent"]
    assert [form["MessageStatus"] for form in forms] == states
    signature = calls[0]["headers"]["X-Twilio-Signature"]
    assert not RequestValidator(TOKEN).validate(CALLBACK, forms[0], signature)


def test_inbound_messages_are_signed(sdk: Client, box: Box) -> None:
    told = {
        "account": SID,
        "from": f"whatsapp:{MARA}",
        "to": f"whatsapp:{OURS}",
        "body": "Hi & bye",
    }

    (call,) = box.control("twilio/inbound", {**told, "url": URL})["calls"]

    form = {name: values[0] for name, values in parse_qs(call["body"]).items()}
    assert (form["Body"], form["WaId"]) == ("Hi & bye", MARA.removeprefix("+"))
    assert RequestValidator(TOKEN).validate(URL, form, call["headers"]["X-Twilio-Signature"])


def test_a_lost_answer_can_be_looked_up(sdk: Client, box: Box) -> None:
    box.control("faults", {"kind": "http_502_html", "platform": "twilio", "commit": True, "nth": 1})

    with pytest.raises(TwilioRestException):
        sdk.messages.create(to=MARA, from_=OURS, body="Hello")

    assert [found.body for found in sdk.messages.list(to=MARA)] == ["Hello"]


def test_too_many_requests_name_their_code(sdk: Client, box: Box) -> None:
    box.control("faults", {"kind": "twilio_code", "code": 20429, "retry_after_s": 2, "nth": 1})

    refused = post(box, To=MARA, From=OURS, Body="x")

    assert (refused.status_code, refused.json()["code"]) == (429, 20429)
    assert refused.headers["Retry-After"] == "2"
    assert sdk.messages.list() == []


def test_answers_have_the_documented_form(sdk: Client, box: Box) -> None:
    made = post(box, To=MARA, From=OURS, Body="x")
    page = box.http.get(f"/2010-04-01/Accounts/{SID}/Messages.json", auth=(SID, TOKEN)).json()

    assert made.status_code == 201
    jsonschema.validate(made.json(), MESSAGE)
    jsonschema.validate(page["messages"], {"type": "array", "minItems": 1, "items": MESSAGE})
    error = post(box, To="1", From=OURS, Body="x").json()
    assert set(error) == {"code", "message", "more_info", "status"}


SIZES = [
    ("x" * 160, "1"),
    ("x" * 161, "2"),
    ("x" * 159 + "€", "2"),
    ("ж" * 70, "1"),
    ("ж" * 71, "2"),
]


@pytest.mark.parametrize(("body", "parts"), SIZES, ids=["full", "two", "euro", "wide", "two-wide"])
def test_segments_are_counted_as_phones_do(sdk: Client, body: str, parts: str) -> None:
    assert sdk.messages.create(to=MARA, from_=OURS, body=body).num_segments == parts
