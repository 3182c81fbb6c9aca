"""What holds for messages of all providers: the model, the lists, the telling."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import fates
from sandbox.store import Store
from tests.sandbox.conftest import Box
from tests.sandbox.test_twilio import MARA, OURS, SID, TOKEN, TWILIO

RESEND = {"platform": "resend", "id": "m1", "token": "key"}
MANY = 5_000


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    store = Store(":memory:")
    yield store
    store.close()


def kinds_of(store: Store, channel: fates.Channel, recipients: list[str]) -> Counter[str]:
    found = (fates.fate(store, channel, "any", recipient, 0) for recipient in recipients)
    return Counter(kind for steps in found for kind in {step.kind for step in steps})


@pytest.mark.parametrize("channel", fates.DEFAULTS)
def test_the_model_keeps_to_its_shares(store: Store, channel: fates.Channel) -> None:
    seen = kinds_of(store, channel, [f"p{number}@example.com" for number in range(MANY)])

    stated = fates.DEFAULTS[channel]
    arrived = seen["delivered"]
    assert seen["sent"] == MANY
    for name in ("delivered", "hard", "soft"):
        assert seen[name] / MANY == pytest.approx(stated.get(name, 0), abs=0.01)
    for name in ("opened", "clicked", "unsubscribed"):
        assert seen[name] / arrived == pytest.approx(stated.get(name, 0), abs=0.02)


@given(st.emails(), st.integers(0, 50), st.sampled_from(sorted(fates.DEFAULTS)))
def test_a_fate_has_an_order(
    store: Store, recipient: str, nth: int, channel: fates.Channel
) -> None:
    steps = fates.fate(store, channel, "any", recipient, nth)

    times, kinds = [step.after_s for step in steps], [step.kind for step in steps]
    assert steps == fates.fate(store, channel, "any", recipient, nth)
    assert kinds[0] == "sent"
    assert len({"delivered", "hard", "soft"} & set(kinds)) <= 1
    assert "opened" in kinds or "clicked" not in kinds
    assert all(time > 0 for time in times)
    if "delivered" in kinds:
        place = kinds.index("delivered")
        assert all(time >= times[place] for time in times[place:])


def test_a_rule_takes_from_what_arrives(box: Box) -> None:
    box.seed(RESEND)
    box.control("messages/model", {"rules": [{"recipient": "@full\\.", "soft": 1}]})

    send(box, "a@full.example")
    send(box, "b@example.com")

    ends = {row["recipient"]: [one["kind"] for one in row["events"]] for row in kept(box)}
    assert ends["a@full.example"][-1] == "soft"
    assert "soft" not in ends["b@example.com"]


def send(box: Box, to: str, **more: object) -> httpx.Response:
    body = {"from": "us@shop.example", "to": to, "subject": "Hi", "text": "x", **more}
    return box.http.post("/emails", json=body, headers={"Authorization": "Bearer key"})


def kept(box: Box) -> list[dict]:
    return box.get("messages")["messages"]


def test_counts_find_what_was_sent_twice(box: Box) -> None:
    box.seed(RESEND)
    for to, touch in (("a@example.com", 1), ("b@example.com", 2), ("c@example.com", 2)):
        send(box, to, headers={"X-Metadata": f'{{"touch_id": "{touch}"}}'})

    by_person = box.get("messages/counts")
    by_touch = box.get("messages/counts?by=metadata.touch_id")
    wrong = box.http.get("/_sandbox/messages/counts?by=colour")

    assert (by_person["total"], by_person["different"], by_person["repeated"]) == (3, 3, {})
    assert (by_touch["different"], by_touch["repeated"]) == (2, {"2": 2})
    assert wrong.status_code == 400


def test_lists_are_cut_and_go_on(box: Box) -> None:
    box.seed(RESEND)
    for number in range(5):
        send(box, f"p{number}@example.com")

    first = box.get("messages?limit=3")["messages"]
    rest = box.get(f"messages?after={first[-1]['row']}")["messages"]

    names = [row["recipient"].partition("@")[0] for row in [*first, *rest]]
    assert names == ["p0", "p1", "p2", "p3", "p4"]


@pytest.mark.parametrize(
    "body",
    [
        {"platform": "resend", "account": "m2", "recipient": "a@x.example", "kind": "hard"},
        {"platform": "resend", "account": "m1", "recipient": "a@x.example", "kind": "lost"},
        {"platform": "resend", "account": "m1", "id": "no such", "kind": "opened"},
        {"platform": "pigeon", "account": "m1", "recipient": "a@x.example", "kind": "hard"},
    ],
)
def test_events_of_nothing_are_refused(box: Box, body: dict) -> None:
    box.seed(RESEND)

    assert box.http.post("/_sandbox/messages/event", json=body).status_code == 400


# Telling


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:  # name of the standard library
        length = int(self.headers["Content-Length"])
        self.server.heard.append((self.path, self.rfile.read(length)))  # type: ignore[attr-defined]
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.heard = []  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_calls_are_made_on_request(box: Box, receiver: ThreadingHTTPServer) -> None:
    box.seed(TWILIO)
    url = f"http://127.0.0.1:{receiver.server_address[1]}/hooks/twilio?source=sms"
    told = {"account": SID, "from": MARA, "to": OURS, "body": "Hi", "url": url}

    answer = box.control("twilio/inbound", {**told, "send": True, "duplicates": 2})

    assert answer["statuses"] == [204, 204]
    (first, body), (second, again) = receiver.heard  # type: ignore[attr-defined]
    assert first == second == "/hooks/twilio?source=sms"
    assert body == again


def test_nobody_there_is_told_as_such(box: Box) -> None:
    box.seed(TWILIO)
    told = {"account": SID, "from": MARA, "to": OURS, "body": "Hi", "url": "http://127.0.0.1:9/"}

    assert box.control("twilio/inbound", {**told, "send": True})["statuses"] == [0]


def test_a_status_can_come_before_the_answer(box: Box) -> None:
    box.seed(TWILIO)
    box.control("faults", {"kind": "timeout_after_commit", "platform": "twilio", "method": "POST"})
    form = {"To": MARA, "From": OURS, "Body": "x", "StatusCallback": "https://x.example/"}
    path = f"/2010-04-01/Accounts/{SID}/Messages.json"
    answers: list[httpx.Response] = []
    caller = threading.Thread(
        target=lambda: answers.append(box.http.post(path, data=form, auth=(SID, TOKEN)))
    )
    caller.start()
    while not (calls := box.control("twilio/deliver", {"account": SID, "ahead_s": 5})["calls"]):
        pass

    assert answers == []
    box.control("release")
    caller.join(5)
    assert answers[0].json()["sid"] in calls[0]["body"]
