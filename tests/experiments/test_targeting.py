"""Whom a test lets in."""

from __future__ import annotations

import re

import pytest

from experiments.engine.targeting import (
    Facts,
    Targeting,
    TargetingError,
    path_and_query,
    targeting_of,
)

SHOP = "https://shop.example"


@pytest.mark.parametrize(
    ("pattern", "url", "fits"),
    [
        ("*", f"{SHOP}/any?x=1", True),
        ("/", SHOP, True),
        ("/", f"{SHOP}/#top", True),
        ("/", f"{SHOP}/a", False),
        ("/product/*", f"{SHOP}/product/7?utm_source=x", True),
        ("/product/*", f"{SHOP}/products/7", False),
        ("/product/*", f"{SHOP}/eu/product/7", False),
        ("*/thank-you*", f"{SHOP}/eu/thank-you.html", True),
        ("/a.html", f"{SHOP}/abhtml", False),
        ("/a(b)+[c]|$", "/a(b)+[c]|$", True),
        ("/a|/b", "/b", False),
        ("/größe/*", f"{SHOP}/gr%C3%B6%C3%9Fe/42", True),
        ("/größe/*", "/größe/42", True),
        ("/two words", f"{SHOP}/two%20words", True),
        ("/shop", f"{SHOP}/x?next=/shop", False),
    ],
)
def test_pages(pattern: str, url: str, fits: bool) -> None:
    assert Targeting(pages=(pattern,)).fits(Facts(url=url)) is fits


@pytest.mark.parametrize(
    ("query", "url", "fits"),
    [
        ({"ref": "mail"}, "/?ref=mail", True),
        ({"ref": "mail"}, "/?a=1&ref=mail&b=2#x", True),
        ({"ref": "mail"}, "/?ref=mails", False),
        ({"ref": "mail"}, "/?xref=mail", False),
        ({"ref": "mail"}, "/ref=mail", False),
        ({"ref": "*"}, "/?ref=", True),
        ({"ref": ""}, "/?ref=&a=1", True),
        ({"ref": ""}, "/?ref=x", False),
        ({"ref": "ma*l"}, "/?ref=ma&x=l", False),
        ({"q": "red shoes"}, "/?q=red+shoes", True),
        ({"q": "red shoes"}, "/?q=red%20shoes", True),
        ({"q": "O'Neill"}, "/?q=O%27Neill", True),
        ({"a": "1", "b": "2"}, "/?b=2&a=1", True),
        ({"a": "1", "b": "2"}, "/?a=1", False),
    ],
)
def test_parameters_of_the_address(query: dict[str, str], url: str, fits: bool) -> None:
    assert Targeting(query=tuple(query.items())).fits(Facts(url=url)) is fits


def test_page_and_query_together() -> None:
    wanted = Targeting(pages=("/shop/*", "/sale"), query=(("ref", "mail"),))

    assert wanted.fits(Facts(url="/sale?ref=mail"))
    assert not wanted.fits(Facts(url="/cart?ref=mail"))
    assert not wanted.fits(Facts(url="/sale"))


@pytest.mark.parametrize("field", ["device", "country", "customer_type"])
def test_what_is_asked_for_has_to_be_known(field: str) -> None:
    plural = {"device": "devices", "country": "countries", "customer_type": "customer_types"}
    wanted = Targeting(**{plural[field]: ("x", "y")})

    assert wanted.fits(Facts(**{field: "y"}))
    assert not wanted.fits(Facts(**{field: "z"}))
    assert not wanted.fits(Facts())


def test_nothing_asked_for_lets_everybody_in() -> None:
    assert Targeting().fits(Facts())
    assert Targeting(pages=("/a", "*")).page_expression == ""


def test_the_expression_needs_nothing_that_javascript_lacks() -> None:
    expression = Targeting(pages=("/ü/*", "/a.b"), query=(("x y", "*"),)).page_expression

    assert expression.isascii()
    assert not re.search(r"\(\?[^=:]|\\[AZdDsSwWbB]|\{", expression)


@pytest.mark.parametrize(
    "url", ["", "http://[", "\ud83d", "?x=\x00", "//two/slashes", "javascript:x"]
)
def test_any_address_can_be_read(url: str) -> None:
    assert path_and_query(url).isascii()


def test_targeting_is_read_from_what_a_test_says() -> None:
    told = {"devices": ["mobile"], "countries": ["DE", "AT"], "query": {"b": "2", "a": "*"}}

    assert targeting_of(told, pages=("/a",)) == Targeting(
        devices=("mobile",),
        countries=("DE", "AT"),
        pages=("/a",),
        query=(("a", "*"), ("b", "2")),
    )
    assert targeting_of({}) == Targeting()


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"planets": ["Mars"]}, "planets"),
        ({"devices": ["fridge"]}, "devices"),
        ({"devices": "mobile"}, "devices"),
        ({"countries": ["de"]}, "countries"),
        ({"countries": [7]}, "countries"),
        ({"customer_types": ["old"]}, "customer_types"),
        ({"query": ["a"]}, "query"),
        ({"query": {"a": 1}}, "query"),
        ({"query": {"": "1"}}, "query"),
        ({"query": {"a": "x" * 201}}, "query"),
    ],
)
def test_what_is_no_targeting_is_refused_by_its_field(told: dict, field: str) -> None:
    with pytest.raises(TargetingError) as refused:
        targeting_of(told)
    assert refused.value.field == field
