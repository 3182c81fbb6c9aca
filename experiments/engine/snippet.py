"""The tests of a site as its script reads them: what `snippet/ab.js` finds in CONFIG."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from experiments.engine.assignment import TRAFFIC, Holdout, TestPlan
from experiments.engine.changes import Change, Kind, Look
from experiments.engine.hashing import BUCKETS
from experiments.engine.targeting import Facts, Targeting

#: Fits no address: who has met the test keeps his variant, nobody else gets one.
NOWHERE: Final = "(?!)"
# What a browser can tell of itself: 1 in his first session, 2 later, 0 whoever it is.
_SESSIONS: Final = {("new",): 1, ("returning",): 2, ("new", "returning"): 0}
Json = str | int | list["Json"]


@dataclass(frozen=True)
class SiteTest:
    """A test on a site: who gets what, what it looks like, and whether it takes people in."""

    plan: TestPlan
    looks: Mapping[str, Look]
    is_open: bool = True


def site_config(tests: Sequence[SiteTest], facts: Facts, holdout: Holdout | None = None) -> str:
    """Write the tests of a site down for one visitor, as JSON.

    Device and country are judged here, page, query and first or later session in the browser. A
    test that does not let the visitor in, or is closed, is told by its variants only, so that he
    keeps what he has met.

    Parameters
    ----------
    tests : those of the site, in the order in which they are applied
    facts : what the server knows of the visitor; the address is the browser's to tell
    holdout : who is in no test
    """
    tests = _without_loops(tests)
    return json.dumps(
        [_test(one, facts, holdout) for one in tests], separators=(",", ":"), ensure_ascii=False
    )


def is_personal(tests: Iterable[SiteTest]) -> bool:
    """Whether what is told depends on device or country: then nobody else may be told the same."""
    return any(one.plan.targeting.devices or one.plan.targeting.countries for one in tests)


def _test(test: SiteTest, facts: Facts, holdout: Holdout | None) -> list[Json]:
    plan, targeting = test.plan, test.plan.targeting
    session = _session(targeting.customer_types, facts.customer_type)
    if not (test.is_open and _lets_in(targeting, facts)) or session is None:
        arms: list[Json] = [[key, 0] for key, _ in plan.variants]
        return [plan.key, NOWHERE, 0, [], "", arms]
    arms, place = [], 0
    for key, weight in plan.variants:
        slot: list[Json] = [plan.seed, place, weight]
        arms.append([key, slot, *_arm(test.looks.get(key, Look()))])
        place += weight
    find = _find(test.looks.values())
    return [plan.key, _pages(test), session, _slots(plan, holdout), find, arms]


def _session(wanted: tuple[str, ...], known: str) -> int | None:
    """Which session of a visitor is asked for; None where he does not fit, or nobody could say."""
    if not wanted or known:
        return 0 if not wanted or known in wanted else None
    return _SESSIONS.get(tuple(sorted(set(wanted) - {"existing"})))


def _lets_in(targeting: Targeting, facts: Facts) -> bool:
    return Targeting(targeting.devices, targeting.countries).fits(facts)


def _slots(plan: TestPlan, holdout: Holdout | None) -> list[Json]:
    """Buckets that a unit has to be in: a seed, the first one, how many."""
    slots: list[Json] = []
    if holdout and holdout.share:
        slots.append([holdout.seed, holdout.share, BUCKETS - holdout.share])
    if plan.has_slot:
        slots.append([plan.layer_seed, plan.layer_from, plan.layer_to - plan.layer_from])
    if plan.traffic < BUCKETS:
        slots.append([plan.seed + TRAFFIC, 0, plan.traffic])
    return slots


def _arm(look: Look) -> list[Json]:
    if look.redirect:
        joint = "&" if "?" in look.redirect else "?"
        return ["", [], look.redirect, joint]
    rules = "".join(_rule(one) for one in look.changes if one.kind == Kind.STYLE)
    changes: list[Json] = [_element(one) for one in look.changes if one.kind != Kind.STYLE]
    return [rules, changes]


def _element(change: Change) -> Json:
    if change.kind == Kind.TEXT:
        return [change.selector, change.value]
    name = "class" if change.kind == Kind.CLASS else change.name
    return [change.selector, change.value, name]


def _rule(change: Change) -> str:
    """Write a rule that beats the page's own."""
    parts = (part.strip() for part in change.value.split(";") if part.strip())
    declarations = (re.sub(r"\s*!\s*important$", "", part) + "!important" for part in parts)
    return f"{change.selector}{{{';'.join(declarations)}}}"


def _find(looks: Iterable[Look]) -> str:
    """Elements that some variant changes: who has none of them before him sees no difference.

    The same for every variant, the control too, or the arms would count different people.
    """
    looks = list(looks)
    if any(look.redirect for look in looks):
        return "html"
    return ",".join(dict.fromkeys(one.selector for look in looks for one in look.changes))


def _pages(test: SiteTest) -> str:
    """Expression for the pages of a test: none of those that its redirects lead to."""
    wanted = test.plan.targeting.page_expression
    arrived = "".join(f"(?!{_there(target).removeprefix('^')})" for target in _targets(test))
    return f"^{arrived}{wanted.removeprefix('^')}" if arrived else wanted


def _there(target: str) -> str:
    path, _, query = target.partition("?")
    asked = (part.partition("=") for part in query.split("&") if part)
    return Targeting(
        pages=(path,), query=tuple((name, value) for name, _, value in asked)
    ).page_expression


def _without_loops(tests: Sequence[SiteTest]) -> list[SiteTest]:
    """Let no redirect lead to a page from which another one would lead on: that could go round."""
    kept: list[SiteTest] = []
    for test in tests:
        mine = _targets(test)
        is_round = any(
            _meets(test, there) or _meets(other, here)
            for other in kept
            for there in _targets(other)
            for here in mine
        )
        kept.append(replace(test, is_open=test.is_open and not (mine and is_round)))
    return kept


def _targets(test: SiteTest) -> list[str]:
    return [look.redirect for look in test.looks.values() if look.redirect]


def _meets(test: SiteTest, address: str) -> bool:
    return Targeting(pages=test.plan.targeting.pages).fits(Facts(url=address))
