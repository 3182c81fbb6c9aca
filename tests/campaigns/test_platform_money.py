"""Money reaches each platform in its own unit, exactly, or not at all."""

from __future__ import annotations

from decimal import Decimal

import httpx
import pytest

from campaigns.platforms.adapter import THREE_DECIMAL_CURRENCIES
from campaigns.platforms.base import Change, EntityRef
from tests.campaigns.payloads import Wire, answer, google, meta, payload, tiktok
from workspaces.platforms.errors import ErrorKind, PlatformError

REFS = {
    "meta": EntityRef("adset", "23001", "1"),
    "google": EntityRef("budget", "5", "1234567890"),
    "tiktok": EntityRef("adset", "8001", "7001"),
}


def meta_account(currency: str, **extra: object) -> httpx.Response:
    return httpx.Response(200, json=payload("meta/account") | {"currency": currency} | extra)


def google_account(currency: str) -> httpx.Response:
    body = payload("google/customer")
    body["results"][0]["customer"]["currencyCode"] = currency
    return httpx.Response(200, json=body)


def tiktok_account(currency: str) -> httpx.Response:
    body = payload("tiktok/advertiser")
    body["data"]["list"][0]["currency"] = currency
    return httpx.Response(200, json=body)


def budget(platform: str, value: str, currency: str) -> Change:
    return Change(REFS[platform], "daily_budget", Decimal(value), currency)


@pytest.mark.parametrize(
    ("currency", "entered", "wire_value"),
    [
        ("JPY", "5000", "5000"),
        ("HUF", "5000", "5000"),
        ("TWD", "5000", "5000"),
        ("USD", "5000", "500000"),
        ("USD", "5000.00", "500000"),
        ("EUR", "0.01", "1"),
        ("CHF", "138.37", "13837"),
        *((code, "7", "7") for code in ("CLP", "COP", "CRC", "IDR", "ISK", "KRW", "PYG", "VND")),
        ("UGX", "7", "700"),
    ],
)
def test_meta_counts_by_its_own_offsets(currency, entered, wire_value):
    wire = Wire(meta_account(currency), answer("meta/success"))

    meta(wire).apply(budget("meta", entered, currency))

    assert wire.form() == {"daily_budget": wire_value}


@pytest.mark.parametrize(
    ("currency", "entered", "micros"),
    [
        ("JPY", "5000", "5000000000"),
        ("HUF", "5000", "5000000000"),
        ("TWD", "5000", "5000000000"),
        ("USD", "5000", "5000000000"),
        ("USD", "12.34", "12340000"),
        ("USD", "0.01", "10000"),
    ],
)
def test_google_takes_micros_as_text(currency, entered, micros):
    wire = Wire(answer("google/token"), google_account(currency), answer("google/mutated_budget"))

    google(wire).apply(budget("google", entered, currency))

    (operation,) = wire.json()["operations"]
    assert operation["updateMask"] == "amountMicros"
    assert operation["update"]["amountMicros"] == micros


@pytest.mark.parametrize(
    ("currency", "entered", "number"),
    [
        ("JPY", "5000", 5000),
        ("HUF", "5000", 5000),
        ("TWD", "5000", 5000),
        ("USD", "5000", 5000),
        ("USD", "138.37", 138.37),
        ("USD", "0.29", 0.29),
    ],
)
def test_tiktok_takes_decimals(currency, entered, number):
    wire = Wire(tiktok_account(currency), answer("tiktok/ok"))

    tiktok(wire).apply(budget("tiktok", entered, currency))

    assert wire.json()["scheduled_budget"] == [{"adgroup_id": "8001", "scheduled_budget": number}]


@pytest.mark.parametrize("currency", sorted(THREE_DECIMAL_CURRENCIES))
def test_three_decimal_currency_is_refused_in_words(currency):
    no_such_field = httpx.Response(400, json={"error": {"message": "no field", "code": 100}})
    wire = Wire(meta_account(currency), no_such_field)
    adapter = meta(wire)

    with pytest.raises(PlatformError, match=f"Meta's unit for {currency} is not known") as caught:
        adapter.apply(budget("meta", "5", currency))

    assert caught.value.kind == ErrorKind.INVALID
    assert [r.method for r in wire.requests] == ["GET", "GET"]
    with pytest.raises(PlatformError, match="until the ad account reports its currency offset"):
        adapter.money_step(currency)


def test_three_decimal_currency_is_taken_once_the_account_reports_its_offset():
    offset = httpx.Response(200, json={"id": "act_1", "currency_offset": 1000})
    wire = Wire(meta_account("KWD"), offset, answer("meta/success"))
    adapter = meta(wire)

    adapter.apply(budget("meta", "5.125", "KWD"))

    assert wire.query(1) == {"fields": "currency_offset"}
    assert wire.form() == {"daily_budget": "5125"}
    assert adapter.money_step("KWD") == Decimal("0.001")


def test_fault_while_asking_for_the_offset_is_not_taken_for_no_offset():
    wire = Wire(meta_account("KWD"), httpx.Response(500, json={"error": {"code": 2}}))

    with pytest.raises(PlatformError) as caught:
        meta(wire).read_account("1")

    assert caught.value.kind == ErrorKind.TRANSIENT


def test_ordinary_account_is_not_asked_for_a_field_it_may_lack():
    wire = Wire(meta_account("USD"))

    assert meta(wire).read_account("1").money_offset is None
    assert len(wire.requests) == 1


@pytest.mark.parametrize("make", [meta, google, tiktok])
@pytest.mark.parametrize(("currency", "step"), [("USD", "0.01"), ("JPY", "1"), ("HUF", "1")])
def test_money_step(make, currency, step):
    assert make(Wire()).money_step(currency) == Decimal(step)


@pytest.mark.parametrize("make", [meta, google, tiktok])
@pytest.mark.parametrize("currency", ["", "usd", "US", "EURO", "$"])
def test_what_is_no_currency_has_no_step(make, currency):
    with pytest.raises(PlatformError, match="is not a currency code"):
        make(Wire()).money_step(currency)


@pytest.mark.parametrize(
    ("value", "currency", "words"),
    [
        (Decimal("50.005"), "USD", "not a multiple of 0.01"),
        (Decimal("0"), "USD", "not an amount between"),
        (Decimal("-5"), "USD", "not an amount between"),
        (Decimal("NaN"), "USD", "not an amount between"),
        (Decimal("Infinity"), "USD", "not an amount between"),
        (Decimal("1e40"), "USD", "not an amount between"),
        ("50", "USD", "not an amount between"),
        (Decimal("50"), "EUR", "the account counts in USD"),
        (Decimal("50"), "", "the account counts in USD"),
    ],
)
@pytest.mark.parametrize("platform", ["meta", "google", "tiktok"])
def test_amount_that_cannot_be_sent_as_signed_is_never_sent(platform, value, currency, words):
    wire = Wire(*_accounts(platform))
    make = {"meta": meta, "google": google, "tiktok": tiktok}[platform]

    with pytest.raises(PlatformError, match=words) as caught:
        make(wire).apply(Change(REFS[platform], "daily_budget", value, currency))

    assert caught.value.kind == ErrorKind.INVALID
    assert wire.answers == []


def _accounts(platform: str) -> list[httpx.Response]:
    if platform == "google":
        return [answer("google/token"), google_account("USD")]
    return [meta_account("USD") if platform == "meta" else tiktok_account("USD")]


def test_yen_have_no_fractions():
    with pytest.raises(PlatformError, match="not a multiple of 1"):
        meta(Wire(meta_account("JPY"))).apply(budget("meta", "50.5", "JPY"))
