"""All three adapters against the sandbox, over real HTTP, faults included."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import httpx
import pytest

from campaigns.platforms.base import Change, EntityRef, Platform, Receipt
from campaigns.platforms.registry import build
from sandbox.server import Sandbox
from workspaces.platforms.errors import ErrorKind, PlatformError

NOON = "2026-11-21T12:00:00+00:00"
ADS = {
    "301": {"cost_per_mille": 14, "click_rate": 0.014, "conversion_rate": 0.06, "saturation": 900}
}
TREE = [
    {
        "id": "101",
        "name": "By ad set",
        "budget_id": "501",
        "adsets": [
            {
                "id": "201",
                "name": "First set",
                "daily_budget": "120.00",
                "bid": "2.50",
                "ads": [{"id": "301", "name": "Good ad"}],
            },
            {"id": "202", "name": "Second set", "status": "paused", "daily_budget": "50.00"},
        ],
    },
    {"id": "102", "name": "Shares the budget", "budget_id": "501"},
]
WORLD = {
    kind: {
        "platform": kind,
        "id": "1001",
        "token": f"sandbox-{kind}-token",
        "timezone": "America/New_York",
        "traffic": {"ads": ADS},
        "campaigns": TREE,
        "budgets": [{"id": "501", "daily_budget": "90.00", "explicitly_shared": True}],
    }
    for kind in ("meta", "google", "tiktok")
}
ADSET = EntityRef("adset", "201", "1001")
OWNERS = {"meta": ADSET, "google": EntityRef("budget", "501", "1001"), "tiktok": ADSET}
KINDS = sorted(OWNERS)


class Box:
    """The sandbox as a test steers it, and an adapter for each platform in it."""

    def __init__(self, base_url: str) -> None:
        self._http = httpx.Client(base_url=f"{base_url}/_sandbox/", trust_env=False, verify=False)
        self._base_url = base_url
        self._built: list[Platform] = []

    def control(self, name: str, body: dict) -> None:
        self._http.post(name, json=body).raise_for_status()

    def fault(self, kind: str, **more: object) -> None:
        self.control("faults", {"kind": kind, "times": 1, **more})

    def effects(self, entity: str) -> list[str]:
        found = self._http.get("calls", params={"entity": entity}).json()["effects"]
        return [effect["new"] for effect in found]

    def adapter(self, kind: str, **more: object) -> Platform:
        token = f"sandbox-{kind}-token"
        google = {
            "client_id": "client",
            "client_secret": "secret",
            "refresh_token": token,
            "developer_token": "developer",
        }
        credentials = google if kind == "google" else {"access_token": token}
        adapter = build(
            kind, credentials=credentials, base_url=self._base_url, allow_loopback=True, **more
        )
        self._built.append(adapter)
        return adapter

    def close(self) -> None:
        self.control("release", {})
        self._http.close()
        for adapter in self._built:
            adapter.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("platforms") / "state.sqlite3") as sandbox:
        yield sandbox


@pytest.fixture
def box(server: Sandbox) -> Iterator[Box]:
    box = Box(server.base_url)
    box.control("reset", {})
    box.control("clock", {"set": NOON})
    box.control("seed", {"accounts": list(WORLD.values()), "created_at": 1_790_000_000})
    yield box
    box.close()


def raise_of(kind: str, value: str = "110.25") -> Change:
    return Change(OWNERS[kind], "daily_budget", Decimal(value), "USD")


def failure(adapter: Platform, change: Change) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        adapter.apply(change)
    return caught.value


@pytest.mark.parametrize("kind", KINDS)
def test_account_is_read(box, kind):
    account = box.adapter(kind).read_account("1001")

    assert (account.currency, account.timezone) == ("USD", "America/New_York")


@pytest.mark.parametrize("kind", KINDS)
def test_budget_is_changed_once_and_read_back(box, kind):
    adapter = box.adapter(kind)
    adapter.validate(raise_of(kind))
    assert box.effects(OWNERS[kind].external_id) == []

    adapter.apply(raise_of(kind))

    assert [Decimal(new) for new in box.effects(OWNERS[kind].external_id)] == [Decimal("110.25")]
    assert adapter.read_entity(OWNERS[kind]).holds(raise_of(kind))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level", ["campaign", "adset", "ad"])
def test_status_is_paused_and_resumed(box, kind, level):
    adapter = box.adapter(kind)
    ad_id = "201~301" if kind == "google" else "301"
    ref = EntityRef(level, {"campaign": "101", "adset": "201", "ad": ad_id}[level], "1001")

    for status in ("paused", "active"):
        adapter.apply(Change(ref, "status", status))
        assert adapter.read_entity(ref).status == status


@pytest.mark.parametrize("kind", KINDS)
def test_bid_is_changed(box, kind):
    adapter = box.adapter(kind)
    change = Change(ADSET, "bid", Decimal("3.75"), "USD")
    assert adapter.read_entity(ADSET).bid == Decimal("2.5")

    adapter.apply(change)

    assert adapter.read_entity(ADSET).holds(change)


@pytest.mark.parametrize("kind", KINDS)
def test_tree_is_listed_with_its_parents(box, kind):
    adapter = box.adapter(kind)

    found = {
        level: {state.ref.external_id: state for state in adapter.list_entities("1001", level)}
        for level in ("campaign", "adset", "ad")
    }

    assert set(found["campaign"]) == {"101", "102"}
    assert set(found["adset"]) == {"201", "202"}
    assert found["adset"]["202"].status == "paused"
    (ad,) = found["ad"].values()
    assert (ad.parent_campaign_id, ad.parent_adset_id) == ("101", "201")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level", ["campaign", "adset", "ad"])
def test_insights_agree_on_every_level(box, kind, level):
    adapter = box.adapter(kind)
    since, until = date(2026, 11, 11), date(2026, 11, 20)

    rows = list(adapter.insights("1001", since, until, level))
    of_ads = list(adapter.insights("1001", since, until, "ad"))

    assert {row.day for row in rows} == {date(2026, 11, day) for day in range(11, 21)}
    assert sum(row.spend for row in rows) == sum(row.spend for row in of_ads) > 0
    assert {row.currency for row in rows} == {"USD"}


def test_google_names_the_campaigns_that_share_a_budget(box):
    adapter = box.adapter("google")

    assert adapter.read_entity(OWNERS["google"]).budget_shared_by == ("101", "102")
    state = adapter.read_entity(EntityRef("campaign", "102", "1001"))
    assert (state.budget_ref, state.budget_shared_by) == (OWNERS["google"], ("101", "102"))


def test_tiktok_daily_budget_takes_effect_at_midnight(box):
    noon = datetime.fromisoformat(NOON)
    adapter = box.adapter("tiktok")

    adapter.apply(raise_of("tiktok"))

    before = adapter.read_entity(ADSET)
    assert (before.daily_budget, before.scheduled_daily_budget) == (
        Decimal(120),
        Decimal("110.25"),
    )
    assert adapter.earliest(raise_of("tiktok"), noon, UTC) is None
    box.control("clock", {"set": "2026-11-22T05:00:01+00:00"})
    after = adapter.read_entity(ADSET)
    assert (after.daily_budget, after.scheduled_daily_budget) == (Decimal("110.25"), None)


def test_meta_learning_state_is_reported(box):
    assert box.adapter("meta").read_entity(ADSET).learning is not None


# A write whose answer is lost or spoiled is never a success, and never surely a failure.


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("fault", "more", "landed"),
    [
        ("timeout_before_commit", {"commit": True, "hold_s": 0}, True),
        ("timeout_before_commit", {"hold_s": 0}, False),
        ("reset", {"commit": True}, True),
        ("reset", {}, False),
        ("truncated", {}, True),
        ("malformed", {}, True),
        ("empty", {}, True),
        ("http_502_html", {}, False),
        ("http_500", {}, False),
        ("success_false", {}, False),
    ],
)
def test_unclear_answer_is_settled_by_reading_back(box, kind, fault, more, landed):
    adapter = box.adapter(kind)
    adapter.read_account("1001")
    # By path: the searches of Google are POSTs too.
    paths = {"meta": "POST /v26.0/201", "google": ":mutate$", "tiktok": "budget/update"}
    box.fault(fault, path=paths[kind], **more)

    error = failure(adapter, raise_of(kind))

    assert error.kind == ErrorKind.UNKNOWN
    assert adapter.read_entity(OWNERS[kind]).holds(raise_of(kind)) is landed
    assert len(box.effects(OWNERS[kind].external_id)) == int(landed)


class Impatient(httpx.HTTPTransport):
    """Gives up reading after a quarter of a second instead of thirty."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions["timeout"]["read"] = 0.25
        return super().handle_request(request)


