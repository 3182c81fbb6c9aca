"""GET /chat.js: the built script of the chat, with the settings of a site in it."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from attribution.models import Site
from inbox.engine.chat_texts import (
    ACCENT,
    LANGUAGES,
    WORDS,
    colours_of,
    contrast,
    language_of,
)
from inbox.models import ChatWidget
from tests.inbox.chat.steps import chat_of, site_of
from workspaces.models import ThrottleRate, Workspace

WIDGET = Path(settings.BASE_DIR) / "inbox" / "widget"
BUILT = WIDGET / "dist" / "chat.js"
TRACKER = Path(settings.BASE_DIR) / "attribution" / "tracker"


@pytest.fixture
def widget(workspace: Workspace) -> ChatWidget:
    return chat_of(workspace, title='</script>"ü', accent="#ffee00", language="de")


def ask(client: Client, site: Site | str, query: str = "", **headers: str) -> Any:
    key = site if isinstance(site, str) else site.key
    return client.get(f"/chat.js?site={key}{query}", headers=headers)


def told(answer: Any) -> dict:
    """What stands in the script in place of CONFIG."""
    head, tail = BUILT.read_text().split("CONFIG")
    text = answer.content.decode()
    assert text.startswith(head)
    assert text.endswith(tail)
    return json.loads(text[len(head) : -len(tail)])


def digest(name: str) -> str:
    return hashlib.sha256((WIDGET / name).read_bytes()).hexdigest()


def test_what_is_committed_was_built_from_the_source() -> None:
    built = json.loads((WIDGET / "built.json").read_text())
    wanted = json.loads((TRACKER / "package.json").read_text())["devDependencies"]["esbuild"]

    assert built["sources"] == {name: digest(name) for name in built["sources"]}, "run make tracker"
    assert built["dist/chat.js"] == digest("dist/chat.js"), "it was edited: run make tracker"
    assert built["esbuild"] == wanted
    if (TRACKER / "node_modules").exists():  # a machine where it was built
        before = BUILT.read_bytes()
        subprocess.run(["node", WIDGET / "build.mjs"], cwd=TRACKER, check=True, capture_output=True)
        assert BUILT.read_bytes() == before


def test_it_stays_below_12_kb_gzipped_and_does_what_a_strict_page_allows() -> None:
    script = BUILT.read_text()

    assert len(gzip.compress(script.encode(), 9)) <= 12_000
    assert script.count("CONFIG") == 1
    forbidden = r"\beval\b|\bFunction\b|innerHTML|document\.write|cookie|\.style\b|\"style\""
    assert re.findall(forbidden, script) == []
    assert script.count("adoptedStyleSheets") == 1


def test_the_script_with_the_settings_of_the_site(client: Client, widget: ChatWidget) -> None:
    answer = ask(client, widget.site)

    config = told(answer)
    assert config["words"] == WORDS["de"]
    assert {name: config[name] for name in ("key", "lang", "title", "accent", "ink")} == {
        "key": widget.site.key, "lang": "de", "title": '</script>"ü', "accent": "#ffee00",
        "ink": "#000000",
    }  # fmt: skip
    assert "preview" not in config
    assert told(ask(client, widget.site, "&lang=fr-CH"))["words"] == WORDS["fr"]


def test_any_page_may_load_it_and_keep_it_for_a_minute(client: Client, widget: ChatWidget) -> None:
    client.cookies["sessionid"] = "somebody"
    answer = ask(client, widget.site)

    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert (answer["Cache-Control"], answer["Vary"]) == ("max-age=60, public", "Accept-Encoding")
    assert not answer.cookies
    again = ask(client, widget.site, **{"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    packed = ask(client, widget.site, **{"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.content) == answer.content
    assert client.post(f"/chat.js?site={widget.site.key}").status_code == 405


def test_where_it_is_off_it_is_empty_but_for_the_preview(
    client: Client, workspace: Workspace, widget: ChatWidget
) -> None:
    bare = ask(client, site_of(workspace, "Bare"))
    ChatWidget.objects.update(is_on=False)
    off = ask(client, widget.site)
    for answer in (bare, off):
        assert (answer.status_code, answer.content) == (200, b"")
    assert told(ask(client, widget.site, "&preview"))["preview"] is True

    Site.objects.update(is_active=False)
    for key in (widget.site.key, "", "%00"):
        answer = ask(client, key, "&preview")
        assert answer.status_code == 404
        assert re.fullmatch(r"// .*\n", answer.content.decode())


def test_who_asks_too_often_gets_no_script(client: Client, widget: ChatWidget) -> None:
    ThrottleRate.objects.create(workspace=widget.workspace, scope="visitor", calls=1, seconds=10**6)
    codes = [ask(client, widget.site).status_code for _ in range(2)]
    assert codes == [200, 429]


def test_every_language_has_all_words_and_their_places() -> None:
    assert [language for language, _ in LANGUAGES] == list(WORDS)
    for words in WORDS.values():
        assert all(words.values())
        assert ("{n}" in words["unread"], "{at}" in words["back"]) == (True, True)
    asked = ("de-AT", "FR_ch", "", "xx", "en")
    assert [language_of(one) for one in asked] == ["de", "fr", "en", "en", "en"]


@given(st.text("0123456789abcdef", min_size=6, max_size=6))
def test_words_can_be_read_on_every_colour(digits: str) -> None:
    accent, ink = colours_of(f"#{digits}")
    assert accent == f"#{digits}"
    assert contrast(accent, ink) >= 4.5


def test_what_is_no_colour_is_the_usual_one() -> None:
    for odd in ("", "red", "#fff", "#1f4fd8;}"):
        assert colours_of(odd) == (ACCENT, "#ffffff")
    assert round(contrast("#000000", "#ffffff"), 6) == 21
