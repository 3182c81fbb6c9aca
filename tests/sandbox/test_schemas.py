"""Replies against schemas written from the platforms' documentation: the SDKs are too lenient."""

from __future__ import annotations

import json

import jsonschema
import pytest

from tests.sandbox.conftest import Box
from tests.sandbox.test_google import GOOGLE
from tests.sandbox.test_google import Client as GoogleClient
from tests.sandbox.test_tiktok import TIKTOK
from tests.sandbox.test_tiktok import Client as TikTokClient


def _object(required: dict, optional: dict | None = None) -> dict:
    return {
        "type": "object",
        "required": list(required),
        "properties": required | (optional or {}),
        "additionalProperties": False,
    }


TEXT, NUMBER, INTEGER = {"type": "string"}, {"type": "number"}, {"type": "integer"}
BOOLEAN = {"type": "boolean"}
MONEY = {"type": "string", "pattern": r"^\d+$"}
DECIMAL = {"type": "string", "pattern": r"^\d+\.\d{2}$"}
DAY = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
ACTIONS = {"type": "array", "minItems": 1, "items": _object({"action_type": TEXT, "value": TEXT})}
PAGING = _object({"cursors": _object({"before": TEXT, "after": TEXT})}, {"next": TEXT})
META_ERROR = _object(
    {
        "error": _object(
            {
                "message": TEXT,
                "type": {"const": "OAuthException"},
                "code": INTEGER,
                "is_transient": BOOLEAN,
                "fbtrace_id": TEXT,
            },
            {
                "error_subcode": INTEGER,
                "error_user_title": TEXT,
                "error_user_msg": TEXT,
                "error_data": _object(
                    {"blame_field_specs": {"type": "array", "items": {"type": "array"}}}
                ),
            },
        )
    }
)
LEARNING = _object(
    {
        "status": {"enum": ["LEARNING", "SUCCESS", "FAIL"]},
        "conversions": INTEGER,
        "last_sig_edit_ts": INTEGER,
        "attribution_windows": {"type": "array", "items": TEXT},
        "dynamic_lp_conversions_threshold": INTEGER,
        "dynamic_lp_days_threshold": INTEGER,
        "dynamic_lp_status": TEXT,
    }
)
ADSET = _object(
    {
        "id": TEXT,
        "name": TEXT,
        "status": {"enum": ["ACTIVE", "PAUSED"]},
        "effective_status": TEXT,
        "daily_budget": MONEY,
        "lifetime_budget": MONEY,
        "learning_stage_info": LEARNING,
    },
    {"bid_strategy": TEXT},
)
INSIGHT = _object(
    {
        "date_start": DAY,
        "date_stop": DAY,
        "ad_id": TEXT,
        "impressions": MONEY,
        "reach": MONEY,
        "clicks": MONEY,
        "spend": DECIMAL,
        "actions": ACTIONS,
    },
    {"action_values": ACTIONS},
)
USE_CASE = _object(
    {
        "type": {"const": "ads_management"},
        "call_count": INTEGER,
        "total_cputime": INTEGER,
        "total_time": INTEGER,
        "estimated_time_to_regain_access": INTEGER,
        "ads_api_access_tier": TEXT,
    }
)


def test_meta_lists(meta: Box) -> None:
    fields = "name,status,effective_status,daily_budget,lifetime_budget,bid_strategy,"
    answer = meta.meta("GET", "act_1001/adsets", fields=f"{fields}learning_stage_info")

    page = _object({"data": {"type": "array", "minItems": 3, "items": ADSET}, "paging": PAGING})
    jsonschema.validate(answer.json(), page)
    usage = json.loads(answer.headers["X-Business-Use-Case-Usage"])
    jsonschema.validate(usage["1001"], {"type": "array", "minItems": 1, "items": USE_CASE})


def test_meta_insights(meta: Box) -> None:
    answer = meta.meta(
        "GET",
        "act_1001/insights",
        level="ad",
        time_increment=1,
        fields="ad_id,impressions,reach,clicks,spend,actions,action_values",
        date_preset="last_7d",
    )

    page = _object({"data": {"type": "array", "minItems": 14, "items": INSIGHT}, "paging": PAGING})
    jsonschema.validate(answer.json(), page)


@pytest.mark.parametrize("params", [{"daily_budget": "1"}, {"status": "ON"}, {"colour": "red"}])
def test_meta_errors(meta: Box, params: dict) -> None:
    jsonschema.validate(meta.meta("POST", "201", **params).json(), META_ERROR)


def test_meta_success_is_exactly_success(meta: Box) -> None:
    answer = meta.meta("POST", "201", status="PAUSED")

    jsonschema.validate(answer.json(), _object({"success": {"const": True}}))


def test_google_rows_and_errors(box: Box) -> None:
    box.seed(GOOGLE)
    google = GoogleClient(box)
    budget = _object(
        {
            "resourceName": TEXT,
            "amountMicros": MONEY,
            "explicitlyShared": BOOLEAN,
            "referenceCount": MONEY,
        }
    )
    query = (
        "SELECT campaign_budget.amount_micros, campaign_budget.explicitly_shared,"
        " campaign_budget.reference_count FROM campaign_budget"
    )
    failure = _object(
        {"errorCode": {"type": "object"}, "message": TEXT, "location": {"type": "object"}}
    )
    detail = _object(
        {"@type": TEXT, "errors": {"type": "array", "items": failure}, "requestId": TEXT}
    )
    status = _object(
        {
            "code": {"const": 400},
            "message": TEXT,
            "status": TEXT,
            "details": {"type": "array", "items": detail},
        }
    )

    reply = google.post("googleAds:search", {"query": query}).json()
    error = google.set_budget("11", "1").json()

    rows = {"type": "array", "minItems": 2, "items": _object({"campaignBudget": budget})}
    jsonschema.validate(reply, _object({"results": rows, "fieldMask": TEXT, "requestId": TEXT}))
    jsonschema.validate(error, _object({"error": status}))


def test_tiktok_envelope(box: Box) -> None:
    box.seed(TIKTOK)
    tiktok = TikTokClient(box)
    envelope = _object(
        {"code": INTEGER, "message": TEXT, "request_id": TEXT, "data": {"type": "object"}}
    )
    info = _object(
        {"page": INTEGER, "page_size": INTEGER, "total_number": INTEGER, "total_page": INTEGER}
    )

    listed = tiktok.get("campaign/get/")

    for answer in (listed, tiktok.schedule("31", 120), tiktok.schedule("31", -1)):
        jsonschema.validate(answer, envelope)
    jsonschema.validate(listed["data"]["page_info"], info)
