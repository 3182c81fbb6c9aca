"""Where page views come from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.engine.web_sources import (
    CLICK_IDS,
    MAX_CLICK_ID,
    MAX_SOURCE,
    MAX_TEXT,
    NONE,
    Source,
    channel_of,
    classify,
    host_of,
)

PAGE = "https://shop.example/p/1"
OWN = frozenset({"shop.example"})


def source(url=PAGE, referrer=""):
    return classify(url=url, referrer=referrer, own_hosts=OWN)


def test_all_five_tags_are_read_and_the_referrer_is_not_asked():
    tags = "utm_source=News&utm_medium=E-Mail&utm_campaign=May+Sale&utm_content=top&utm_term=shoes"

    found = source(f"{PAGE}?a=1&{tags}#utm_source=no", "https://www.google.com/")

    assert found == Source("news", "e-mail", "May Sale", "top", "shoes")


@pytest.mark.parametrize(("kind", "platform"), CLICK_IDS.items())
def test_a_click_id_names_its_platform(kind, platform):
    found = source(f"{PAGE}?{kind}=Abc-1", "https://l.facebook.com/")

    assert found == Source(platform, "paid", click_id_kind=kind, click_id="Abc-1")


def test_tags_name_the_source_and_keep_the_click_id():
    found = source(f"{PAGE}?fbclid=x1&utm_source=ig&utm_medium=social")

    assert found == Source("ig", "social", click_id_kind="fbclid", click_id="x1")


def test_tags_without_a_source_take_the_referrers():
    found = source(f"{PAGE}?utm_campaign=may", "https://www.bing.com/search?q=x")

    assert found == Source("bing", "organic", "may")


@pytest.mark.parametrize(
    ("referrer", "name", "medium"),
    [
        ("https://www.google.co.uk/search?q=x", "google", "organic"),
        ("https://www.google.de/", "google", "organic"),
        ("android-app://com.google.android.googlequicksearchbox/", "google", "organic"),
        ("https://duckduckgo.com/", "duckduckgo", "organic"),
        ("https://r.search.yahoo.com/x", "yahoo", "organic"),
        ("https://lm.facebook.com/l.php", "facebook", "social"),
        ("https://t.co/abc", "x", "social"),
        ("android-app://com.linkedin.android", "linkedin", "social"),
        ("https://mail.google.com/mail/u/0", "gmail", "email"),
        ("https://outlook.live.com/", "outlook", "email"),
        ("https://feedly.com/i/latest", "feedly", "feed"),
        ("https://news.google.com/x", "news.google.com", "referral"),
        ("https://www.blog.example:8080/post", "blog.example", "referral"),
        ("https://ann:pw@blog.example", "blog.example", "referral"),
        ("https://google.evil.example/", "google.evil.example", "referral"),
        ("https://netflix.com/", "netflix.com", "referral"),
        ("https://[2001:DB8::1]:8080/", "[2001:db8::1]", "referral"),
        ("https://ПРИМЕР.рф/", "пример.рф", "referral"),
    ],
)
def test_a_referrer_is_sorted_by_its_host(referrer, name, medium):
    assert source(referrer=referrer) == Source(name, medium)


@pytest.mark.parametrize(
    "referrer",
    [
        "",
        "https://shop.example/",
        "https://www.shop.example:443/cart",
        "https://www.paypal.com/return",
        "https://accounts.google.com/",
        "about:blank",
        "garbage",
        "https://",
        "://",
        "https://[",
    ],
)
def test_no_source_comes_from_inside_from_paying_and_from_nowhere(referrer):
    assert source(referrer=referrer) is NONE


def test_a_page_of_the_same_host_is_inside_whatever_the_site_lists():
    found = classify(
        url="https://new.example/a", referrer="https://www.new.example/", own_hosts=OWN
    )

    assert found is NONE


@pytest.mark.parametrize(
    "query", ["utm_source=%zz%ff", "utm_source=a%00b", "utm_source=\ud800x", "utm_source=&gclid="]
)
def test_broken_values_leave_texts_that_can_be_stored(query):
    found = source(f"{PAGE}?{query}")

    found.source.encode()
    assert "\x00" not in found.source


@given(url=st.text(max_size=60), referrer=st.text(max_size=60), query=st.text(max_size=60))
def test_nothing_raises_and_every_text_fits(url, referrer, query):
    found = classify(
        url=f"{url}?{query}&utm_source={referrer}", referrer=f"https://{referrer}", own_hosts=OWN
    )

    assert len(found.source) <= MAX_SOURCE
    assert len(found.medium) <= MAX_SOURCE
    for text in (found.campaign, found.content, found.term):
        assert len(text) <= MAX_TEXT
    assert all("\x00" not in text for text in (found.source, found.medium))


def test_huge_addresses_are_cut():
    long = "x" * 100_000

    found = source(f"{PAGE}?utm_campaign={long}&gclid=1", f"https://{long}.example/{long}")

    assert len(found.campaign) == MAX_TEXT
    assert len(source(f"{PAGE}?gclid={long}").click_id) == MAX_CLICK_ID
    assert len(host_of(f"https://{long}.example/")) <= MAX_SOURCE


@pytest.mark.parametrize(
    ("name", "medium", "channel"),
    [
        ("", "", "direct"),
        ("google", "paid", "google"),
        ("google", "organic", "organic"),
        ("google", "cpc", "google"),
        ("bing", "ppc", "microsoft"),
        ("facebook", "paid_social", "meta"),
        ("facebook", "social", "social"),
        ("ig", "", "meta"),
        ("news", "e-mail", "email"),
        ("newsletter", "", "email"),
        ("gmail", "email", "email"),
        ("twilio", "sms", "sms"),
        ("instagram", "dm", "dm"),
        ("feedly", "feed", "referral"),
        ("blog.example", "referral", "referral"),
        ("criteo", "retargeting", "paid"),
        ("flyer", "print", "referral"),
        (" Google ", "CPC", "google"),
    ],
)
def test_a_source_counts_for_one_of_a_fixed_few_channels(name, medium, channel):
    assert channel_of(name, medium) == channel


@given(name=st.text(max_size=30), medium=st.text(max_size=30))
def test_whatever_is_sent_cannot_make_channels_up(name, medium):
    assert channel_of(name, medium) in {
        "meta", "google", "tiktok", "microsoft", "linkedin", "x", "email", "sms", "dm", "direct",
        "organic", "referral", "social", "paid",
    }  # fmt: skip
