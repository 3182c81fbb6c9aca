"""Messages and comments of a page: windows, tags, private replies, signed webhooks."""

from __future__ import annotations

import hashlib
import hmac
import json

import httpx
import pytest

from tests.sandbox.conftest import Box

PAGE, INSTAGRAM, MARA = "660011", "178414", "24680"
URL = "https://countersign.example/api/webhooks/meta/1"
DAY = 86_400
ACCOUNT = {
    "platform": "meta", "id": PAGE, "token": "page-token", "page": True,
    "instagram_id": INSTAGRAM, "webhook_secret": "app secret",
}  # fmt: skip
SURE = {"rules": [{"delivered": 1, "hard": 0, "opened": 1}]}


class Page:
    """A page over plain HTTP, and the people who write to it."""

    def __init__(self, box: Box) -> None:
        self.box = box

    def post(self, path: str, **body: object) -> httpx.Response:
        headers = {"Authorization": "Bearer page-token"}
        return self.box.http.post(f"/v26.0/{path}", json=body, headers=headers)

    def get(self, path: str, **params: object) -> dict:
        headers = {"Authorization": "Bearer page-token"}
        return self.box.http.get(f"/v26.0/{path}", params=params, headers=headers).json()

    def send(self, text: str = "Hello", to: dict | None = None, **more: object) -> httpx.Response:
        body = {"recipient": to or {"id": MARA}, "message": {"text": text}, **more}
        return self.post(f"{PAGE}/messages", **body)

    def hear(self, **more: object) -> None:
        told = {"platform": "meta", "account": PAGE, "from": MARA, "text": "Hi", **more}
        self.box.control("meta/inbound", told)

    def told(self, **more: object) -> list[dict]:
        asked = {"platform": "meta", "account": PAGE, "url": URL, "ahead_s": 5 * DAY, **more}
        return self.box.control("meta/deliver", asked)["calls"]


WORLD_PAGE, WORLD_INSTAGRAM = "660011002200", "17841466001100"


