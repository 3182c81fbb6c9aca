"""The product's own adapters over HTTP against the sandbox, in the world of the demo."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from decimal import Decimal

import pytest

from campaigns.platforms.base import Change, EntityLevel, Platform
from campaigns.platforms.registry import build
from tests.sandbox.conftest import Box
from workspaces.platforms.errors import ErrorKind, PlatformError

ACCOUNTS = {"meta": "4400110022", "google": "5510220033", "tiktok": "7001100220033"}
SINCE, UNTIL = date(2026, 11, 1), date(2026, 11, 20)


@pytest.fixture
def connect(box: Box) -> Iterator[Callable[[str], Platform]]:
    box.control("seed", {"world": "ptd_fitness"})
    opened = []

    def connect(kind: str) -> Platform:
        token = f"sandbox-{kind}-ptd-fitness"
        credentials = {"access_token": token, "refresh_token": token}
        credentials |= {"client_id": "c", "client_secret": "secret", "developer_token": "dev"}
        platform = build(kind, credentials=credentials, base_url=box.base_url, allow_loopback=True)
        opened.append(platform)
        return platform

    yield connect
    for platform in opened:
        with closing(platform):
            pass


@pytest.mark.parametrize(
    ("kind", "counts"), [("meta", (4, 10, 24)), ("google", (4, 5, 10)), ("tiktok", (2, 5, 9))]
)
def test_whole_account_is_read(connect: Callable, kind: str, counts: tuple) -> None:
    platform, account = connect(kind), ACCOUNTS[kind]

    levels: tuple[EntityLevel, ...] = ("campaign", "adset", "ad")
    found = tuple(len(list(platform.list_entities(account, level))) for level in levels)

    assert found == counts
    assert platform.read_account(account).currency == "USD"


@pytest.mark.parametrize("kind", ["meta", "google", "tiktok"])
def test_insights_of_all_levels_agree(connect: Callable, kind: str) -> None:
    platform, account = connect(kind), ACCOUNTS[kind]

    spent = {
        level: sum(row.spend for row in platform.insights(account, SINCE, UNTIL, level))
        for level in ("campaign", "adset", "ad")
    }

    assert spent["campaign"] == spent["adset"] == spent["ad"]
    assert spent["ad"] > 20 * 400


@pytest.mark.parametrize(("kind", "level"), [("meta", "adset"), ("google", "budget")])
def test_signed_budget_arrives_and_is_read_back(
    connect: Callable, box: Box, kind: str, level: EntityLevel
) -> None:
    platform = connect(kind)
    owner = next(e for e in platform.list_entities(ACCOUNTS[kind], level) if e.daily_budget)
    change = Change(owner.ref, "daily_budget", Decimal("133.25"), "USD")

    platform.validate(change)
    assert box.effects(owner.ref.external_id) == []
    platform.apply(change)

    assert platform.read_entity(owner.ref).daily_budget == Decimal("133.25")
    assert len(box.effects(owner.ref.external_id, "daily_budget")) == 1


def test_tiktok_budget_is_scheduled(connect: Callable, box: Box) -> None:
    platform = connect("tiktok")
    group = next(e for e in platform.list_entities(ACCOUNTS["tiktok"], "adset") if e.daily_budget)

    receipt = platform.apply(Change(group.ref, "daily_budget", Decimal("133.25"), "USD"))
    waiting = platform.read_entity(group.ref)
    box.control("clock", {"advance_s": 86_400})

    assert receipt.effective_at is not None
    assert waiting.daily_budget == group.daily_budget
    assert platform.read_entity(group.ref).daily_budget == Decimal("133.25")


@pytest.mark.parametrize("kind", ["meta", "google", "tiktok"])
@pytest.mark.parametrize("level", ["campaign", "adset", "ad"])
def test_every_level_can_be_paused(connect: Callable, kind: str, level: EntityLevel) -> None:
    platform = connect(kind)
    entity = next(iter(platform.list_entities(ACCOUNTS[kind], level)))

    platform.apply(Change(entity.ref, "status", "paused"))

    assert platform.read_entity(entity.ref).status == "paused"


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ({"kind": "meta_17"}, ErrorKind.THROTTLED),
        ({"kind": "meta_613_budget"}, ErrorKind.ENTITY_LIMIT),
        ({"kind": "meta_190"}, ErrorKind.AUTH),
        ({"kind": "meta_368"}, ErrorKind.POLICY),
        ({"kind": "meta_100"}, ErrorKind.INVALID),
        ({"kind": "meta_1"}, ErrorKind.TRANSIENT),
        ({"kind": "empty"}, ErrorKind.UNKNOWN),
        ({"kind": "success_false"}, ErrorKind.UNKNOWN),
        ({"kind": "malformed"}, ErrorKind.UNKNOWN),
        ({"kind": "truncated"}, ErrorKind.UNKNOWN),
    ],
)
def test_faults_arrive_as_the_kinds_of_the_executor(
    connect: Callable, box: Box, rule: dict, kind: ErrorKind
) -> None:
    platform = connect("meta")
    adset = next(iter(platform.list_entities(ACCOUNTS["meta"], "adset")))
    box.control("faults", rule | {"method": "POST"})

    with pytest.raises(PlatformError) as caught:
        platform.apply(Change(adset.ref, "daily_budget", Decimal(133), "USD"))

    assert caught.value.kind is kind


def test_shared_budget_names_its_campaigns(connect: Callable) -> None:
    platform = connect("google")

    shared = [
        campaign
        for campaign in platform.list_entities(ACCOUNTS["google"], "campaign")
        if len(campaign.budget_shared_by) > 1
    ]

    assert len(shared) == 2
    assert shared[0].budget_ref == shared[1].budget_ref