def test_real_timeout_of_a_write_is_unknown(box):
    adapter = box.adapter("meta", transport=Impatient(verify=False))
    box.fault("timeout_after_commit", method="POST")

    error = failure(adapter, Change(ADSET, "status", "paused"))

    assert (error.kind, "ReadTimeout" in error.message) == (ErrorKind.UNKNOWN, True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", ["http_502_html", "http_500", "reset", "truncated"])
def test_read_that_is_lost_may_simply_be_tried_again(box, kind, fault):
    adapter = box.adapter(kind)
    adapter.read_account("1001")
    box.fault(fault)

    with pytest.raises(PlatformError) as caught:
        adapter.read_entity(ADSET)

    assert caught.value.kind == ErrorKind.TRANSIENT
    assert adapter.read_entity(ADSET).name == "First set"


def test_nobody_listening_is_transient(box):
    adapter = build(
        "meta",
        credentials={"access_token": "t"},
        base_url="http://127.0.0.1:1",
        allow_loopback=True,
    )

    error = failure(adapter, Change(ADSET, "status", "paused"))

    assert (error.kind, "nothing was sent" in error.message) == (ErrorKind.TRANSIENT, True)


@pytest.mark.parametrize(
    ("kind", "fault", "more", "expected"),
    [
        ("meta", "meta_17", {}, "throttled"),
        ("meta", "meta_613_score", {}, "throttled"),
        ("meta", "meta_613_budget", {}, "entity_limit"),
        ("meta", "meta_80004", {"minutes": 7}, "throttled"),
        ("meta", "meta_190", {}, "auth"),
        ("meta", "meta_100", {"field": "daily_budget"}, "invalid"),
        ("meta", "meta_368", {}, "policy"),
        ("meta", "meta_1", {}, "transient"),
        ("meta", "http_429", {"retry_after_s": 33}, "throttled"),
        ("google", "google_partial_failure", {"index": 0}, "transient"),
        ("google", "http_429", {}, "throttled"),
        ("tiktok", "tiktok_code", {"code": 20001}, "unknown"),
        ("tiktok", "tiktok_code", {"code": 40100}, "throttled"),
        ("tiktok", "tiktok_code", {"code": 40105}, "auth"),
        ("tiktok", "tiktok_code", {"code": 50000}, "transient"),
    ],
)
def test_injected_error_has_its_kind(box, kind, fault, more, expected):
    adapter = box.adapter(kind)
    adapter.read_account("1001")
    box.fault(fault, **more)

    error = failure(adapter, raise_of(kind))

    assert error.kind == expected
    waits = {"meta_80004": 420, "meta_613_budget": 3600}
    waits["http_429"] = more.get("retry_after_s")
    if fault in waits:
        assert error.retry_after_s == waits[fault]
    assert box.effects(OWNERS[kind].external_id) == []


def test_fifth_budget_change_in_an_hour_hits_the_entity_limit(box):
    adapter = box.adapter("meta")
    for value in ("121", "122", "123", "124"):
        adapter.apply(raise_of("meta", value))

    error = failure(adapter, raise_of("meta", "125"))

    assert (error.kind, error.retry_after_s) == (ErrorKind.ENTITY_LIMIT, 3600)
    assert len(box.effects("201")) == 4


def test_usage_of_96_per_cent_is_seen(box):
    adapter = box.adapter("meta")
    adapter.read_account("1001")
    box.fault("usage", pct=96)

    receipt = adapter.apply(raise_of("meta"))

    assert (receipt.usage.pct, adapter.usage.pct) == (96, 96)


@pytest.mark.parametrize("kind", KINDS)
def test_missing_entity_is_gone(box, kind):
    with pytest.raises(PlatformError) as caught:
        box.adapter(kind).read_entity(EntityRef("adset", "999", "1001"))

    assert caught.value.kind == ErrorKind.GONE


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_token_is_an_auth_error(box, kind):
    box.control("seed", {"accounts": [WORLD[kind] | {"token": "changed"}]})

    with pytest.raises(PlatformError) as caught:
        box.adapter(kind).read_account("1001")

    assert caught.value.kind == ErrorKind.AUTH


def test_batch_element_that_was_not_run_is_told_apart(box):
    changes = [raise_of("meta"), Change(EntityRef("ad", "301", "1001"), "status", "paused")]
    box.fault("meta_batch_null", index=1, method="POST")

    done, not_run = box.adapter("meta").apply_batch(changes)

    assert isinstance(done, Receipt)
    assert not_run.kind == ErrorKind.TRANSIENT
    assert (len(box.effects("201")), box.effects("301")) == (1, [])


def test_google_batch_keeps_the_good_one(box):
    changes = [
        Change(EntityRef("adset", "202", "1001"), "status", "active"),
        Change(EntityRef("adset", "201", "1001"), "status", "paused"),
    ]
    box.fault("google_partial_failure", index=1, path=":mutate$")

    done, failed = box.adapter("google").apply_batch(changes)

    assert isinstance(done, Receipt)
    assert failed.kind == ErrorKind.TRANSIENT
    assert (box.effects("202"), box.effects("201")) == (["active"], [])


@pytest.mark.parametrize("kind", KINDS)
def test_several_are_read_as_each_alone(box, kind):
    adapter = box.adapter(kind)
    refs = [EntityRef("adset", "202", "1001"), EntityRef("campaign", "101", "1001"), ADSET]

    assert adapter.read_entities(refs) == [adapter.read_entity(ref) for ref in refs]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("missing", ["999", "no such id!"])
def test_one_that_is_not_there_spoils_no_other(box, kind, missing):
    refs = [ADSET, EntityRef("adset", missing, "1001"), EntityRef("adset", "202", "1001")]

    first, gone, last = box.adapter(kind).read_entities(refs)

    assert (first.ref, last.ref) == (ADSET, refs[2])
    assert gone.kind in (ErrorKind.GONE, ErrorKind.INVALID)


class Counting(httpx.HTTPTransport):
    """Counts the requests that leave."""

    count = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.count += 1
        return super().handle_request(request)


# Google is also asked who shares the budgets.
@pytest.mark.parametrize(("kind", "requests"), [("meta", 1), ("google", 2)])
def test_reading_several_is_a_request_or_two(box, kind, requests):
    wire = Counting()
    adapter = box.adapter(kind, transport=wire)
    adapter.read_account("1001")
    before = wire.count

    adapter.read_entities([ADSET, EntityRef("adset", "202", "1001")])

    assert wire.count == before + requests
