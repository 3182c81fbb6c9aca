"""The synthetic world as arrays."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from datetime import date

import numpy as np
import pytest

from mlops.simulation.world.ads import CHANNEL_OF_AD, whole_numbers
from mlops.simulation.world.events import GOLDEN, effects_of, events_of
from mlops.simulation.world.profile import CHANNELS, PAID_SHARE, SEGMENTS, SOURCES
from mlops.simulation.world.users import activity_table, retention, survival
from mlops.simulation.world.world import Options, build_world

USERS = 20_000
OPTIONS = Options(date(2026, 8, 24), users=USERS, sessions=160_000)
META, GOOGLE, TIKTOK, PROGRAMMATIC = range(4)


@pytest.fixture(scope="module")
def world():
    """With the golden events."""
    return build_world(OPTIONS)


@pytest.fixture(scope="module")
def calm():
    """The same without events."""
    return build_world(replace(OPTIONS, events="none"))


def _arrays(thing):
    if is_dataclass(thing):
        return [part for field in fields(thing) for part in _arrays(getattr(thing, field.name))]
    if isinstance(thing, dict):
        return [part for value in thing.values() for part in _arrays(value)]
    return [thing]


def _whole(world):
    chunks = [part for chunk in world.session_chunks() for part in _arrays(chunk)]
    return [*_arrays(world), *chunks]


def test_the_same_options_make_the_same_world_bit_by_bit(world):
    again = build_world(OPTIONS)

    for one, other in zip(_whole(world), _whole(again), strict=True):
        assert np.array_equal(one, other)


def test_another_seed_makes_another_world(world):
    other = build_world(replace(OPTIONS, seed=43))

    assert not np.array_equal(world.ads.spend, other.ads.spend)
    assert not np.array_equal(world.users.segment, other.users.segment)


def test_installs_of_ads_and_days_are_the_users(world):
    ads, users = world.ads, world.users
    paid = users.ad >= 0
    counted = np.zeros_like(ads.installs)
    np.add.at(counted, (users.ad[paid], users.day[paid]), 1)

    assert ads.installs.sum() == round(PAID_SHARE * USERS)
    assert np.array_equal(counted, ads.installs)
    assert np.array_equal(np.bincount(users.day[~paid], minlength=90), world.organic.installs)
    assert np.array_equal(users.source[paid], CHANNEL_OF_AD[users.ad[paid]])


def test_every_active_day_has_a_session_and_all_are_as_many_as_asked(world):
    chunks = list(world.session_chunks())
    user, day = (
        np.concatenate([getattr(chunk, name) for chunk in chunks]) for name in ("user", "day")
    )

    assert len(user) == OPTIONS.sessions
    assert world.plan.sessions.min() == 1
    assert set(zip(user, day, strict=True)) == set(
        zip(world.plan.user, world.plan.day, strict=True)
    )
    assert np.bincount(user, minlength=USERS).min() >= 1


def test_sessions_of_a_user_do_not_overlap_and_end_with_their_day(world):
    for chunk in world.session_chunks():
        begins = chunk.day * 86_400 + chunk.start
        same = chunk.user[1:] == chunk.user[:-1]

        assert (begins[1:][same] >= (begins + chunk.seconds)[:-1][same]).all()
        assert (chunk.start + chunk.seconds <= 86_400).all()
        assert (chunk.start >= 0).all()


def test_revenue_of_sessions_is_what_was_paid_inside_the_world(world):
    paid = sum(int(chunk.cents.sum()) for chunk in world.session_chunks())
    inside = world.users.day[world.activity.user] + world.activity.after < OPTIONS.days

    assert paid == world.activity.cents[inside].sum() == world.derived.cents.sum()
    assert (world.derived.value_by[7] <= world.derived.value_by[180]).all()


def test_impressions_clicks_and_installs_narrow(world):
    ads = world.ads

    assert (ads.impressions >= ads.clicks).all()
    assert (ads.clicks >= ads.installs).all()
    assert (ads.spend[~ads.runs] == 0).all()
    assert (ads.installs[~ads.runs] == 0).all()


def test_a_usual_day_spends_its_budget(calm):
    spend = calm.ads.spend.reshape(4, -1).sum(axis=1) / OPTIONS.days
    budgets = calm.ads.budgets.reshape(4, -1).sum(axis=1)

    assert spend / budgets == pytest.approx([1, 1, 1, 1], abs=0.15)


def test_campaigns_learn_run_tire_and_rest(world):
    ads = world.ads
    last = ads.age[:, -1] / np.array([c.fatigue_days for c in CHANNELS])[CHANNEL_OF_AD]

    assert 0 < ads.is_learning.mean() < 0.5
    assert 0 < (~ads.runs[:, -1]).mean() < 0.6
    assert (last > 1).any()
    assert (ads.starts > 0).sum() == 12
    assert ads.runs[:, 40].reshape(4, -1).any(axis=1).all()


def test_retention_curve_goes_through_its_points_and_falls():
    curve = retention()

    assert curve[[1, 7, 30]] == pytest.approx([0.40, 0.18, 0.08])
    assert (np.diff(curve) < 0).all()


@pytest.mark.parametrize("number", range(3))
def test_the_named_share_has_left_by_the_named_day(number, world):
    kind = SEGMENTS[number]
    own = world.users.segment == number

    assert 1 - survival(number)[kind.leaves_by] == pytest.approx(kind.leaves)
    assert (world.users.leaves[own] <= kind.leaves_by).mean() == pytest.approx(
        kind.leaves, abs=0.03
    )


def test_activity_of_all_kinds_together_is_the_retention_of_the_channel():
    table = activity_table(effects_of((), 14))
    alive = np.array([survival(kind)[1:] for kind in range(3)])
    mixes = np.array([source.mix for source in SOURCES])
    quality = np.array([source.quality for source in SOURCES])

    share = np.einsum("sk,sdkn,kn->sdn", mixes, table, alive)

    assert share[:, 0] == pytest.approx(quality[:, None] * retention()[1:], rel=1e-6)
    assert table.max() < 0.999


@pytest.mark.parametrize(("day", "share"), [(1, 0.40), (7, 0.18), (30, 0.08)])
def test_users_are_active_as_the_channel_retains(calm, day, share):
    known = calm.users.day + day < OPTIONS.days
    quality = np.array([source.quality for source in SOURCES])
    expected = share * quality[calm.users.source[known]].mean()

    assert calm.derived.active[day][known].mean() == pytest.approx(expected, rel=0.08)


def test_kinds_pay_as_often_as_the_profile_says(world):
    pays = world.derived.value_by[180] > 0

    for number, kind in enumerate(SEGMENTS):
        own = world.users.segment == number
        assert pays[own].mean() == pytest.approx(kind.pays, abs=0.012)


def test_habits_make_active_days_of_one_user_hang_together(calm):
    """What a user does early tells of what he does later, beyond what his kind does."""
    known = (calm.users.day + 7 < OPTIONS.days) & (calm.users.segment == 1)
    came, later = calm.derived.active[1][known], calm.derived.active[7][known]

    assert later[came].mean() > 1.5 * later[~came].mean()


def _per_install(world, channel, on):
    own = channel == CHANNEL_OF_AD
    return world.ads.spend[own][:, on].sum() / world.ads.installs[own][:, on].sum()


def test_events_change_what_they_name_by_their_size(world, calm):
    """Both worlds have the same noise, so ratios tell."""
    pacing, breakthrough, wear = slice(19, 24), slice(30, 60), slice(59, 60)
    drop = slice(67, 81)

    for channel in range(4):
        ratio = _per_install(world, channel, pacing) / _per_install(calm, channel, pacing)
        assert ratio == pytest.approx(1.40, rel=0.12)
    better = _per_install(world, TIKTOK, breakthrough) / _per_install(calm, TIKTOK, breakthrough)
    assert better == pytest.approx(0.66, rel=0.08)
    worse = _per_install(world, META, wear) / _per_install(calm, META, wear)
    assert worse == pytest.approx(1.52, rel=0.25)
    dearer = _per_install(world, GOOGLE, drop) / _per_install(calm, GOOGLE, drop)
    assert dearer == pytest.approx(1.40, rel=0.08)


def test_volume_follows_events_relative_to_the_other_channels(world, calm):
    def share(of, channel, on):
        installs = of.ads.installs.reshape(4, -1, OPTIONS.days).sum(axis=1)[:, on].sum(axis=1)
        return installs[channel] / installs[PROGRAMMATIC]

    on = slice(30, 60)

    assert share(world, TIKTOK, on) / share(calm, TIKTOK, on) == pytest.approx(1.73, rel=0.1)


def test_an_influencer_brings_organic_users_and_talk(world, calm):
    day, quiet = 41, slice(0, 18)
    own = world.organic.installs * (1 - world.organic.halo)

    assert own[day] / own[quiet].mean() == pytest.approx(3.4, rel=0.25)
    ratio = world.organic.mentions[day] / world.organic.mentions[day - 1]
    assert ratio == pytest.approx(4.5, rel=0.15)
    assert world.organic.rank[day] < world.organic.rank[day - 1] - 20


def test_the_breakthrough_keeps_users_nine_points_better(world, calm):
    own = (world.users.source == TIKTOK) & (world.users.day >= 30) & (world.users.day < 60)
    before = (calm.users.source == TIKTOK) & (calm.users.day < 88)

    gap = world.derived.active[1][own].mean() - calm.derived.active[1][before].mean()

    assert gap == pytest.approx(0.09, abs=0.02)


def test_efficiency_falls_in_the_first_tier_only():
    effects = effects_of(GOLDEN, 90)

    assert effects.tier_one_cpi[67:81].tolist() == [1.52] * 14
    assert effects.tier_one_volume[67:81].tolist() == [0.80] * 14
    assert effects.tier_one_cpi[66] == effects.tier_one_cpi[81] == 1


def test_values_of_metas_users_rise_in_the_synergy():
    effects = effects_of(GOLDEN, 90)

    assert effects.ltv[META, 54:64].tolist() == [1.18] * 10
    assert effects.ltv[GOOGLE].max() == effects.ltv[META, 64] == 1
    assert effects.halo[54:64].tolist() == [1.12] * 10


def test_random_events_are_those_of_their_seed_and_fit_in():
    first, again, other = (events_of("random", days=90, seed=seed) for seed in (1, 1, 2))

    assert first == again != other
    for event in (*first, *other):
        assert event.day >= 15
        assert event.day + event.days - 1 <= 90
    assert {event.kind for event in first} == {event.kind for event in GOLDEN}


def test_events_on_the_same_days_multiply():
    pacing = replace(GOLDEN[0], day=1)

    both = effects_of([pacing, pacing], 30)

    assert both.spend[0, :6] == pytest.approx([1.96] * 5 + [1])


def test_golden_events_after_the_end_are_left_out():
    assert [event.kind for event in events_of("golden", days=30, seed=1)] == ["budget_pacing_alert"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"users": 99}, "users must be at least 100, not 99"),
        ({"days": 13}, "days must be at least 14, not 13"),
        ({"days": 181}, "days must be at most 180, not 181"),
        ({"events": "some"}, "golden, random or none, not 'some'"),
        ({"events": "random", "days": 30}, "need a world of 60 days"),
        ({"users": 1000, "sessions": 2000}, "at least as many sessions; 2,000 were asked for"),
    ],
)
def test_what_makes_no_world_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        build_world(replace(OPTIONS, **wrong))


def test_whole_numbers_keep_sums_of_every_part():
    expected = np.full(10, 0.25)

    counted = whole_numbers(expected, 5)

    assert counted.sum() == 5
    assert np.abs(np.cumsum(counted) - np.cumsum(expected) * 2).max() <= 0.5
