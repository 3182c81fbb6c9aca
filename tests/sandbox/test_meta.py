from __future__ import annotations

import json

import pytest

from tests.sandbox.conftest import META, Box


def test_read_shows_only_the_asked_fields_and_the_id(meta: Box) -> None:
    node = meta.meta("GET", "201", fields="name,daily_budget").json()

    assert node == {"id": "201", "name": "First set", "daily_budget": "12000"}


def test_update_changes_only_what_was_sent(meta: Box) -> None:
    answer = meta.meta("POST", "201/", daily_budget="15000")

    assert answer.json() == {"success": True}
    shown = meta.meta("GET", "201", fields="name,status,daily_budget").json()
    assert shown == {"id": "201", "name": "First set", "status": "ACTIVE", "daily_budget": "15000"}
    assert meta.effects("201") == [("120", "150")]


def test_token_may_come_as_parameter(meta: Box) -> None:
    answer = meta.http.get(
        "/v26.0/act_1001", params={"fields": "currency", "access_token": "token-a"}
    )

    assert answer.json() == {"id": "act_1001", "currency": "USD"}


@pytest.mark.parametrize("token", ["nobody", "token-b"])
def test_wrong_token_is_refused(meta: Box, token: str) -> None:
    answer = meta.meta("POST", "201", token=token, daily_budget="15000")

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == 190
    assert meta.effects("201") == []


def test_token_of_another_account_finds_nothing(meta: Box) -> None:
    meta.seed({"platform": "meta", "id": "2002", "token": "token-b"})

    error = meta.meta("POST", "201", token="token-b", daily_budget="15000").json()["error"]

    assert (error["code"], error["error_subcode"]) == (100, 33)
    assert meta.effects("201") == []


def test_paused_parent_hides_an_active_child(meta: Box) -> None:
    meta.meta("POST", "201", status="PAUSED")
    assert meta.meta("GET", "301", fields="effective_status").json()["effective_status"] == (
        "ADSET_PAUSED"
    )

    meta.meta("POST", "101", status="PAUSED")
    meta.meta("POST", "201", status="ACTIVE")

    shown = meta.meta("GET", "201", fields="status,effective_status").json()
    assert (shown["status"], shown["effective_status"]) == ("ACTIVE", "CAMPAIGN_PAUSED")
    assert meta.meta("GET", "301", fields="effective_status").json()["effective_status"] == (
        "CAMPAIGN_PAUSED"
    )


def test_paging_ends_without_next(meta: Box) -> None:
    first = meta.meta("GET", "act_1001/adsets", fields="name", limit=2).json()
    after = first["paging"]["cursors"]["after"]
    second = meta.meta("GET", "act_1001/adsets", fields="name", limit=2, after=after).json()

    assert [row["id"] for row in first["data"]] == ["201", "202"]
    assert "next" in first["paging"]
    assert [row["id"] for row in second["data"]] == ["203"]
    assert "next" not in second["paging"]


def test_archived_objects_leave_the_lists(meta: Box) -> None:
    meta.meta("POST", "202", status="ARCHIVED")

    listed = meta.meta("GET", "act_1001/adsets").json()["data"]
    archived = meta.meta("GET", "act_1001/adsets", effective_status='["ARCHIVED"]').json()["data"]

    assert [row["id"] for row in listed] == ["201", "203"]
    assert [row["id"] for row in archived] == ["202"]


def test_nested_fields_show_the_budget_owner(meta: Box) -> None:
    fields = "daily_budget,campaign{daily_budget,lifetime_budget}"

    shown = meta.meta("GET", "203", fields=fields).json()

    assert shown == {
        "id": "203",
        "daily_budget": "0",
        "campaign": {"id": "102", "daily_budget": "30000"},
    }


@pytest.mark.parametrize(
    ("node", "params", "code", "blame"),
    [
        ("201", {"daily_budget": "99"}, 1487901, "daily_budget"),
        ("201", {"daily_budget": "12.5"}, 100, "daily_budget"),
        ("201", {"lifetime_budget": "90000"}, 100, "lifetime_budget"),
        ("201", {"daily_budget": "9000", "lifetime_budget": "9000"}, 100, "lifetime_budget"),
        ("203", {"daily_budget": "9000"}, 100, "daily_budget"),
        ("101", {"daily_budget": "9000"}, 100, "daily_budget"),
        ("201", {"status": "ON"}, 100, "status"),
        ("201", {"budget": "1"}, 100, "budget"),
        ("201", {"bid_strategy": "COST_CAP"}, 100, "bid_amount"),
        ("301", {"daily_budget": "9000"}, 100, "daily_budget"),
    ],
)
def test_what_meta_refuses_changes_nothing(
    meta: Box, node: str, params: dict, code: int, blame: str
) -> None:
    answer = meta.meta("POST", node, **params)

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, code)
    assert error["error_data"]["blame_field_specs"] == [[blame]]
    assert meta.effects(node) == []


