"""The client under all adapters: what counts as success, what may leak, where it may go."""

from __future__ import annotations

import logging
import traceback
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import httpx
import pytest

from campaigns.platforms.base import Change, EntityRef
from tests.campaigns.payloads import CANARY, Wire, answer, google, meta, tiktok
from workspaces.platforms import client as client_module
from workspaces.platforms.client import checked_base_url, retry_after
from workspaces.platforms.errors import ErrorKind, PlatformError
from workspaces.platforms.payload import clean, decimal, moment, parse_json, text, whole

PAUSE = Change(EntityRef("adset", "23001", "1"), "status", "paused")
HTML = "<html><body>Bad gateway</body></html>"


def write(given: httpx.Response | Exception) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        meta(Wire(given)).apply(PAUSE)
    return caught.value


def read(given: httpx.Response | Exception) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        meta(Wire(given)).read_account("1")
    return caught.value


@pytest.mark.parametrize(
    ("given", "on_write", "on_read"),
    [
        (httpx.ConnectError("no"), "transient", "transient"),
        (httpx.ConnectTimeout("no"), "transient", "transient"),
        (httpx.PoolTimeout("no"), "transient", "transient"),
        (httpx.ReadTimeout("no"), "unknown", "transient"),
        (httpx.WriteTimeout("no"), "unknown", "transient"),
        (httpx.ReadError("reset"), "unknown", "transient"),
        (httpx.WriteError("reset"), "unknown", "transient"),
        (httpx.RemoteProtocolError("truncated"), "unknown", "transient"),
        (httpx.DecodingError("bad gzip"), "unknown", "transient"),
    ],
)
def test_lost_call_is_unknown_only_where_it_may_have_worked(given, on_write, on_read):
    assert (write(given).kind, read(given).kind) == (on_write, on_read)


@pytest.mark.parametrize(
    ("status", "content", "on_write", "on_read"),
    [
        (200, "", "unknown", "unknown"),
        (200, HTML, "unknown", "unknown"),
        (200, '{"success": tr', "unknown", "unknown"),
        (200, "{}", "unknown", "unknown"),
        (200, "[]", "unknown", "unknown"),
        (200, "null", "unknown", "unknown"),
        (200, '{"success": false}', "unknown", "unknown"),
        (200, '{"success": "true"}', "unknown", "unknown"),
        (200, '{"success": 1}', "unknown", "unknown"),
        (500, '{"foo": 1}', "unknown", "transient"),
        (500, '{"success": true}', "unknown", "transient"),
        (502, HTML, "unknown", "transient"),
        (503, "", "unknown", "transient"),
        (404, HTML, "unknown", "unknown"),
        (429, HTML, "throttled", "throttled"),
        (401, "", "auth", "auth"),
        (302, '{"success": true}', "unknown", "unknown"),
        (200, '{"success": true, "error": {"code": 100}}', "invalid", "invalid"),
        (200, "[" * 100_000, "unknown", "unknown"),
        (200, '{"success": true, "x": NaN}', "unknown", "unknown"),
    ],
)
def test_only_a_clear_success_is_one(status, content, on_write, on_read):
    responses = [httpx.Response(status, text=content) for _ in range(2)]

    assert (write(responses[0]).kind, read(responses[1]).kind) == (on_write, on_read)


def test_redirect_is_not_followed():
    wire = Wire(httpx.Response(307, headers={"Location": "https://evil.example/"}))

    with pytest.raises(PlatformError, match="redirect"):
        meta(wire).apply(PAUSE)

    assert len(wire.requests) == 1


def test_nothing_is_retried_inside():
    wire = Wire(httpx.Response(503))

    with pytest.raises(PlatformError):
        meta(wire).read_entity(PAUSE.ref)

    assert len(wire.requests) == 1


def test_timeouts_are_explicit_and_longer_for_a_batch():
    wire = Wire(answer("meta/success"), answer("meta/batch_mixed"))
    adapter = meta(wire)

    adapter.apply(PAUSE)
    adapter.apply_batch([PAUSE])

    single, batch = (r.extensions["timeout"] for r in wire.requests)
    assert (single["connect"], single["read"]) == (3, 30)
    assert (batch["connect"], batch["read"]) == (3, 60)


class Dripping(httpx.SyncByteStream):
    """Always another byte, never the end."""

    def __iter__(self):
        while True:
            yield b" "


def test_answer_that_drips_ends_at_the_deadline(monkeypatch):
    ticks = iter(range(0, 1_000, 10))
    # Only the client's clock: the test runner needs the real one.
    clock = SimpleNamespace(monotonic=lambda: next(ticks))
    monkeypatch.setattr(client_module, "time", clock)

    assert write(httpx.Response(200, stream=Dripping())).kind == ErrorKind.UNKNOWN
    assert next(ticks) <= 60


def test_answer_without_end_is_cut(monkeypatch):
    monkeypatch.setattr(client_module, "MAX_BODY_BYTES", 1_000)

    assert write(httpx.Response(200, stream=Dripping())).kind == ErrorKind.UNKNOWN


@pytest.mark.parametrize(
    ("value", "seconds"), [("120", 120), ("0", 0), ("", None), ("soon", None), ("-5", None)]
)
def test_retry_after_in_seconds(value, seconds):
    assert retry_after(httpx.Headers({"Retry-After": value})) == seconds


@pytest.mark.parametrize(("told", "waits"), [(1e12, 86_400), (float("inf"), 86_400), (-1, 0)])
def test_whatever_a_platform_asks_for_it_is_asked_again_within_a_day(told, waits):
    assert PlatformError(ErrorKind.THROTTLED, "Later.", retry_after_s=told).retry_after_s == waits


