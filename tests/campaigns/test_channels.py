"""Channels of a workspace."""

from __future__ import annotations

import importlib

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection

from campaigns.models import DailyOrganicMetric, MarketingChannel
from campaigns.services.channels import KNOWN, ensure_channels
from workspaces.services.workspaces import create_workspace

COLUMNS = ("slug", "label", "kind", "platform", "rolls_up_to__slug")


def _rows(workspace):
    rows = MarketingChannel.objects.filter(workspace=workspace)
    return sorted(rows.values_list(*COLUMNS))


def test_a_new_workspace_knows_the_channels(admin, now):
    workspace = create_workspace(
        name="New", slug="new", currency="USD", time_zone="UTC", mode="direct", by=admin, now=now
    )

    rows = {row[0]: row[1:] for row in _rows(workspace)}

    assert set(rows) == set(KNOWN)
    assert rows["instagram"] == ("Instagram", "paid", "meta", "meta")
    assert rows["organic"] == ("Organic", "organic", "", None)


def test_making_them_again_keeps_what_a_workspace_changed(workspace):
    ensure_channels(workspace=workspace)
    MarketingChannel.objects.filter(workspace=workspace, slug="tiktok").update(base_cpi=2)
    MarketingChannel.objects.create(workspace=workspace, slug="radio", label="Radio", kind="paid")

    channels = ensure_channels(workspace=workspace)

    assert set(channels) == {*KNOWN, "radio"}
    assert channels["tiktok"].base_cpi == 2


def test_old_workspaces_get_the_same_channels_as_new_ones(workspace, other_workspace):
    ensure_channels(workspace=workspace)
    migration = importlib.import_module("campaigns.migrations.0004_known_rows")

    with connection.cursor() as cursor:
        cursor.execute(migration.CHANNELS)

    assert _rows(other_workspace) == _rows(workspace)


def test_a_channel_is_part_of_one_of_its_own_workspace(workspace, other_workspace):
    theirs = ensure_channels(workspace=other_workspace)["meta"]

    with pytest.raises(IntegrityError):
        _set_whole(workspace, theirs)


def _set_whole(workspace, whole):
    MarketingChannel.objects.create(
        workspace=workspace, slug="threads", label="Threads", kind="paid", rolls_up_to=whole
    )
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(
    "wrong",
    [{"kind": "free"}, {"platform": "myspace"}, {"quality_score": 1.2}, {"base_cpi": -1},
     {"ltv_multiplier": -1}, {"slug": ""}],
)  # fmt: skip
def test_impossible_channels_are_refused(workspace, wrong):
    with pytest.raises(IntegrityError):
        MarketingChannel.objects.create(
            workspace=workspace, **{"slug": "radio", "label": "Radio", "kind": "paid", **wrong}
        )


def test_a_channel_is_known_once(workspace):
    ensure_channels(workspace=workspace)

    with pytest.raises(ValidationError, match="of this name already"):
        MarketingChannel(
            workspace=workspace, slug="tiktok", label="TikTok", kind="paid"
        ).full_clean()


@pytest.mark.parametrize(
    "wrong", [{"store_rank": 0}, {"rating": 5.1}, {"sentiment": -1.1}, {"halo_share": 1.01}]
)
def test_impossible_organic_days_are_refused(workspace, now, wrong):
    with pytest.raises(IntegrityError):
        DailyOrganicMetric.objects.create(workspace=workspace, day=now.date(), **wrong)
