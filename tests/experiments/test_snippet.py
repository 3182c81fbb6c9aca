"""The built script for A/B tests, and what it is told."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from experiments.engine.assignment import Holdout, TestPlan
from experiments.engine.changes import Look, look_of
from experiments.engine.snippet import NOWHERE, SiteTest, is_personal, site_config
from experiments.engine.targeting import Facts, Targeting

SNIPPET = Path(settings.BASE_DIR) / "experiments" / "snippet"
BUILT = SNIPPET / "dist" / "ab.js"
TRACKER = Path(settings.BASE_DIR) / "attribution" / "tracker"
ESBUILD = TRACKER / "node_modules" / ".bin" / "esbuild"
HALVES = (("control", 5_000), ("b", 5_000))
TEXT = {"kind": "text", "selector": "h1", "value": "New"}
STYLE = {"kind": "style", "selector": ".buy", "value": "color: red !important;; margin:0"}


def digest(name: str) -> str:
    return hashlib.sha256((SNIPPET / name).read_bytes()).hexdigest()


def told(*tests: SiteTest, facts: Facts | None = None, holdout: Holdout | None = None) -> list:
    return json.loads(site_config(tests, facts or Facts(), holdout))


def of(config: dict | None = None, key: str = "t", **options: object) -> SiteTest:
    plan = TestPlan(key, "s", HALVES, **options)
    return SiteTest(plan, {"b": look_of(config or {"changes": [TEXT]})})


def test_what_is_committed_was_built_from_the_source() -> None:
    built = json.loads((SNIPPET / "built.json").read_text())
    wanted = json.loads((TRACKER / "package.json").read_text())["devDependencies"]["esbuild"]

    assert built["sources"] == {name: digest(name) for name in built["sources"]}, "run make tracker"
    assert built["dist/ab.js"] == digest("dist/ab.js"), "dist/ab.js was edited: run make tracker"
    assert built["esbuild"] == wanted
    if ESBUILD.exists():  # a machine where it was built; others have the digests above
        made = subprocess.run(
            [ESBUILD, "ab.js", "--minify", "--target=es2019"],
            cwd=SNIPPET,
            capture_output=True,
            check=True,
        )
        assert made.stdout == BUILT.read_bytes()


def test_it_stays_below_1000_bytes_gzipped() -> None:
    assert len(gzip.compress(BUILT.read_bytes(), 9)) <= 1000


def test_it_asks_for_nothing_that_a_guest_should_not() -> None:
    script = BUILT.read_text()

    assert script.count("CONFIG") == 1
    assert (
        re.findall(r"\beval\b|Function|innerHTML|document\.write|cookie|\?\.\D|\?\?", script) == []
    )


def test_a_test_is_told_in_full() -> None:
    one = of(
        {"changes": [TEXT, STYLE, {**TEXT, "kind": "class", "value": "x"}]},
        traffic=2_500,
        layer_seed="layer",
        layer_from=100,
        layer_to=600,
        targeting=Targeting(pages=("/shop/*",), customer_types=("new",)),
    )

    assert told(one, holdout=Holdout("held", 500)) == [
        [
            "t",
            r"^(?:/shop/[^?]*)(?:\?|$)",
            1,
            [["held", 500, 9_500], ["layer", 100, 500], ["s/traffic", 0, 2_500]],
            "h1,.buy",
            [
                ["control", ["s", 0, 5_000], "", []],
                [
                    "b",
                    ["s", 5_000, 5_000],
                    ".buy{color: red!important;margin:0!important}",
                    [["h1", "New"], ["h1", "x", "class"]],
                ],
            ],
        ]
    ]


def test_a_redirect_leaves_out_the_page_that_it_leads_to() -> None:
    (one,) = told(of({"redirect": "/b?x=1"}, targeting=Targeting(pages=("/a",))))

    assert one[1] == r"^(?!(?=[^?]*\?(?:.*&)?x=1(?:&|$))(?:/b)(?:\?|$))(?:/a)(?:\?|$)"
    assert (one[4], one[5][1][2:]) == ("html", ["", [], "/b?x=1", "&"])
    assert told(of({"redirect": "/b"}))[0][1] == r"^(?!(?:/b)(?:\?|$))"


@pytest.mark.parametrize(
    ("targeting", "facts"),
    [
        (Targeting(devices=("mobile",)), Facts(device="desktop")),
        (Targeting(countries=("DE",)), Facts()),
        (Targeting(customer_types=("new",)), Facts(customer_type="existing")),
        (Targeting(customer_types=("existing",)), Facts()),
    ],
)
def test_whom_it_does_not_let_in_is_told_the_variants_only(
    targeting: Targeting, facts: Facts
) -> None:
    stub = ["t", NOWHERE, 0, [], "", [["control", 0], ["b", 0]]]

    assert told(of(targeting=targeting), facts=facts) == [stub]
    assert told(SiteTest(of().plan, {}, is_open=False)) == [stub]


def test_the_tag_may_say_what_a_browser_cannot_know() -> None:
    wanted = Targeting(customer_types=("existing",))

    assert told(of(targeting=wanted), facts=Facts(customer_type="existing"))[0][1:3] == ["", 0]


def test_redirects_never_lead_round() -> None:
    there = of({"redirect": "/b"}, "there", targeting=Targeting(pages=("/a",)))
    back = of({"redirect": "/a"}, "back", targeting=Targeting(pages=("/b",)))
    text = of(key="text", targeting=Targeting(pages=("/b",)))

    assert [one[1] == NOWHERE for one in told(there, back, text)] == [False, True, False]


def test_only_device_and_country_make_it_personal() -> None:
    assert not is_personal([of(targeting=Targeting(pages=("/a",), customer_types=("new",)))])
    assert is_personal([of(), of(targeting=Targeting(countries=("DE",)))])


def test_texts_stay_texts() -> None:
    text = {**TEXT, "value": 'ü 🚀 "</script>" \u2028'}

    assert told(of({"changes": [text]}))[0][5][1][3] == [["h1", 'ü 🚀 "</script>" \u2028']]
    assert look_of({}) == Look()