def test_retry_after_as_a_date():
    long_ago = httpx.Headers({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"})

    assert retry_after(long_ago) == 0
    assert retry_after(httpx.Headers({"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"})) > 1e9


def test_throttled_error_carries_retry_after():
    assert write(httpx.Response(429, headers={"Retry-After": "90"})).retry_after_s == 90


@pytest.mark.parametrize(
    "url",
    [
        "http://graph.facebook.com",
        "http://127.0.0.1:8000",
        "https://127.0.0.1",
        "http://localhost:8000",
        "https://[::1]:8000",
        "https://app.localhost",
        "ftp://graph.facebook.com",
        "https://token@graph.facebook.com",
        "https://graph.facebook.com?x=1",
        "graph.facebook.com",
        "",
        "https://",
        "http://[::1",
    ],
)
def test_refused_base_urls(url):
    with pytest.raises(PlatformError, match="base URL of the connection is refused") as caught:
        checked_base_url(url, allow_loopback=False)

    assert (caught.value.kind, caught.value.field) == (ErrorKind.INVALID, "base_url")


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.1@evil.example",
        "http://10.0.0.1",
        "http://0.0.0.0",
    ],
)
def test_sandbox_permission_opens_loopback_only(url):
    with pytest.raises(PlatformError):
        checked_base_url(url, allow_loopback=True)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/", "http://localhost:1", "http://[::1]:1"])
def test_loopback_is_open_where_the_sandbox_is_allowed(url):
    assert checked_base_url(url, allow_loopback=True) == url.rstrip("/")


@pytest.mark.parametrize(
    "echo",
    [
        httpx.Response(400, json={"error": {"message": f"bad token {CANARY}", "code": 190}}),
        httpx.Response(400, json={"error": {"message": "x", "code": 1, "access_token": CANARY}}),
        httpx.Response(502, text=f"<pre>Authorization: Bearer {CANARY}</pre>"),
        httpx.Response(200, json={"success": False, "next": f"https://x/?access_token={CANARY}"}),
        httpx.Response(200, json={CANARY: [{"deep": [CANARY]}]}),
        httpx.Response(200, json={"code": 40105, "message": f"{CANARY} expired", "data": {}}),
        httpx.Response(401, json={"error": {"status": "UNAUTHENTICATED", "message": CANARY}}),
        httpx.Response(200, text="x" * 99_990 + CANARY),
        httpx.ReadError(f"reset with {CANARY}"),
    ],
)
@pytest.mark.parametrize("make", [meta, google, tiktok])
def test_token_is_in_no_exception_and_no_log(make, echo, caplog):
    wire = Wire(*([answer("google/token")] if make is google else []), echo)

    with caplog.at_level(logging.DEBUG), pytest.raises(PlatformError) as caught:
        make(wire).read_account("1")

    error = caught.value
    shown = "".join(traceback.format_exception(error)) + repr(vars(error)) + repr(error)
    assert CANARY not in shown + caplog.text
    assert error.__cause__ is None
    assert error.__context__ is None
    assert not any(CANARY in str(request.url) for request in wire.requests)


def test_token_is_not_in_receipts():
    body = {"success": True, "debug": f"Bearer {CANARY}", "paging": f"?access_token={CANARY}x"}

    receipt = meta(Wire(httpx.Response(200, json=body))).apply(PAUSE)

    assert CANARY not in repr(receipt)
    assert receipt.response["body"]["debug"] == "Bearer [removed]"


@pytest.mark.parametrize("token", ["", "  ", "two words", "line\nbreak", "ünï", "\x00"])
def test_impossible_token_is_refused_without_repeating_it(token):
    from campaigns.platforms.meta import Meta

    with pytest.raises(PlatformError) as caught:
        Meta(access_token=token)

    assert caught.value.kind == ErrorKind.AUTH
    assert not token.strip() or token.strip() not in caught.value.message


def test_white_space_around_a_pasted_token_does_no_harm():
    from campaigns.platforms.meta import Meta

    wire = Wire(answer("meta/account"))
    Meta(access_token=f" {CANARY}\n", transport=wire.transport).read_account("1")

    assert wire.requests[0].headers["authorization"] == f"Bearer {CANARY}"


def test_proxies_of_the_host_are_not_used(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    wire = Wire(answer("meta/insights"))

    rows = list(meta(wire).insights("1", date(2026, 11, 19), date(2026, 11, 20), "adset"))

    assert len(rows) == 2


def test_numbers_of_a_body_stay_exact():
    assert parse_json(b'{"budget": 138.37}') == {"budget": Decimal("138.37")}


def test_kept_values_are_plain_json_and_bounded():
    kept = clean({"a": Decimal("1.50"), "b": ["x" * 5_000], "c": None, "d": True}, ())

    assert kept == {"a": "1.50", "b": ["x" * 2_000], "c": None, "d": True}


@pytest.mark.parametrize(
    "value", ["1e999999999", "NaN", "Infinity", True, None, [], "abc", {"a": 1}]
)
def test_what_is_no_number_of_this_world_is_none(value):
    assert (decimal(value), whole(value), moment(value)) == (None, 0, None)


def test_text_can_be_stored_whatever_json_spelled():
    assert text(parse_json(b'"a\\u0000b\\ud800"')) == "ab?"
    assert clean(parse_json(b'["a\\u0000b\\ud800"]'), ()) == ["ab?"]


def test_url_encoded_secret_is_removed_too():
    assert clean("q=a%2Fb%3D", ("a/b=",)) == "q=[removed]"


def test_closing_gives_the_connections_back():
    adapter = meta(Wire())

    adapter.close()

    with pytest.raises(RuntimeError, match="closed"):
        adapter.read_account("1")
