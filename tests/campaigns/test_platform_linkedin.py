"""LinkedIn's adapter against the sandbox over HTTP: it reads, in LinkedIn's words and money."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import httpx
import pytest

from campaigns.platforms.base import Change, EntityRef, EntityState
from campaigns.platforms.linkedin import LinkedIn
from campaigns.platforms.registry import KINDS, build, executes, takes_batches
from sandbox.server import Sandbox
from tests.campaigns.payloads import CANARY, Wire
from workspaces.platforms.errors import ErrorKind, PlatformError

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
AD = {"cost_per_mille": 40, "click_rate": 0.012, "conversion_rate": 0.05, "saturation": 900}
TREE = [
    {
        "id": "101",
        "name": "Leaders",
        "objective": "LEAD_GENERATION",
        "adsets": [
            {
                "id": "201",
                "name": "CFOs",
                "daily_budget": "120.00",
                "bid": "12.50",
                "bid_strategy": "MAX_CLICK",
                "starts_on": "2026-10-01",
                "ads": [
                    {"id": "301", "name": "Close faster", "creative": {"id": "9", "title": "Now"}},
                    {"id": "302", "status": "paused"},
                ],
            },
            {"id": "202", "status": "paused", "lifetime_budget": "900.00"},
        ],
    },
    {"id": "102", "daily_budget": "300.00", "adsets": [{"id": "203", "ads": [{"id": "303"}]}]},
]
ACCOUNT = {
    "platform": "linkedin",
    "id": "5001",
    "name": "B2B",
    "token": CANARY,
    "currency": "EUR",
    "traffic": {"ads": {"301": AD, "303": AD}},
    "campaigns": TREE,
}
GROUP, CAMPAIGN = EntityRef("campaign", "101", "5001"), EntityRef("adset", "201", "5001")
CREATIVE = EntityRef("ad", "301", "5001")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("linkedin") / "state.sqlite3") as sandbox:
        yield sandbox


@pytest.fixture
def box(server: Sandbox) -> Sandbox:
    server.control("reset", {})
    server.control("clock", {"set": NOON.isoformat()})
    server.control("seed", {"accounts": [ACCOUNT], "created_at": 1_790_000_000})
    return server


@pytest.fixture
def connect(box: Sandbox) -> Iterator[Callable[..., LinkedIn]]:
    opened: list[LinkedIn] = []

    def connect(**options: object) -> LinkedIn:
        options = {"access_token": CANARY, "base_url": box.base_url, **options}
        opened.append(LinkedIn(allow_loopback=True, **options))
        return opened[-1]

    yield connect
    for adapter in opened:
        adapter.close()


def refused(call: Callable[[], object]) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        call()
    assert CANARY not in caught.value.message
    return caught.value


def test_account_counts_days_in_utc(connect):
    account = connect().read_account("5001")

    assert (account.external_id, account.name, account.currency) == ("5001", "B2B", "EUR")
    assert (account.timezone, account.status) == ("UTC", "active")


def test_campaign_is_our_ad_set(connect):
    state = connect().read_entity(CAMPAIGN)

    assert (state.name, state.status, state.effective_status) == ("CFOs", "active", "RUNNABLE")
    assert (state.daily_budget, state.lifetime_budget) == (Decimal(120), None)
    assert (state.bid, state.bid_strategy, state.currency) == (Decimal("12.5"), "MAX_CLICK", "EUR")
    assert (state.budget_ref, state.parent_campaign_id) == (CAMPAIGN, "101")
    assert (state.starts_on, state.ends_on) == (date(2026, 10, 1), None)


def test_group_is_our_campaign_and_may_own_the_budget(connect):
    adapter = connect()

    groups = {state.ref.external_id: state for state in adapter.list_entities("5001", "campaign")}
    below = adapter.read_entity(EntityRef("adset", "203", "5001"))

    assert groups["101"].objective == "LEAD_GENERATION"
    assert (groups["101"].daily_budget, groups["101"].budget_ref) == (None, None)
    assert groups["102"].daily_budget == Decimal(300)
    assert (below.daily_budget, below.budget_ref) == (None, groups["102"].ref)


def test_creative_is_our_ad_and_knows_its_group(connect):
    state = connect().read_entity(CREATIVE)

    assert (state.ref, state.name, state.status) == (CREATIVE, "Close faster", "active")
    assert (state.parent_adset_id, state.parent_campaign_id) == ("201", "101")
    assert state.creative is not None
    assert state.creative.headline == "Now"


def test_lists_go_through_all_pages(box, connect):
    box.control("settings", {"linkedin_page_size": 1})
    adapter = connect()

    found = [
        [(state.ref.external_id, state.status) for state in adapter.list_entities("5001", level)]
        for level in ("campaign", "adset", "ad")
    ]

    assert found == [
        [("101", "active"), ("102", "active")],
        [("201", "active"), ("202", "paused"), ("203", "active")],
        [("301", "active"), ("302", "paused"), ("303", "active")],
    ]


def test_several_are_read_each_with_its_own_answer(connect):
    gone = EntityRef("adset", "999", "5001")

    first, second = connect().read_entities([CAMPAIGN, gone])

    assert isinstance(first, EntityState)
    assert isinstance(second, PlatformError)
    assert second.kind == ErrorKind.GONE


def test_paused_parent_shows_in_the_effective_status(box, connect):
    box.control("edit", {"platform": "linkedin", "id": "101", "status": "paused"})

    state = connect().read_entity(CREATIVE)

    assert (state.status, state.effective_status) == ("active", "CAMPAIGN_GROUP_STATUS_HOLD")


@pytest.mark.parametrize(
    ("currency", "wire", "step"),
    [("JPY", "12000", 1), ("EUR", "12000.50", "0.01"), ("HUF", "12000.00", 1)],
)
def test_money_is_a_decimal_of_the_currency(box, connect, currency, wire, step):
    account = ACCOUNT | {"currency": currency, "campaigns": [{"id": "1", "daily_budget": wire}]}
    box.control("seed", {"accounts": [account], "created_at": 1_790_000_000})
    adapter = connect()

    state = adapter.read_entity(EntityRef("campaign", "1", "5001"))

    assert (state.daily_budget, state.currency) == (Decimal(wire), currency)
    assert adapter.money_step(currency) == Decimal(step)


def test_amount_in_another_currency_is_not_believed():
    account = {"id": 5001, "currency": "EUR", "status": "ACTIVE"}
    budget = {"amount": "120.00", "currencyCode": "USD"}
    row = {"id": 201, "status": "ACTIVE", "dailyBudget": budget}
    wire = Wire(httpx.Response(200, json=account), httpx.Response(200, json=row))
    adapter = LinkedIn(access_token=CANARY, transport=wire.transport)

    error = refused(lambda: adapter.read_entity(CAMPAIGN))

    assert (error.kind, "dailyBudget as an amount in EUR" in error.message) == ("unknown", True)


def test_insights_of_all_levels_agree(connect):
    adapter = connect()
    since, until = date(2026, 10, 1), date(2026, 11, 20)

    rows = {
        level: list(adapter.insights("5001", since, until, level))
        for level in ("campaign", "adset", "ad")
    }

    spent = {level: sum(row.spend for row in found) for level, found in rows.items()}
    assert spent["campaign"] == spent["adset"] == spent["ad"] > 51 * 100
    first = rows["ad"][0]
    assert (first.day, first.campaign_id, first.adset_id, first.ad_id) == (
        date(2026, 10, 1),
        "101",
        "201",
        "301",
    )
    assert first.currency == "EUR"
    assert first.impressions >= first.reach > first.clicks > 0


def test_conversions_are_those_of_the_chosen_metric(connect):
    def total(**options: str) -> Decimal:
        found = connect(**options).insights("5001", date(2026, 11, 1), date(2026, 11, 20), "ad")
        return sum((row.conversions for row in found), Decimal(0))

    assert total(conversion_metric="oneClickLeads") > total() > 0


def test_report_that_one_answer_cannot_hold_is_asked_for_in_parts(box, connect):
    box.control("settings", {"linkedin_report_rows": 8})
    since, until = date(2026, 11, 1), date(2026, 11, 20)

    rows = list(connect(most_report_rows=8).insights("5001", since, until, "ad"))

    days = {since + timedelta(days=back) for back in range(20)}
    assert {row.day for row in rows} == days
    assert len(rows) == 2 * len(days)


def test_day_that_one_answer_cannot_hold_is_an_error(box, connect):
    box.control("settings", {"linkedin_report_rows": 1})
    day = date(2026, 11, 1)

    error = refused(lambda: list(connect(most_report_rows=1).insights("5001", day, day, "ad")))

    assert "too many ads" in error.message


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (401, ErrorKind.AUTH, "Authorise the LinkedIn connection again"),
        (403, ErrorKind.PERMISSION, "role in this ad account"),
        (404, ErrorKind.GONE, "sync the account"),
        (422, ErrorKind.INVALID, "Check the id"),
        (426, ErrorKind.POLICY, "enter a newer one"),
        (429, ErrorKind.THROTTLED, "midnight UTC"),
        (500, ErrorKind.TRANSIENT, "tried again"),
        (503, ErrorKind.TRANSIENT, "tried again"),
    ],
)
def test_statuses_have_their_kinds(box, connect, status, kind, words):
    box.control("faults", {"kind": "linkedin_status", "code": status, "times": 1})

    error = refused(lambda: connect().read_account("5001"))

    assert error.kind == kind
    assert words in error.message
    assert error.retry_after_s is None


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("http_500", ErrorKind.TRANSIENT),
        ("http_502_html", ErrorKind.TRANSIENT),
        ("http_429", ErrorKind.THROTTLED),
        ("empty", ErrorKind.UNKNOWN),
        ("malformed", ErrorKind.UNKNOWN),
        ("success_false", ErrorKind.UNKNOWN),
        ("truncated", ErrorKind.TRANSIENT),
        ("reset", ErrorKind.TRANSIENT),
    ],
)
def test_broken_answers_are_never_taken_for_data(box, connect, fault, kind):
    box.control("faults", {"kind": fault, "times": 1})

    assert refused(lambda: connect().read_account("5001")).kind == kind


def test_retired_version_says_what_to_do(connect):
    error = refused(lambda: connect(api_version="202511").read_account("5001"))

    assert (error.kind, error.provider_code) == (ErrorKind.POLICY, "NONEXISTENT_VERSION")
    assert "20251101 is not active" in error.message
    assert "enter a newer one (year and month" in error.message


@pytest.mark.parametrize("version", ["2026-09", "202613", "v202609", "latest"])
def test_impossible_version_is_refused_before_any_call(version):
    error = refused(lambda: LinkedIn(access_token=CANARY, api_version=version))

    assert (error.kind, error.field) == (ErrorKind.INVALID, "api_version")


def test_foreign_token_and_account_are_told_apart(connect):
    assert refused(lambda: connect(access_token="x").read_account("5001")).kind == ErrorKind.AUTH
    assert refused(lambda: connect().read_account("5002")).kind == ErrorKind.PERMISSION
    strange = EntityRef("adset", "1/../2", "5001")
    assert refused(lambda: connect().read_entity(strange)).kind == ErrorKind.INVALID


def test_headers_and_query_travel_as_restli_wants_them():
    account = {"id": 5001, "currency": "EUR", "status": "ACTIVE"}
    wire = Wire(httpx.Response(200, json=account), httpx.Response(200, json={"elements": []}))
    adapter = LinkedIn(access_token=CANARY, transport=wire.transport)

    assert list(adapter.insights("5001", date(2026, 11, 1), date(2026, 11, 2), "campaign")) == []

    request = wire.requests[-1]
    query = request.url.query.decode()
    assert str(request.url).startswith("https://api.linkedin.com/rest/adAnalytics?q=statistics")
    assert "pivots=List(CAMPAIGN_GROUP)" in query
    assert "accounts=List(urn%3Ali%3AsponsoredAccount%3A5001)" in query
    days = "(start:(year:2026,month:11,day:1),end:(year:2026,month:11,day:2))"
    assert f"dateRange={days}" in query
    assert request.headers["authorization"] == f"Bearer {CANARY}"
    assert request.headers["linkedin-version"] == "202609"
    assert request.headers["x-restli-protocol-version"] == "2.0.0"


def test_nothing_is_ever_written(box, connect):
    adapter = connect()
    change = Change(CAMPAIGN, "daily_budget", Decimal(130), "EUR")

    for write in (adapter.apply, adapter.validate, lambda one: adapter.apply_batch([one])):
        assert "tick it off" in refused(lambda write=write: write(change)).message

    assert adapter.read_entity(CAMPAIGN).daily_budget == Decimal(120)
    assert adapter.earliest(change, NOON, UTC) is None


def test_registry_and_adapters_agree_on_what_they_do():
    credentials = {"access_token": "t", "client_id": "c", "client_secret": "s"}
    credentials |= {"refresh_token": "r", "developer_token": "d"}

    adapters = {kind: build(kind, credentials=credentials) for kind in KINDS}

    told = {kind: adapter.executes for kind, adapter in adapters.items()}
    assert told == {kind: executes(kind) for kind in KINDS}
    assert [kind for kind, does in told.items() if not does] == ["linkedin"]
    batches = {kind: adapter.max_batch > 1 for kind, adapter in adapters.items()}
    assert batches == {kind: takes_batches(kind) for kind in KINDS}
