from __future__ import annotations

import json
import threading

import httpx
import pytest

from tests.sandbox.conftest import Box
from tests.sandbox.test_google import GOOGLE, budget_op
from tests.sandbox.test_google import Client as GoogleClient
from tests.sandbox.test_tiktok import TIKTOK
from tests.sandbox.test_tiktok import Client as TikTokClient


def _write(box: Box, timeout: float = 5) -> httpx.Response:
    return box.http.post(
        "/v26.0/201",
        data={"daily_budget": "15000"},
        headers={"Authorization": "Bearer token-a"},
        timeout=timeout,
    )


def _budget(box: Box) -> str:
    return box.meta("GET", "201", fields="daily_budget").json()["daily_budget"]


@pytest.mark.parametrize(
    ("kind", "budget"), [("timeout_before_commit", "12000"), ("timeout_after_commit", "15000")]
)
def test_timeouts_leave_the_client_without_an_answer(meta: Box, kind: str, budget: str) -> None:
    meta.control("faults", {"kind": kind, "method": "POST", "times": 1})

    with pytest.raises(httpx.ReadTimeout):
        _write(meta, timeout=0.2)

    assert _budget(meta) == budget
    assert len(meta.effects("201")) == (budget == "15000")


def test_commit_is_visible_while_the_answer_is_held(meta: Box) -> None:
    meta.control("faults", {"kind": "timeout_after_commit", "method": "POST"})
    answers: list[httpx.Response] = []
    caller = threading.Thread(target=lambda: answers.append(_write(meta)))
    caller.start()
    while not meta.effects("201"):
        pass

    assert answers == []
    meta.control("release")
    caller.join(5)

    assert answers[0].json() == {"success": True}


@pytest.mark.parametrize("commit", [False, True])
def test_reset_before_and_after_the_commit(meta: Box, commit: bool) -> None:
    meta.control("faults", {"kind": "reset", "method": "POST", "commit": commit})

    with pytest.raises(httpx.ReadError):
        _write(meta)

    assert len(meta.effects("201")) == commit


def test_truncated_answer_breaks_off_after_the_commit(meta: Box) -> None:
    meta.control("faults", {"kind": "truncated", "method": "POST"})

    with pytest.raises(httpx.RemoteProtocolError):
        _write(meta)

    assert meta.effects("201") == [("120", "150")]


def test_slow_drip_beats_a_timeout_per_read(meta: Box) -> None:
    meta.control("faults", {"kind": "slow_drip", "method": "POST", "hold_s": 0.1})

    assert _write(meta).json() == {"success": True}


@pytest.mark.parametrize(
    ("kind", "status", "body", "effects"),
    [
        ("http_500", 500, b'{"foo":1}', 0),
        ("http_502_html", 502, b"<html>", 0),
        ("success_false", 200, b'{"success":false}', 0),
        ("empty", 200, b"", 1),
        ("malformed", 200, b'{"success": tru', 1),
    ],
)
def test_spoiled_answers(meta: Box, kind: str, status: int, body: bytes, effects: int) -> None:
    meta.control("faults", {"kind": kind, "method": "POST"})

    answer = _write(meta)

    assert answer.status_code == status
    assert answer.content.startswith(body)
    assert len(meta.effects("201")) == effects


@pytest.mark.parametrize(("seconds", "header"), [(30, "30"), (0, None)])
def test_429_with_and_without_retry_after(meta: Box, seconds: int, header: str | None) -> None:
    meta.control("faults", {"kind": "http_429", "retry_after_s": seconds})

    answer = _write(meta)

    assert (answer.status_code, answer.headers.get("Retry-After")) == (429, header)


@pytest.mark.parametrize(
    ("kind", "code", "subcode"),
    [
        ("meta_17", 17, 2446079),
        ("meta_613_score", 613, 1487742),
        ("meta_613_budget", 613, 1487632),
        ("meta_80004", 80004, 2446079),
        ("meta_190", 190, 463),
        ("meta_100", 100, 1885621),
        ("meta_368", 368, 1390008),
        ("meta_1", 1, None),
    ],
)
def test_meta_errors_change_nothing(meta: Box, kind: str, code: int, subcode: int | None) -> None:
    meta.control("faults", {"kind": kind, "method": "POST"})

    error = _write(meta).json()["error"]

    assert (error["code"], error.get("error_subcode")) == (code, subcode)
    assert meta.effects("201") == []


