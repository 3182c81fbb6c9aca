"""GET /ab.js: the tests of a site in the script, for everybody's browser."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

import pytest
from django.test import Client

from attribution.models import Site
from experiments.models import ABTest, ABTestStatus, ExperimentPolicy, Layer, WebsiteABTest
from experiments.selectors.served import has_script
from tests.experiments.served_steps import pause, runs_on, shop_of
from tests.experiments.steps import NOW, running_of
from tests.experiments.test_snippet import BUILT
from workspaces.models import ThrottleRate, Workspace

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"


@pytest.fixture
def site(workspace: Workspace) -> Site:
    return shop_of(workspace)


def ask(client: Client, site: Site | str, query: str = "", **headers: str) -> Any:
    key = site if isinstance(site, str) else site.key
    return client.get(f"/ab.js?site={key}{query}", headers=headers)


def told(answer: Any) -> list:
    """What stands in the script in place of CONFIG."""
    if not answer.content:
        return []
    head, tail = BUILT.read_text().split("CONFIG")
    text = answer.content.decode()
    assert text.startswith(head)
    assert text.endswith(tail)
    return json.loads(text[len(head) : -len(tail)])


def test_the_script_with_the_tests_of_the_site(client: Client, site: Site) -> None:
    layer = Layer.objects.create(workspace=site.workspace, name="Prices")
    test = runs_on(
        site, pattern="/shop/*", traffic=5_000, layer=layer, layer_from=10, layer_to=510,
        targeting={"query": {"ref": "mail"}},
    )  # fmt: skip
    ExperimentPolicy.objects.update_or_create(workspace=site.workspace, defaults={"holdout": 300})
    policy = ExperimentPolicy.objects.get(workspace=site.workspace)

    (one,) = told(ask(client, site))

    assert one == [
        "title",
        r"^(?=[^?]*\?(?:.*&)?ref=mail(?:&|$))(?:/shop/[^?]*)(?:\?|$)",
        0,
        [
            [policy.holdout_seed, 300, 9_700],
            [layer.seed, 10, 500],
            [f"{test.seed}/traffic", 0, 5_000],
        ],
        "h1",
        [
            ["control", [test.seed, 0, 5_000], "", []],
            ["blue", [test.seed, 5_000, 5_000], "", [["h1", "New title"]]],
        ],
    ]


def test_any_page_may_load_it_and_keep_it_for_a_minute(client: Client, site: Site) -> None:
    runs_on(site)
    answer = ask(client, site)

    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Cache-Control"] == "max-age=60, public"
    assert answer["Vary"] == "Accept-Encoding"
    assert not answer.cookies
    again = ask(client, site, **{"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["Cache-Control"] == answer["Cache-Control"]
    assert (again["ETag"], again["Vary"]) == (answer["ETag"], answer["Vary"])
    assert client.head(f"/ab.js?site={site.key}").status_code == 200
    assert client.post(f"/ab.js?site={site.key}").status_code == 405


def test_it_comes_packed_to_who_takes_that(client: Client, site: Site) -> None:
    runs_on(site)
    plain, packed = ask(client, site), ask(client, site, **{"Accept-Encoding": "gzip, br"})

    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert packed["ETag"] == plain["ETag"]


def test_no_test_no_script(client: Client, site: Site) -> None:
    answer = ask(client, site)

    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("key", ["", "unknown", "%00"])
def test_an_unknown_key_gets_a_script_that_does_nothing(db: None, client: Client, key: str) -> None:
    answer = ask(client, key)

    assert answer.status_code == 404
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert re.fullmatch(r"// .*\n", answer.content.decode())


def test_a_site_that_is_switched_off_serves_nothing(client: Client, site: Site) -> None:
    runs_on(site)
    Site.objects.filter(pk=site.pk).update(is_active=False)

    assert ask(client, site).status_code == 404


def test_only_what_runs_on_this_very_site(
    client: Client, site: Site, other_workspace: Workspace
) -> None:
    runs_on(site, "mine")
    runs_on(shop_of(site.workspace, "Second"), "second")
    runs_on(shop_of(other_workspace), "theirs")
    running_of(site.workspace, "mails", surface="message")
    over = runs_on(site, "over")
    ABTest.objects.filter(pk=over.pk).update(
        status=ABTestStatus.COMPLETED, ended_at=NOW, end_reason="person"
    )

    assert [one[0] for one in told(ask(client, site))] == ["mine"]


def test_a_paused_test_changes_nothing_and_remembers(client: Client, site: Site) -> None:
    pause(runs_on(site))

    assert told(ask(client, site)) == [["title", "(?!)", 0, [], "", [["control", 0], ["blue", 0]]]]


def test_a_variant_that_no_page_could_follow_changes_nothing(client: Client, site: Site) -> None:
    runs_on(site, "wrong", config={"changes": [{"kind": "html", "value": "<script>"}]})
    runs_on(site, "unread", targeting={"planets": ["Mars"]})
    runs_on(site, "good")

    assert [(one[0], one[1]) for one in told(ask(client, site))] == [
        ("wrong", "(?!)"),
        ("good", ""),
    ]


def test_device_and_country_are_judged_here(client: Client, site: Site, settings: Any) -> None:
    settings.GEO_HEADERS = {"country": "X-Country", "region": "", "city": ""}
    runs_on(site, targeting={"devices": ["mobile"], "countries": ["DE"]})

    fits = ask(client, site, **{"User-Agent": PHONE, "X-Country": "de"})
    elsewhere = ask(client, site, **{"User-Agent": PHONE, "X-Country": "FR"})

    assert [told(answer)[0][1] for answer in (fits, elsewhere)] == ["", "(?!)"]
    assert fits["Cache-Control"] == "max-age=60, private"
    assert fits["ETag"] != elsewhere["ETag"]
    assert fits["Vary"] == "Accept-Encoding, User-Agent, X-Country"


def test_the_tag_may_name_the_customer_type(client: Client, site: Site) -> None:
    runs_on(site, targeting={"customer_types": ["existing"]})

    assert told(ask(client, site, "&customer_type=existing"))[0][1] == ""
    assert told(ask(client, site, "&customer_type=wrong"))[0][1] == "(?!)"


def test_the_selector_of_the_test_is_that_of_changes_without_one(
    client: Client, site: Site
) -> None:
    test = runs_on(site, config={"changes": [{"kind": "text", "value": "New"}]})
    type(test.website).objects.filter(pk=test.website.pk).update(selector="#buy")

    assert told(ask(client, site))[0][5][1][3] == [["#buy", "New"]]


def test_asking_writes_nothing_down_and_is_known_for_a_day(client: Client, site: Site) -> None:
    elsewhere = shop_of(site.workspace, "Second")
    runs_on(site)
    runs_on(elsewhere, "second")

    ask(client, site)

    assert [has_script(one) for one in (site, elsewhere)] == [True, False]
    assert not WebsiteABTest.objects.exclude(deployed_at=None).exists()


def test_who_asks_too_often_gets_no_script_and_is_told_when_to_come_back(
    client: Client, site: Site
) -> None:
    runs_on(site)
    ThrottleRate.objects.create(workspace=site.workspace, scope="visitor", calls=2, seconds=60)

    answers = [ask(client, site) for _ in range(3)]

    assert [one.status_code for one in answers] == [200, 200, 429]
    refused = answers[-1]
    assert (refused.content, refused["Cache-Control"]) == (b"// Too many calls.\n", "no-store")
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert ask(client, site, **{"User-Agent": PHONE}).status_code == 200
    assert client.post(f"/api/website/events?site={site.key}").status_code != 429


def test_a_website_has_a_limit_of_its_own(client: Client, site: Site) -> None:
    runs_on(site)
    ThrottleRate.objects.create(workspace=site.workspace, scope="ingest", calls=1, seconds=86_400)
    second = shop_of(site.workspace, "Second")

    asked = [ask(client, one, **{"User-Agent": name}) for one, name in
             ((site, "a"), (site, "b"), (second, "c"))]  # fmt: skip

    assert [one.status_code for one in asked] == [200, 429, 200]


def test_a_cookie_changes_nothing_and_is_not_named(client: Client, site: Site) -> None:
    runs_on(site)
    plain = ask(client, site)

    client.cookies["sessionid"] = "somebody"
    known = ask(client, site)

    assert (known.content, known["ETag"]) == (plain.content, plain["ETag"])
    assert known["Vary"] == plain["Vary"] == "Accept-Encoding"
    assert not known.cookies


def test_few_queries_and_none_that_writes(
    client: Client, site: Site, django_assert_num_queries: Any
) -> None:
    for number in range(5):
        runs_on(site, f"test-{number}")
    ask(client, site)

    with django_assert_num_queries(4) as watched:
        ask(client, site)
    assert {query["sql"].split()[0] for query in watched.captured_queries} == {"SELECT"}