def test_validate_only_checks_and_writes_nothing(meta: Box) -> None:
    options = json.dumps(["validate_only"])

    good = meta.meta("POST", "201", daily_budget="15000", execution_options=options)
    bad = meta.meta("POST", "201", daily_budget="1", execution_options=options)

    assert good.json() == {"success": True}
    assert bad.json()["error"]["code"] == 1487901
    assert meta.effects("201") == []


def test_fifth_budget_change_in_an_hour_blocks_the_ad_set_for_an_hour(meta: Box) -> None:
    for budget in ("12100", "12200", "12300", "12400"):
        assert meta.meta("POST", "201", daily_budget=budget).status_code == 200
    meta.control("clock", {"advance_s": 3000})

    refused = meta.meta("POST", "201", daily_budget="12500").json()["error"]
    meta.control("clock", {"advance_s": 3599})
    still = meta.meta("POST", "201", daily_budget="12500").json()["error"]
    meta.control("clock", {"advance_s": 2})

    assert (refused["code"], refused["error_subcode"]) == (613, 1487632)
    assert still["error_subcode"] == 1487632
    assert meta.meta("POST", "201", daily_budget="12500").json() == {"success": True}
    assert len(meta.effects("201", "daily_budget")) == 5


def test_budget_block_leaves_the_status_free(meta: Box) -> None:
    for budget in ("12100", "12200", "12300", "12400", "12500"):
        meta.meta("POST", "201", daily_budget=budget)

    assert meta.meta("POST", "201", status="PAUSED").json() == {"success": True}


@pytest.mark.parametrize(
    ("currency", "wire"), [("JPY", "5000"), ("HUF", "5000"), ("TWD", "5000"), ("USD", "500000")]
)
def test_offsets_are_metas_own(box: Box, currency: str, wire: str) -> None:
    account = {"platform": "meta", "id": "7", "token": "t", "currency": currency}
    adset = {"id": "21", "daily_budget": "5000"}
    box.seed({**account, "campaigns": [{"id": "11", "adsets": [adset]}]})

    assert box.meta("GET", "21", token="t", fields="daily_budget").json()["daily_budget"] == wire


@pytest.mark.parametrize(("percent", "resets"), [(17, False), (31, True)])
def test_learning_starts_anew_by_the_size_of_the_change(
    meta: Box, percent: int, resets: bool
) -> None:
    meta.meta("POST", "201", daily_budget=str(120 * (100 + percent)))

    stage = meta.meta("GET", "201", fields="learning_stage_info").json()["learning_stage_info"]

    assert stage["status"] == ("LEARNING" if resets else "SUCCESS")
    assert stage["last_sig_edit_ts"] == (1795262400 if resets else 1750000000)


def test_new_bid_strategy_always_starts_learning_anew(meta: Box) -> None:
    meta.meta("POST", "201", bid_strategy="COST_CAP", bid_amount="2500")

    stage = meta.meta("GET", "201", fields="learning_stage_info").json()["learning_stage_info"]

    assert stage["last_sig_edit_ts"] == 1795262400


@pytest.mark.parametrize(("days", "resets"), [(6, False), (8, True)])
def test_long_pause_starts_learning_anew(meta: Box, days: int, resets: bool) -> None:
    meta.meta("POST", "201", status="PAUSED")
    meta.control("clock", {"advance_s": days * 86_400})
    meta.meta("POST", "201", status="ACTIVE")

    stage = meta.meta("GET", "201", fields="learning_stage_info").json()["learning_stage_info"]

    assert (stage["last_sig_edit_ts"] != 1750000000) is resets


def test_limited_account_is_blocked_beyond_its_score(box: Box) -> None:
    box.seed(META | {"tier": "limited"})
    for _ in range(60):
        answer = box.meta("GET", "act_1001")
    usage = json.loads(answer.headers["X-Ad-Account-Usage"])

    refused = box.meta("GET", "act_1001").json()["error"]
    box.control("clock", {"advance_s": 301})

    assert usage["acc_id_util_pct"] == 100.0
    assert (refused["code"], refused["error_subcode"]) == (17, 2446079)
    assert box.meta("GET", "act_1001").status_code == 200


def test_old_version_is_refused(meta: Box) -> None:
    answer = meta.http.get("/v20.0/act_1001", params={"access_token": "token-a"})

    assert answer.json()["error"]["code"] == 2635


def test_debug_token_tells_valid_from_invalid(meta: Box) -> None:
    good = meta.meta("GET", "debug_token", input_token="token-a").json()["data"]
    bad = meta.meta("GET", "debug_token", input_token="else").json()["data"]

    assert (good["is_valid"], bad["is_valid"]) == (True, False)
    assert "ads_management" in good["scopes"]


def test_unknown_field_is_an_error(meta: Box) -> None:
    error = meta.meta("GET", "201", fields="colour").json()["error"]

    assert error["code"] == 100
    assert "colour" in error["message"]


def test_writes_that_change_nothing_do_not_count(meta: Box) -> None:
    for _ in range(6):
        assert meta.meta("POST", "201", daily_budget="12000").status_code == 200

    assert meta.effects("201") == [("120", "120")] * 6
