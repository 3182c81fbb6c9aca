"""Every code of the platforms maps to one kind, by code and never by text."""

from __future__ import annotations

import httpx
import pytest

from campaigns.platforms import google_wire, meta_wire
from tests.campaigns.payloads import Wire, answer, meta, tiktok
from workspaces.platforms.errors import ErrorKind, PlatformError

META = [
    *((str(code), "", "throttled") for code in (4, 17, 32, 341, 613, *range(80000, 80015))),
    ("17", "2446079", "throttled"),
    ("17", "1885172", "throttled"),
    ("613", "1487742", "throttled"),
    ("613", "5044001", "throttled"),
    ("613", "1487225", "throttled"),
    ("4", "1504022", "throttled"),
    ("613", "1487632", "entity_limit"),
    ("1", "", "transient"),
    ("2", "", "transient"),
    *(("190", sub, "auth") for sub in ("", "458", "459", "460", "463", "464", "467", "492")),
    ("102", "", "auth"),
    *((str(code), "", "permission") for code in (3, 10, 200, 273, 294, 299)),
    ("100", "", "invalid"),
    ("100", "1487901", "invalid"),
    ("1487901", "", "invalid"),
    ("1487056", "", "invalid"),
    ("2635", "", "invalid"),
    ("100", "33", "gone"),
    ("803", "", "gone"),
    ("368", "", "policy"),
    ("79999", "", "unknown"),
    ("80015", "", "unknown"),
    ("300", "", "unknown"),
    ("", "", "unknown"),
]
GOOGLE = [
    ("quotaError", "RESOURCE_EXHAUSTED", "throttled"),
    ("quotaError", "RESOURCE_TEMPORARILY_EXHAUSTED", "throttled"),
    ("quotaError", "EXCESSIVE_SHORT_TERM_QUERY_RESOURCE_CONSUMPTION", "throttled"),
    ("quotaError", "EXCESSIVE_LONG_TERM_QUERY_RESOURCE_CONSUMPTION", "throttled"),
    ("", "RESOURCE_EXHAUSTED", "throttled"),
    ("internalError", "INTERNAL_ERROR", "transient"),
    ("internalError", "TRANSIENT_ERROR", "transient"),
    ("internalError", "DEADLINE_EXCEEDED", "transient"),
    ("databaseError", "CONCURRENT_MODIFICATION", "transient"),
    ("", "UNAVAILABLE", "transient"),
    ("", "INTERNAL", "transient"),
    ("", "UNAUTHENTICATED", "auth"),
    ("authenticationError", "OAUTH_TOKEN_EXPIRED", "auth"),
    ("authorizationError", "USER_PERMISSION_DENIED", "permission"),
    ("authorizationError", "CUSTOMER_NOT_ENABLED", "permission"),
    ("", "PERMISSION_DENIED", "permission"),
    ("campaignBudgetError", "NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT", "invalid"),
    ("fieldError", "REQUIRED", "invalid"),
    ("", "INVALID_ARGUMENT", "invalid"),
    ("mutateError", "RESOURCE_NOT_FOUND", "gone"),
    ("", "NOT_FOUND", "gone"),
    ("policyFindingError", "POLICY_FINDING", "policy"),
    ("policyViolationError", "POLICY_ERROR", "policy"),
    ("requestError", "UNKNOWN", "unknown"),
    ("", "", "unknown"),
]
TIKTOK = [
    *((code, "throttled") for code in (40100, 40016, 40132, 40133)),
    *((code, "transient") for code in (50000, 51000, 51305, 51999)),
    *((code, "auth") for code in (40102, 40104, 40105)),
    (40001, "permission"),
    (40002, "invalid"),
    (40007, "gone"),
    (40300, "policy"),
    (20001, "unknown"),
    (40999, "unknown"),
    (52000, "unknown"),
]


@pytest.mark.parametrize(("code", "subcode", "kind"), META)
def test_meta_code(code, subcode, kind):
    error = {"message": "x", "code": int(code or 0) or None, "error_subcode": subcode or None}

    caught = _read(meta, httpx.Response(400, json={"error": error}))

    assert caught.kind == kind
    assert (caught.provider_code, caught.provider_subcode) == (code, subcode)


