"""Replies against schemas written from the platforms' documentation: the SDKs are too lenient."""

from __future__ import annotations

import json

import jsonschema
import pytest

from tests.sandbox.conftest import Box
from tests.sandbox.test_google import GOOGLE
from tests.sandbox.test_google import Client as GoogleClient
from tests.sandbox.test_linkedin import ACCOUNT, CAMPAIGNS, CREATIVES, GROUPS, LINKEDIN, WEEK
from tests.sandbox.test_linkedin import Client as LinkedInClient
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


STAMP = _object({"time": INTEGER})
MILLIS = {"type": "integer", "minimum": 10**12}
WHOLE = {
    "id": INTEGER,
    "name": TEXT,
    "account": {"type": "string", "pattern": r"^urn:li:sponsoredAccount:\d+$"},
    "status": {"enum": ["ACTIVE", "PAUSED", "ARCHIVED", "REMOVED"]},
    "servingStatuses": {"type": "array", "minItems": 1, "items": TEXT},
    "runSchedule": _object({"start": MILLIS}, {"end": MILLIS}),
    "objectiveType": TEXT,
    "test": BOOLEAN,
    "changeAuditStamps": _object({"created": STAMP, "lastModified": STAMP}),
}
AMOUNT = _object({"amount": DECIMAL, "currencyCode": {"type": "string", "pattern": "^[A-Z]{3}$"}})
BUDGETS = {"dailyBudget": AMOUNT, "totalBudget": AMOUNT}
LINKEDIN_ROWS = {
    GROUPS: _object(WHOLE, BUDGETS),
    CAMPAIGNS: _object(
        WHOLE
        | {
            "campaignGroup": {"type": "string", "pattern": r"^urn:li:sponsoredCampaignGroup:\d+$"},
            "type": TEXT,
            "costType": {"enum": ["CPM", "CPC", "CPV"]},
            "unitCost": AMOUNT,
            "optimizationTargetType": TEXT,
        },
        BUDGETS,
    ),
    CREATIVES: _object(
        {
            "id": {"type": "string", "pattern": r"^urn:li:sponsoredCreative:\d+$"},
            "name": TEXT,
            "account": TEXT,
            "campaign": {"type": "string", "pattern": r"^urn:li:sponsoredCampaign:\d+$"},
            "intendedStatus": {"enum": ["ACTIVE", "PAUSED", "ARCHIVED", "REMOVED"]},
            "isServing": BOOLEAN,
            "servingHoldReasons": {"type": "array", "items": TEXT},
            "content": {"type": "object", "minProperties": 1, "maxProperties": 1},
            "review": _object({"status": TEXT}),
            "isTest": BOOLEAN,
            "createdAt": MILLIS,
            "lastModifiedAt": MILLIS,
        }
    ),
}


@pytest.mark.parametrize("path", LINKEDIN_ROWS)
def test_linkedin_lists(box: Box, path: str) -> None:
    box.seed(LINKEDIN)
    finder = "criteria" if path == CREATIVES else "search"

    page = LinkedInClient(box).get(f"{path}?q={finder}&pageSize=1")

    rows = {"type": "array", "minItems": 1, "maxItems": 1, "items": LINKEDIN_ROWS[path]}
    jsonschema.validate(
        page, _object({"elements": rows, "metadata": _object({"nextPageToken": TEXT})})
    )


def test_linkedin_reports_and_errors(box: Box) -> None:
    box.seed(LINKEDIN, created_at=1790000000)
    linkedin = LinkedInClient(box)
    day = _object({"year": INTEGER, "month": INTEGER, "day": INTEGER})
    row = _object(
        {
            "dateRange": _object({"start": day, "end": day}),
            "pivotValues": {"type": "array", "minItems": 1, "items": TEXT},
            "impressions": INTEGER,
            "costInLocalCurrency": DECIMAL,
        }
    )
    error = _object(
        {"status": INTEGER, "code": TEXT, "message": TEXT},
        {"serviceErrorCode": INTEGER, "errorDetailType": TEXT, "errorDetails": {"type": "object"}},
    )
    fields = "fields=dateRange,pivotValues,impressions,costInLocalCurrency"
    query = f"q=analytics&pivot=CREATIVE&timeGranularity=DAILY&{WEEK}&{ACCOUNT}&{fields}"

    report = linkedin.get(f"adAnalytics?{query}")

    paging = _object({"start": INTEGER, "count": INTEGER, "links": {"type": "array"}})
    rows = {"type": "array", "minItems": 7, "items": row}
    jsonschema.validate(report, _object({"paging": paging, "elements": rows}))
    refused = [
        linkedin.call("adAccounts/9"),
        linkedin.call("adAnalytics?q=analytics"),
        linkedin.update(f"{CAMPAIGNS}/31", {"status": "ON"}),
    ]
    for answer in refused:
        jsonschema.validate(answer.json(), error)
