"""The providers of e-mail: anymail's backends, unmodified, then what they do not show."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from contextlib import suppress

import httpx
import jsonschema
import pytest
from anymail.backends import brevo, mailgun, mandrill, postmark, resend, sendgrid
from anymail.exceptions import AnymailRecipientsRefused, AnymailRequestsAPIError
from anymail.message import AnymailMessage

from tests.sandbox.conftest import Box

MARA, NOOR, GONE = "mara@example.com", "noor@example.org", "gone@bounce.example"
URL = "https://countersign.example/api/webhooks/mail/1"
SURE = {"rules": [{"delivered": 1, "hard": 0, "soft": 0, "deferred": 0, "opened": 1, "clicked": 1}]}


def account(platform: str) -> dict:
    return {"platform": platform, "id": "m1", "token": f"key-{platform}"}


def letter(*to: str, **more: object) -> AnymailMessage:
    message = AnymailMessage(
        "Spring", "Hello", "Us <us@shop.example>", list(to), metadata={"touch_id": "t-1"},
        headers={
            "List-Unsubscribe": "<https://shop.example/u/1>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        **more,
    )  # fmt: skip
    message.attach_alternative('<a href="https://shop.example/spring">Look</a>', "text/html")
    return message


def batch(**more: object) -> AnymailMessage:
    return letter(
        MARA, NOOR, merge_data={},
        merge_metadata={MARA: {"touch_id": "t-m"}, NOOR: {"touch_id": "t-n"}},
        merge_headers={
            MARA: {"List-Unsubscribe": "<https://shop.example/u/m>"},
            NOOR: {"List-Unsubscribe": "<https://shop.example/u/n>"},
        },
        **more,
    )  # fmt: skip


BACKENDS = {
    "brevo": (brevo, "/v3/"),
    "mailgun": (mailgun, "/v3"),
    "mandrill": (mandrill, "/api/1.0"),
    "postmark": (postmark, "/"),
    "resend": (resend, "/"),
    "sendgrid": (sendgrid, "/v3/"),
}


def backend(box: Box, platform: str):  # the type is the provider's own
    module, path = BACKENDS[platform]
    name = "server_token" if platform == "postmark" else "api_key"
    key = {name: f"key-{platform}"}
    return module.EmailBackend(api_url=f"{box.base_url}{path}", **key)


PROVIDERS = list(BACKENDS)
#: Mandrill has no headers of their own for the recipients of a batch, and anymail knows it.
WITH_OWN_HEADERS = [platform for platform in PROVIDERS if platform != "mandrill"]
pytestmark = pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning")


def kept(box: Box) -> list[dict]:
    return box.get("messages")["messages"]


@pytest.mark.parametrize("platform", PROVIDERS)
def test_anymail_sends_one_letter(box: Box, platform: str) -> None:
    box.seed(account(platform))
    message = letter(MARA)

    assert backend(box, platform).send_messages([message]) == 1

    (stored,) = kept(box)
    assert (stored["recipient"], stored["sender"]) == (MARA, "us@shop.example")
    assert (stored["subject"], stored["text"]) == ("Spring", "Hello")
    assert "shop.example/spring" in stored["html"]
    assert stored["metadata"]["touch_id"] == "t-1"
    assert stored["headers"]["List-Unsubscribe"] == "<https://shop.example/u/1>"
    assert stored["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message.anymail_status.status <= {"sent", "queued"}


@pytest.mark.parametrize("platform", WITH_OWN_HEADERS)
def test_anymail_sends_a_batch_of_private_letters(box: Box, platform: str) -> None:
    box.seed(account(platform))
    message = batch()

    backend(box, platform).send_messages([message])

    stored = {row["recipient"]: row for row in kept(box)}
    assert {one: row["metadata"]["touch_id"] for one, row in stored.items()} == {
        MARA: "t-m",
        NOOR: "t-n",
    }
    ends = {one: row["headers"]["List-Unsubscribe"][-3:] for one, row in stored.items()}
    assert ends == {MARA: "/m>", NOOR: "/n>"}
    told = message.anymail_status.recipients
    # SendGrid answers without ids: anymail makes one, which travels with the message.
    ids = {one: row["metadata"].get("anymail_id", row["id"]) for one, row in stored.items()}
    assert {one: told[one].message_id for one in told} == ids


@pytest.mark.parametrize("platform", PROVIDERS)
def test_anymail_reads_a_lost_connection_as_an_error(box: Box, platform: str) -> None:
    box.seed(account(platform))
    box.control("faults", {"kind": "reset", "platform": platform, "commit": True, "nth": 1})

    with pytest.raises(AnymailRequestsAPIError):
        backend(box, platform).send_messages([letter(MARA)])

    assert [row["recipient"] for row in kept(box)] == [MARA]


@pytest.mark.parametrize("platform", PROVIDERS)
def test_anymail_is_refused_with_a_wrong_key(box: Box, platform: str) -> None:
    with pytest.raises(AnymailRequestsAPIError) as caught:
        backend(box, platform).send_messages([letter(MARA)])

    assert caught.value.status_code in (401, 403)
    assert "key-" not in json.dumps(box.get("calls"))
    assert kept(box) == []


# Postmark


def test_postmark_refuses_addresses_that_bounced(box: Box) -> None:
    box.seed(account("postmark"))
    closed = {"platform": "postmark", "account": "m1", "recipient": GONE, "kind": "hard"}
    box.control("messages/event", closed)
    mixed = letter(MARA, GONE)

    backend(box, "postmark").send_messages([mixed])
    with pytest.raises(AnymailRecipientsRefused):
        backend(box, "postmark").send_messages([letter(GONE)])

    told = mixed.anymail_status.recipients
    assert {one: told[one].status for one in told} == {MARA: "sent", GONE: "rejected"}
    assert [row["recipient"] for row in kept(box)] == [MARA]


def test_postmark_answers_each_of_a_batch(box: Box) -> None:
    box.seed(account("postmark"))
    box.control("faults", {"kind": "mail_partial", "platform": "postmark", "index": 1})
    items = [{"From": "us@shop.example", "To": to, "TextBody": "x"} for to in (MARA, NOOR, "x")]
    headers = {"X-Postmark-Server-Token": "key-postmark"}

    answers = box.http.post("/email/batch", json=items, headers=headers).json()

    assert [one["ErrorCode"] for one in answers] == [0, 300, 300]
    assert set(answers[0]) == {"To", "SubmittedAt", "MessageID", "ErrorCode", "Message"}
    assert [row["recipient"] for row in kept(box)] == [MARA]


def test_postmark_finds_a_message_whose_answer_was_lost(box: Box) -> None:
    box.seed(account("postmark"))
    box.control("faults", {"kind": "http_500", "platform": "postmark", "commit": True, "nth": 1})
    with pytest.raises(AnymailRequestsAPIError):
        backend(box, "postmark").send_messages([letter(MARA)])

    query = {"count": 5, "offset": 0, "recipient": MARA, "metadata_touch_id": "t-1"}
    headers = {"X-Postmark-Server-Token": "key-postmark"}
    found = box.http.get("/messages/outbound", params=query, headers=headers).json()
    other = query | {"metadata_touch_id": "t-2"}
    none = box.http.get("/messages/outbound", params=other, headers=headers).json()

    assert (found["TotalCount"], none["TotalCount"]) == (1, 0)
    assert found["Messages"][0]["MessageID"] == kept(box)[0]["id"]


# Others


def test_mandrill_answers_each_recipient(box: Box) -> None:
    box.seed(account("mandrill"))
    closed = {"platform": "mandrill", "account": "m1", "recipient": GONE, "kind": "complained"}
    box.control("messages/event", closed)
    message = letter(MARA, GONE)

    backend(box, "mandrill").send_messages([message])

    told = message.anymail_status.recipients
    assert {one: told[one].status for one in told} == {MARA: "sent", GONE: "rejected"}
    assert [row["recipient"] for row in kept(box)] == [MARA]


def test_mailgun_takes_files_beside_the_fields(box: Box) -> None:
    box.seed(account("mailgun"))
    message = letter(MARA)
    message.attach("plan.txt", "week one", "text/plain")

    backend(box, "mailgun").send_messages([message])

    (stored,) = kept(box)
    assert (stored["attachments"], stored["subject"]) == (["plan.txt"], "Spring")


def test_mailgun_knows_its_domains(box: Box) -> None:
    box.seed(account("mailgun") | {"domains": ["mg.example"]})

    with pytest.raises(AnymailRequestsAPIError, match="Unknown sender domain"):
        backend(box, "mailgun").send_messages([letter(MARA)])


TEXT = {"type": "string"}
UUID = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
ANSWERS = {
    "postmark": ("/email", {"From": "us@shop.example", "To": MARA, "TextBody": "x"}, {
        "To": TEXT, "SubmittedAt": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT.*Z$"},
        "MessageID": UUID, "ErrorCode": {"const": 0}, "Message": {"const": "OK"},
    }),
    "resend": ("/emails", {"from": "us@shop.example", "to": MARA, "text": "x"}, {"id": UUID}),
    "brevo": (
        "/v3/smtp/email",
        {"sender": {"email": "us@shop.example"}, "to": [{"email": MARA}], "textContent": "x"},
        {"messageId": {"type": "string", "pattern": r"^<\d{12}\.[0-9a-f]+@smtp-relay"}},
    ),
}  # fmt: skip


@pytest.mark.parametrize("platform", ANSWERS)
def test_answers_have_the_documented_form(box: Box, platform: str) -> None:
    box.seed(account(platform))
    path, body, properties = ANSWERS[platform]
    key = f"key-{platform}"
    headers = {"X-Postmark-Server-Token": key, "Authorization": f"Bearer {key}", "api-key": key}

    answer = box.http.post(path, json=body, headers=headers)

    assert answer.status_code == (201 if platform == "brevo" else 200)
    schema = {"type": "object", "required": list(properties), "properties": properties}
    jsonschema.validate(answer.json(), schema | {"additionalProperties": False})


def test_sendgrid_answers_with_nothing(box: Box) -> None:
    box.seed(account("sendgrid"))
    to = [{"to": [{"email": MARA}]}]
    content = [{"type": "text/plain", "value": "x"}]
    body = {"personalizations": to, "from": {"email": "us@shop.example"}, "content": content}
    headers = {"Authorization": "Bearer key-sendgrid"}

    answer = box.http.post("/v3/mail/send", json=body, headers=headers)
    refused = box.http.post("/v3/mail/send", json=body | {"content": []}, headers=headers)

    assert (answer.status_code, answer.content) == (202, b"")
    assert set(refused.json()["errors"][0]) == {"message", "field", "help"}


LOOKED_UP = {
    "mailgun": ("/v3/shop.example/events", {"recipient": MARA, "event": "accepted"}, "items"),
    "brevo": ("/v3/smtp/emails", {"email": MARA}, "transactionalEmails"),
}


@pytest.mark.parametrize("platform", LOOKED_UP)
def test_a_message_is_found_whose_answer_was_lost(box: Box, platform: str) -> None:
    box.seed(account(platform))
    box.control("faults", {"kind": "http_500", "platform": platform, "commit": True, "nth": 1})
    for to in (MARA, NOOR):
        with suppress(AnymailRequestsAPIError):
            backend(box, platform).send_messages([letter(to)])
    path, query, field = LOOKED_UP[platform]
    headers, auth = {"api-key": "key-brevo"}, ("api", "key-mailgun")

    found = box.http.get(path, params=query, headers=headers, auth=auth).json()[field]

    mailgun_id = {"mailgun": lambda row: f"<{row['message']['headers']['message-id']}>"}
    read = mailgun_id.get(platform, lambda row: row["messageId"])
    assert [read(row) for row in found] == [kept(box)[0]["id"]]


# Resend


def send(box: Box, key: str, **body: object) -> httpx.Response:
    asked = {"from": "us@shop.example", "to": [MARA], "subject": "Hi", "text": "x", **body}
    headers = {"Authorization": "Bearer key-resend", "Idempotency-Key": key}
    return box.http.post("/emails", json=asked, headers=headers)


def test_resend_sends_once_for_each_key(box: Box) -> None:
    box.seed(account("resend"))

    first, again, other = send(box, "a"), send(box, "a"), send(box, "b")
    clash = send(box, "a", subject="Something else")

    assert first.json() == again.json() != other.json()
    assert (clash.status_code, clash.json()["name"]) == (409, "invalid_idempotent_request")
    assert len(kept(box)) == 2
    box.control("clock", {"advance_s": 86_401})
    assert send(box, "a").json() != first.json()


def test_resend_remembers_a_key_whose_answer_was_lost(box: Box) -> None:
    box.seed(account("resend"))
    box.control("faults", {"kind": "http_502_html", "platform": "resend", "commit": True, "nth": 1})

    lost, again = send(box, "a"), send(box, "a")

    assert lost.status_code == 502
    assert again.json()["id"] == kept(box)[0]["id"]
    assert len(kept(box)) == 1


def test_resend_sends_nothing_of_a_batch_with_one_wrong(box: Box) -> None:
    box.seed(account("resend"))
    good = {"from": "us@shop.example", "to": MARA, "subject": "Hi", "text": "x"}
    headers = {"Authorization": "Bearer key-resend"}

    answer = box.http.post("/emails/batch", json=[good, good | {"to": "x"}], headers=headers)

    assert (answer.status_code, answer.json()["name"]) == (422, "validation_error")
    assert kept(box) == []


def test_the_log_of_calls_says_what_was_taken(box: Box) -> None:
    box.seed(account("resend"))
    box.control("faults", {"kind": "http_500", "platform": "resend", "nth": 2})

    send(box, "a")
    send(box, "b", text='the "key" of it')

    calls = box.get("calls")["calls"]
    assert [(call["status"], call["committed"]) for call in calls] == [(200, 1), (200, 0)]
    assert "the \\" in calls[1]["params"]


# What happens afterwards


def told(box: Box, platform: str, **more: object) -> list[dict]:
    asked = {"platform": platform, "account": "m1", "url": URL, "ahead_s": 10 * 86_400, **more}
    return box.control("mail/deliver", asked)["calls"]


def test_events_wait_for_their_time_and_are_told_once(box: Box) -> None:
    box.seed(account("postmark"))
    box.control("messages/model", SURE)
    backend(box, "postmark").send_messages([letter(MARA)])

    assert told(box, "postmark", ahead_s=0) == []
    calls = told(box, "postmark")
    bodies = [json.loads(call["body"]) for call in calls]
    assert [body["RecordType"] for body in bodies] == ["Delivery", "Open", "Click"]
    assert {body["Metadata"]["touch_id"] for body in bodies} == {"t-1"}
    assert bodies[2]["OriginalLink"] == "https://shop.example/spring"
    assert told(box, "postmark") == []


def test_the_model_is_the_same_in_every_run(box: Box) -> None:
    fates = []
    for _ in range(2):
        box.control("reset")
        box.seed(account("resend"))
        for number in range(30):
            send(box, f"k{number}", to=[f"p{number}@example.com"])
        fates.append([[one["kind"] for one in row["events"]] for row in kept(box)])

    assert fates[0] == fates[1]
    assert ["sent", "delivered"] in fates[0]


def test_a_rule_of_the_model_bounces_a_domain(box: Box) -> None:
    seeded = box.control("seed", {"accounts": [account("resend")]})["accounts"][0]
    box.control(
        "messages/model", {"rules": [{"recipient": "@bounce\\.", "hard": 1}, *SURE["rules"]]}
    )
    send(box, "a", to=[GONE])
    send(box, "b")

    calls = told(box, "resend")

    kinds = [json.loads(call["body"])["type"] for call in calls]
    assert kinds.count("email.bounced") == 1
    assert kinds.count("email.clicked") == 1
    key = base64.b64decode(seeded["webhook_secret"].removeprefix("whsec_"))
    for call in calls:
        headers = call["headers"]
        signed = f"{headers['svix-id']}.{headers['svix-timestamp']}.{call['body']}"
        mac = hmac.new(key, signed.encode(), hashlib.sha256).digest()
        assert headers["svix-signature"] == f"v1,{base64.b64encode(mac).decode()}"
    box.control("clock", {"advance_s": 60})
    send(box, "c", to=[GONE])
    (dropped,) = told(box, "resend")
    assert json.loads(dropped["body"])["data"]["bounce"]["subType"] == "Suppressed"


@pytest.mark.parametrize(
    "rule", [{"opend": 1}, {"delivered": 2}, {"recipient": "("}, {"hard": "much"}]
)
def test_a_rule_that_cannot_be_read_is_refused(box: Box, rule: dict) -> None:
    answer = box.http.post("/_sandbox/messages/model", json={"rules": [rule]})

    assert answer.status_code == 400
    assert box.get("messages/model")["rules"] == []