class WorldPage:
    """The page of the world, which has posts."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self.box.control("social/seed", {"world": "ptd_fitness"})
        self.headers = {"Authorization": "Bearer sandbox-meta-social-ptd-fitness"}

    def read(self, path: str, **params: object) -> dict:
        return self.box.http.get(f"/v26.0/{path}", params=params, headers=self.headers).json()

    def post(self, path: str, **body: object) -> httpx.Response:
        return self.box.http.post(f"/v26.0/{path}", json=body, headers=self.headers)

    def comment_on(self, network: str, post: str) -> str:
        told = {"platform": "meta", "account": WORLD_PAGE, "network": network, "post": post}
        return self.box.control("meta/comment", {**told, "from": MARA, "text": "Link?"})["id"]

    def post_ids(self, network: str) -> list[str]:
        owner, edge = ("me", "posts") if network == "facebook" else (WORLD_INSTAGRAM, "media")
        return [row["id"] for row in self.read(f"{owner}/{edge}", fields="id")["data"]]


@pytest.fixture
def page(box: Box) -> Page:
    box.seed(ACCOUNT)
    box.control("messages/model", SURE)
    return Page(box)


@pytest.fixture
def world(box: Box) -> WorldPage:
    return WorldPage(box)


def error_of(answer: httpx.Response) -> tuple[int, int | None]:
    error = answer.json()["error"]
    return error["code"], error.get("error_subcode")


def kept(page: Page) -> list[str]:
    return [row["text"] for row in page.box.get("messages?platform=meta")["messages"]]


def test_answers_a_person_who_wrote(page: Page) -> None:
    page.hear()

    answer = page.send("Hello Mara")

    assert set(answer.json()) == {"recipient_id", "message_id"}
    assert answer.json()["recipient_id"] == MARA
    assert kept(page) == ["Hello Mara"]


def test_writes_to_nobody_who_did_not_write_first(page: Page) -> None:
    assert error_of(page.send()) == (100, 2018001)
    assert kept(page) == []


def test_the_window_closes_after_a_day(page: Page) -> None:
    page.hear()
    page.box.control("clock", {"advance_s": DAY - 1})
    inside = page.send("inside")
    page.box.control("clock", {"advance_s": 1})

    assert inside.status_code == 200
    assert error_of(page.send("outside")) == (10, 1545041)
    page.hear()
    assert page.send("again").status_code == 200
    assert kept(page) == ["inside", "again"]


def test_a_person_may_answer_for_seven_days(page: Page) -> None:
    page.hear()
    human = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    page.box.control("clock", {"advance_s": 7 * DAY - 1})
    inside = page.send(**human)
    page.box.control("clock", {"advance_s": 1})

    assert inside.status_code == 200
    assert error_of(page.send(**human)) == (10, 1545041)


def test_who_came_by_an_ad_is_open_for_seven_days(page: Page) -> None:
    page.hear(by_ad=True)
    page.box.control("clock", {"advance_s": 7 * DAY - 1})

    assert page.send().status_code == 200
    page.box.control("clock", {"advance_s": 1})
    assert error_of(page.send()) == (10, 1545041)


@pytest.mark.parametrize(
    "tag", ["CONFIRMED_EVENT_UPDATE", "ACCOUNT_UPDATE", "POST_PURCHASE_UPDATE", "OTHER", ""]
)
def test_other_tags_are_errors(page: Page, tag: str) -> None:
    page.hear()

    assert error_of(page.send(messaging_type="MESSAGE_TAG", tag=tag)) == (100, None)
    assert kept(page) == []


@pytest.mark.parametrize(("channel", "most"), [("messenger", 2_000), ("instagram", 1_000)])
def test_texts_have_a_longest(page: Page, channel: str, most: int) -> None:
    page.hear(channel=channel)
    more = {"platform": channel}

    assert page.send("x" * most, **more).status_code == 200
    assert error_of(page.send("x" * (most + 1), **more)) == (100, None)


def test_windows_are_apart_for_each_channel(page: Page) -> None:
    page.hear(channel="instagram")

    assert error_of(page.send(platform="messenger")) == (100, 2018001)
    assert page.send(platform="instagram").status_code == 200


def test_a_message_goes_where_the_person_wrote(page: Page) -> None:
    page.hear(channel="instagram")

    page.send()

    (sent,) = page.box.get("messages?platform=meta")["messages"]
    assert (sent["channel"], sent["sender"]) == ("instagram", INSTAGRAM)


def test_a_person_who_cannot_be_reached_is_an_error(page: Page) -> None:
    page.hear()
    page.box.control("messages/model", {"rules": [{"recipient": MARA, "hard": 1}]})

    assert error_of(page.send()) == (551, 1545041)
    assert kept(page) == []


def test_one_private_reply_to_a_comment_within_seven_days(world: WorldPage) -> None:
    post = world.post_ids("instagram")[0]
    path = f"{WORLD_INSTAGRAM}/messages"
    world.box.control("messages/model", SURE)

    def reply(comment: str) -> httpx.Response:
        recipient, message = {"comment_id": comment}, {"text": "Here is the link"}
        return world.post(path, recipient=recipient, message=message)

    comment = world.comment_on("instagram", post)
    first, second = reply(comment), reply(comment)
    late = world.comment_on("instagram", post)
    world.box.control("clock", {"advance_s": 7 * DAY + 1})

    assert first.json()["recipient_id"] == MARA
    assert error_of(second) == (10900, None)
    assert error_of(reply(late)) == (10, 1545041)


def test_a_lost_answer_can_be_looked_up(page: Page) -> None:
    page.hear()
    page.box.control("faults", {"kind": "http_502_html", "platform": "meta", "commit": True})
    assert page.send("Hello [m-1]").status_code == 502
    page.box.control("faults", method="DELETE")

    found = page.get(f"{PAGE}/conversations", user_id=MARA, fields="messages")

    rows = found["data"][0]["messages"]["data"]
    assert [row["message"] for row in rows] == ["Hello [m-1]"]


def test_receipts_and_messages_are_told_signed(page: Page) -> None:
    page.hear(text="Grüße 👋")
    sent = page.send().json()["message_id"]

    calls = page.told(batch=100)

    (call,) = calls
    digest = hmac.new(b"app secret", call["body"].encode(), hashlib.sha256).hexdigest()
    assert call["headers"]["X-Hub-Signature-256"] == f"sha256={digest}"
    assert "Gr\\u00fc\\u00dfe \\ud83d\\udc4b" in call["body"]
    events = [entry["messaging"][0] for entry in json.loads(call["body"])["entry"]]
    assert [sorted(set(event) - {"sender", "recipient", "timestamp"})[0] for event in events] == [
        "message",
        "message",
        "delivery",
        "read",
    ]
    assert events[1]["message"]["is_echo"]
    assert (events[1]["sender"]["id"], events[1]["recipient"]["id"]) == (PAGE, MARA)
    assert events[2]["delivery"]["mids"] == [sent]
    assert page.told() == []


def test_instagram_tells_of_reading_only(page: Page) -> None:
    page.hear(channel="instagram")
    sent = page.send(platform="instagram").json()["message_id"]

    bodies = [json.loads(call["body"]) for call in page.told()]

    assert {body["object"] for body in bodies} == {"instagram"}
    events = [body["entry"][0]["messaging"][0] for body in bodies]
    assert ["read" in event for event in events] == [False, False, True]
    assert events[2]["read"]["mid"] == sent


def test_webhooks_can_be_repeated_reordered_and_forged(page: Page) -> None:
    page.hear()
    page.send()

    usual = [call["body"] for call in page.told(keep=True)]
    twice = page.told(duplicates=2, order="reversed", signature="wrong")

    assert [call["body"] for call in twice] == (usual * 2)[::-1]
    digest = hmac.new(b"app secret", twice[0]["body"].encode(), hashlib.sha256).hexdigest()
    assert twice[0]["headers"]["X-Hub-Signature-256"] != f"sha256={digest}"


@pytest.mark.parametrize(("network", "field"), [("facebook", "feed"), ("instagram", "comments")])
def test_new_comments_are_told_and_answered_in_public(
    world: WorldPage, network: str, field: str
) -> None:
    comment = world.comment_on(network, world.post_ids(network)[0])
    edge, key = ("replies", "text") if network == "instagram" else ("comments", "message")

    answered = world.post(f"{comment}/{edge}", message="Sent you a message")

    assert answered.status_code == 200
    asked = {"platform": "meta", "account": WORLD_PAGE, "url": URL}
    (call,) = world.box.control("meta/deliver", asked)["calls"]
    (change,) = json.loads(call["body"])["entry"][0]["changes"]
    assert change["field"] == field
    assert change["value"].get("comment_id", change["value"].get("id")) == comment
    replies = world.read(f"{comment}/{edge}", fields=key)["data"]
    assert [one[key] for one in replies] == ["Sent you a message"]