def test_80004_says_the_minutes(meta: Box) -> None:
    meta.control("faults", {"kind": "meta_80004", "minutes": 19})

    usage = json.loads(_write(meta).headers["X-Business-Use-Case-Usage"])

    [entry] = next(iter(usage.values()))
    assert entry["estimated_time_to_regain_access"] == 19


@pytest.mark.parametrize("pct", [76, 96, 100])
def test_usage_headers_at_a_chosen_percentage(meta: Box, pct: int) -> None:
    meta.control("faults", {"kind": "usage", "pct": pct})

    answer = _write(meta)

    assert answer.json() == {"success": True}
    assert json.loads(answer.headers["X-Ad-Account-Usage"])["acc_id_util_pct"] == pct


def test_external_edit_comes_just_before_the_call(meta: Box) -> None:
    edit = {"platform": "meta", "id": "201", "daily_budget": "77.00"}
    meta.control("faults", {"kind": "external_edit", "method": "GET", "nth": 2, "edit": edit})

    assert [_budget(meta), _budget(meta), _budget(meta)] == ["12000", "7700", "7700"]


def test_batch_element_that_was_not_run_is_null(meta: Box) -> None:
    meta.control("faults", {"kind": "meta_batch_null", "index": 1})
    batch = [
        {"method": "POST", "relative_url": node, "body": "daily_budget=15000"}
        for node in ("201", "202")
    ]

    answer = meta.meta("POST", "", batch=json.dumps(batch)).json()

    assert json.loads(answer[0]["body"]) == {"success": True}
    assert answer[1] is None
    assert meta.effects("202") == []


def test_google_partial_failure_on_the_second_operation(box: Box) -> None:
    box.seed(GOOGLE)
    google = GoogleClient(box)
    box.control("faults", {"kind": "google_partial_failure", "index": 1})
    operations = [budget_op("11", "5000000"), budget_op("12", "5000000")]

    reply = google.post(
        "campaignBudgets:mutate", {"operations": operations, "partialFailure": True}
    ).json()

    assert reply["results"][1] == {}
    assert (len(box.effects("11")), len(box.effects("12"))) == (1, 0)


def test_google_quota_error(box: Box) -> None:
    box.seed(GOOGLE)
    google = GoogleClient(box)
    box.control("faults", {"kind": "google_error", "path": ":mutate"})

    answer = google.set_budget("11", "5000000")

    assert (answer.status_code, answer.json()["error"]["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert box.effects("11") == []


@pytest.mark.parametrize("code", [20001, 40100, 40105])
def test_tiktok_codes(box: Box, code: int) -> None:
    box.seed(TIKTOK)
    box.control("faults", {"kind": "tiktok_code", "code": code, "method": "POST"})

    assert TikTokClient(box).schedule("31", 120)["code"] == code
    assert box.effects("31") == []


def test_rules_pick_their_calls(meta: Box) -> None:
    meta.control("faults", {"kind": "http_500", "entity": "20", "method": "GET"})
    meta.control("faults", {"kind": "http_500", "path": "^GET /v26.0/202", "nth": 2})
    meta.control("faults", {"kind": "http_500", "platform": "google"})

    statuses = [meta.meta("GET", node).status_code for node in ("201", "202", "202", "202")]

    assert statuses == [200, 200, 500, 200]
    fired = [rule["fired"] for rule in meta.control("faults", method="GET")["rules"]]
    assert fired == [0, 1, 0]


def test_probability_is_the_same_in_every_run(meta: Box) -> None:
    def run() -> list[int]:
        meta.control("faults", method="DELETE")
        meta.control("faults", {"kind": "http_500", "probability": 0.5, "seed": 3})
        return [meta.meta("GET", "201").status_code for _ in range(20)]

    first = run()

    assert first == run()
    assert 5 <= first.count(500) <= 15


@pytest.mark.parametrize(
    ("rule", "word"),
    [
        ({"kind": "flood"}, "flood"),
        ({"kind": "reset", "colour": 1}, "colour"),
        ({"kind": "reset", "path": "("}, "regular expression"),
        ({"kind": "reset", "nth": "x"}, "number"),
        ({"kind": "meta_17", "platform": "google"}, "meta"),
    ],
)
def test_rules_that_would_never_fire_are_refused(box: Box, rule: dict, word: str) -> None:
    answer = box.http.post("/_sandbox/faults", json=rule)

    assert answer.status_code == 400
    assert word in answer.json()["error"]
