"""What a variant may change on a page, and what is refused."""

from __future__ import annotations

import pytest

from experiments.engine.changes import Change, ChangeError, Kind, Look, look_of


def change(**options: object) -> dict:
    return {"kind": "text", "selector": "h1", "value": "x", **options}


def test_changes_are_read_in_order_and_the_test_names_the_selector() -> None:
    config = {
        "note": "left alone",
        "changes": [
            {"kind": "text", "value": "New"},
            {"kind": "attribute", "selector": " a.buy > b ", "name": "href", "value": "/new"},
        ],
    }

    assert look_of(config, selector="h1") == Look(
        (
            Change(Kind.TEXT, "h1", "New"),
            Change(Kind.ATTRIBUTE, "a.buy > b", "/new", "href"),
        )
    )


@pytest.mark.parametrize("path", ["/", "/offer-b", "/a/b.html?x=1&y=%20", "/größe", "/p?plan=b"])
def test_redirects_within_the_site(path: str) -> None:
    assert look_of({"redirect": path}) == Look((), path)


@pytest.mark.parametrize(
    "path",
    [
        "offer", "//evil.example/x", "https://evil.example", "/\\evil.example", "/a#b", "/a b",
        "/a/../b", "/a/.", "/a/%2e%2E/b", "/a?flag", "/a?x=1&flag", "/*", "/a\n", "javascript:x",
        7, "/" + "a" * 300,
    ],
)  # fmt: skip
def test_other_redirects_are_refused(path: object) -> None:
    with pytest.raises(ChangeError, match="redirect: Name a path") as refused:
        look_of({"redirect": path})
    assert refused.value.field == "redirect"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": "html"}, "kind"),
        ({"selector": ""}, "selector"),
        ({"selector": "h1{}*"}, "selector"),
        ({"selector": "a/*"}, "selector"),
        ({"selector": "</style>"}, "selector"),
        ({"selector": "a" * 301}, "selector"),
        ({"value": None}, "value"),
        ({"value": "x" * 2001}, "value"),
        ({"value": "a\x00"}, "value"),
        ({"kind": "class", "value": "two words"}, "value"),
        ({"kind": "style", "value": "color: red} body{display:none"}, "value"),
        ({"kind": "style", "value": "background: url(//evil.example)"}, "value"),
        ({"kind": "style", "value": "background: URL (x)"}, "value"),
        ({"kind": "style", "value": "background: u\\72l(x)"}, "value"),
        ({"kind": "style", "value": "red"}, "value"),
        ({"kind": "style", "value": " ; "}, "value"),
        ({"kind": "style", "value": "color: red/*"}, "value"),
        ({"kind": "attribute", "name": "onclick"}, "name"),
        ({"kind": "attribute", "name": "srcdoc"}, "name"),
        ({"kind": "attribute", "name": "style"}, "name"),
        ({"kind": "attribute", "name": "ON click"}, "name"),
        ({"kind": "attribute", "name": ""}, "name"),
        ({"kind": "attribute", "name": 7}, "name"),
        ({"kind": "attribute", "name": "href", "value": "javascript:alert(1)"}, "value"),
        ({"kind": "attribute", "name": "href", "value": " java\tscript:alert(1)"}, "value"),
        ({"kind": "attribute", "name": "href", "value": "DATA:text/html,x"}, "value"),
        ({"kind": "attribute", "name": "srcset", "value": "/a.png, data:x 2x"}, "value"),
    ],
)
def test_what_is_unsafe_is_refused_by_its_field(wrong: dict, field: str) -> None:
    with pytest.raises(ChangeError) as refused:
        look_of({"changes": [change(), change(**wrong)]})
    assert refused.value.field == f"changes[1].{field}"


@pytest.mark.parametrize(
    "good",
    [
        {"kind": "style", "value": "color:#fff; --gap: 4px; width: calc(100% - 2px)"},
        {"kind": "attribute", "name": "href", "value": "mailto:a@b.example"},
        {"kind": "attribute", "name": "alt", "value": "Data: red"},
        {"kind": "attribute", "name": "data-x", "value": ""},
        {"kind": "class", "value": "-is_big"},
        {"selector": "a[href^='/x'], .b:not(.c) > d"},
    ],
)
def test_what_is_safe_is_taken(good: dict) -> None:
    assert len(look_of({"changes": [change(**good)]}).changes) == 1


@pytest.mark.parametrize("changes", ["text", 7, [change()] * 21, ["text"], {"kind": "text"}])
def test_what_is_no_list_of_changes_is_refused(changes: object) -> None:
    with pytest.raises(ChangeError, match="changes"):
        look_of({"changes": changes})


def test_a_page_is_changed_or_replaced() -> None:
    with pytest.raises(ChangeError, match="not both"):
        look_of({"changes": [change()], "redirect": "/b"})
