from __future__ import annotations

import json
from decimal import Decimal

from tests.sandbox.conftest import META, Box

WEEK = json.dumps({"since": "2026-11-14", "until": "2026-11-20"})


def _rows(box: Box, node: str = "act_1001", **params: object) -> list[dict]:
    params = {"time_range": WEEK, "limit": 500, **params}
    answer = box.meta("GET", f"{node}/insights", **params)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_levels_sum_to_the_same(meta: Box) -> None:
    def totals(level: str, node: str = "act_1001") -> tuple[int, Decimal]:
        rows = _rows(meta, node, level=level, time_increment=1, fields="clicks,spend")
        return sum(int(r["clicks"]) for r in rows), sum(Decimal(r["spend"]) for r in rows)

    assert totals("ad") == totals("adset") == totals("campaign") == totals("account")
    assert totals("ad", "101") == totals("ad")
    assert totals("ad")[0] > 100


def test_spend_is_a_decimal_in_major_units_within_the_budget(meta: Box) -> None:
    rows = _rows(meta, "201", time_increment=1, fields="spend")

    spent = [Decimal(row["spend"]) for row in rows]
    assert len(rows) == 7
    assert all(Decimal("112.79") <= spend <= 120 for spend in spent)


def test_same_question_same_answer_and_a_budget_moves_only_later_days(meta: Box) -> None:
    before = _rows(meta, level="ad", time_increment=1, fields="ad_id,clicks,spend,actions")

    meta.meta("POST", "201", daily_budget="24000")
    meta.control("clock", {"advance_s": 86_400})

    assert _rows(meta, level="ad", time_increment=1, fields="ad_id,clicks,spend,actions") == before
    next_day = json.dumps({"since": "2026-11-22", "until": "2026-11-22"})
    meta.control("clock", {"advance_s": 86_400})
    spent = Decimal(_rows(meta, "201", time_range=next_day, fields="spend")[0]["spend"])
    assert Decimal("225.59") <= spent <= 240


def test_today_is_pro_rata_by_hour(meta: Box) -> None:
    today = json.dumps({"since": "2026-11-21", "until": "2026-11-21"})

    noon = Decimal(_rows(meta, "201", time_range=today, fields="spend")[0]["spend"])
    meta.control("clock", {"advance_s": 6 * 3600})
    evening = Decimal(_rows(meta, "201", time_range=today, fields="spend")[0]["spend"])

    assert abs(evening - noon * Decimal("1.5")) < Decimal("0.05")


def test_account_without_traffic_has_no_insights(box: Box) -> None:
    plain = {key: value for key, value in META.items() if key != "traffic"}
    box.seed(plain, created_at=1790000000)

    assert _rows(box, level="ad", fields="spend") == []


def test_actions_are_a_list_with_overlapping_purchases(meta: Box) -> None:
    [row] = _rows(meta, fields="actions,action_values")

    actions = {action["action_type"]: int(action["value"]) for action in row["actions"]}
    values = {action["action_type"]: action["value"] for action in row["action_values"]}
    assert actions["lead"] >= actions["schedule_total"] >= actions["omni_purchase"]
    assert actions["omni_purchase"] == actions["purchase"]
    assert values["omni_purchase"] == values["purchase"]


def test_id_below_the_level_is_an_error(meta: Box) -> None:
    answer = meta.meta("GET", "act_1001/insights", level="campaign", fields="ad_id,spend")

    assert answer.json()["error"]["code"] == 100


def test_dead_windows_answer_with_nothing(meta: Box) -> None:
    [row] = _rows(meta, fields="actions,spend", action_attribution_windows='["7d_view"]')

    assert "actions" not in row


def test_asynchronous_report(meta: Box) -> None:
    started = meta.meta("POST", "act_1001/insights", level="ad", time_range=WEEK, fields="spend")
    report = started.json()["report_run_id"]

    early = meta.meta("GET", f"{report}/insights").json()
    running = meta.meta("GET", report).json()
    done = meta.meta("GET", report).json()
    rows = meta.meta("GET", f"{report}/insights").json()["data"]

    assert early["error"]["code"] == 2601
    assert (running["async_status"], done["async_status"]) == ("Job Running", "Job Completed")
    assert done["async_percent_completion"] == 100
    assert rows == _rows(meta, level="ad", fields="spend")


def test_report_of_another_token_is_not_there(meta: Box) -> None:
    meta.seed({"platform": "meta", "id": "2002", "token": "token-b"})
    report = meta.meta("POST", "act_1001/insights", fields="spend").json()["report_run_id"]

    assert meta.meta("GET", report, token="token-b").json()["error"]["error_subcode"] == 33


def test_reseeded_account_forgets_its_traffic(meta: Box) -> None:
    before = _rows(meta, "201", fields="spend")
    other = json.loads(json.dumps(META).replace('"120.00"', '"60.00"'))

    meta.seed(other, created_at=1790000000)

    halved = Decimal(before[0]["spend"]) / 2
    assert abs(Decimal(_rows(meta, "201", fields="spend")[0]["spend"]) - halved) < Decimal("0.20")