@pytest.mark.parametrize(("group", "code", "kind"), GOOGLE)
def test_google_code(group, code, kind):
    assert google_wire.kind_of(code, group) == kind


@pytest.mark.parametrize(("code", "kind"), TIKTOK)
def test_tiktok_code_counts_although_http_says_200(code, kind):
    body = {"code": code, "message": "no", "request_id": "rq", "data": {}}

    caught = _read(tiktok, httpx.Response(200, json=body))

    assert (caught.kind, caught.provider_code, caught.trace_id) == (kind, str(code), "rq")


def _read(adapter, response):
    with pytest.raises(PlatformError) as caught:
        adapter(Wire(response)).read_account("1")
    return caught.value


def test_transient_flag_of_meta_counts_below_the_narrow_codes():
    assert meta_wire.kind_of("100", "", is_transient=True) == ErrorKind.TRANSIENT
    assert meta_wire.kind_of("17", "", is_transient=True) == ErrorKind.THROTTLED
    assert meta_wire.kind_of("190", "", is_transient=True) == ErrorKind.AUTH


def test_blocked_ad_set_waits_an_hour():
    error = {"message": "limit", "code": 613, "error_subcode": 1487632}

    assert _read(meta, httpx.Response(400, json={"error": error})).retry_after_s == 3600


def test_throttled_account_waits_the_minutes_of_the_header():
    use = '{"77":[{"type":"ads_management","call_count":100,"estimated_time_to_regain_access":19}]}'
    response = httpx.Response(
        400,
        json={"error": {"message": "slow", "code": 80004}},
        headers={"X-Business-Use-Case-Usage": use},
    )

    caught = _read(meta, response)

    assert (caught.kind, caught.retry_after_s, caught.usage.pct) == ("throttled", 19 * 60, 100)


def test_expired_version_says_so():
    body = {"error": {"message": "deprecated", "code": 2635}}

    assert "set a newer one" in _read(meta, httpx.Response(400, json=body)).message


@pytest.mark.parametrize("data", [[["daily_budget"]], '{"blame_field_specs":[["daily_budget"]]}'])
def test_blamed_field_is_found_in_both_forms(data):
    data = data if isinstance(data, str) else {"blame_field_specs": data}
    body = {"error": {"message": "x", "code": 100, "error_data": data}}

    assert _read(meta, httpx.Response(400, json=body)).field == "daily_budget"


def test_usage_is_the_highest_of_all_headers():
    usage = meta_wire.usage_of(
        httpx.Headers(
            {
                "X-App-Usage": '{"call_count":28,"total_time":25,"total_cputime":31}',
                "X-Ad-Account-Usage": '{"acc_id_util_pct":96.5,"reset_time_duration":120}',
                "X-FB-Ads-Insights-Throttle": '{"app_id_util_pct":40.1,"acc_id_util_pct":12}',
                "X-Business-Use-Case-Usage": '{"1":[{"call_count":5}],"2":[{"total_time":80}]}',
            }
        )
    )

    assert (usage.pct, usage.reset_after_s) == (96.5, 120)


@pytest.mark.parametrize("value", ["", "nonsense", "[]", '{"call_count":"many"}', "null"])
def test_unreadable_usage_header_means_low_usage(value):
    usage = meta_wire.usage_of({"x-app-usage": value, "x-business-use-case-usage": value})

    assert (usage.pct, usage.reset_after_s) == (0, None)


def test_usage_of_a_good_answer_is_kept_on_the_adapter():
    adapter = meta(Wire(answer("meta/account", x_app_usage='{"call_count":76}')))

    adapter.read_account("1")

    assert adapter.usage.pct == 76


def test_server_fault_in_the_envelope_is_transient():
    body = {"error": {"message": "An unknown error occurred", "code": 99}}

    assert _read(meta, httpx.Response(500, json=body)).kind == ErrorKind.TRANSIENT
