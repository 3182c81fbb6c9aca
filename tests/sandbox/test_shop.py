from __future__ import annotations

import re

import pytest

from sandbox.shop.products import PRODUCTS
from tests.sandbox.conftest import Box

PAGES = ("", "cart", "checkout", "thank-you", *(f"products/{one.slug}" for one in PRODUCTS))
ON = {"base_url": "http://ops.example/", "site_key": "k-1"}


@pytest.mark.parametrize("path", PAGES)
def test_pages_load_the_script_of_whom_they_were_told(box: Box, path: str) -> None:
    without = box.http.get(f"/shop/{path}")
    box.control("shop", ON)
    shown = box.http.get(f"/shop/{path}")

    assert (without.status_code, shown.status_code) == (200, 200)
    assert "t.js" not in without.text
    assert '<script defer src="http://ops.example/t.js" data-site="k-1"></script>' in shown.text
    assert re.findall(r"\$\w+|\$\{", shown.text) == [], "a value was not filled in"


def test_nothing_of_a_page_comes_from_elsewhere(box: Box) -> None:
    for path in PAGES:
        for address in re.findall(r'(?:src|href)="([^"#]+)"', box.http.get(f"/shop/{path}").text):
            assert address.startswith("/shop/")
            assert box.http.get(address).status_code == 200, address


def test_settings_are_kept_shown_and_checked(box: Box) -> None:
    assert box.control("shop", ON) == {"base_url": "http://ops.example", "site_key": "k-1"}
    assert box.control("shop", method="GET")["site_key"] == "k-1"

    for wrong in ({"base_url": "ops.example"}, {"base_url": "javascript:alert(1)"}, {"key": "k"}):
        answer = box.http.post("/_sandbox/shop", json=wrong)
        assert answer.status_code == 400
        assert "base_url" in answer.json()["error"]

    assert box.control("shop", method="GET") == {
        "base_url": "http://ops.example",
        "site_key": "k-1",
    }


def test_environment_says_it_where_no_call_did(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_BASE_URL", "http://other.example")
    monkeypatch.setenv("SHOP_SITE_KEY", "k-2")
    assert 'data-site="k-2"' in box.http.get("/shop/").text

    box.control("shop", ON)
    assert 'data-site="k-1"' in box.http.get("/shop/").text


def test_keys_cannot_break_out_of_the_page(box: Box) -> None:
    box.control("shop", {**ON, "site_key": '"><script>alert(1)</script>'})

    assert "<script>alert" not in box.http.get("/shop/").text


@pytest.mark.parametrize("path", ["nothing", "products/nothing", "files/../pages.py", "files/x.py"])
def test_what_is_not_there_is_not_found(box: Box, path: str) -> None:
    assert box.http.get(f"/shop/{path}").status_code == 404


def test_the_shop_takes_no_calls(box: Box) -> None:
    assert box.http.post("/shop/checkout", data={"name": "Ada"}).status_code == 405
