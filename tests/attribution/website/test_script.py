"""The built tracking script: fresh, small, and served so that every site can load it."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import subprocess
from pathlib import Path

from django.conf import settings
from django.test import Client

TRACKER = Path(settings.BASE_DIR) / "attribution" / "tracker"
BUILT = TRACKER / "dist" / "t.js"
ESBUILD = TRACKER / "node_modules" / ".bin" / "esbuild"
OPTIONS = ("tracker.js", "--bundle", "--minify", "--format=iife", "--target=es2019")


def digest(name: str) -> str:
    return hashlib.sha256((TRACKER / name).read_bytes()).hexdigest()


def test_what_is_committed_was_built_from_the_source() -> None:
    built = json.loads((TRACKER / "built.json").read_text())
    wanted = json.loads((TRACKER / "package.json").read_text())["devDependencies"]["esbuild"]
    locked = json.loads((TRACKER / "package-lock.json").read_text())["packages"]

    assert built["sources"] == {name: digest(name) for name in built["sources"]}, "run make tracker"
    assert built["dist/t.js"] == digest("dist/t.js"), "dist/t.js was edited: run make tracker"
    assert built["esbuild"] == wanted == locked["node_modules/esbuild"]["version"]
    if ESBUILD.exists():  # a machine where it was built; others have the digests above
        made = subprocess.run([ESBUILD, *OPTIONS], cwd=TRACKER, capture_output=True, check=True)
        assert made.stdout == BUILT.read_bytes()


def test_it_stays_below_1500_bytes_gzipped() -> None:
    assert len(gzip.compress(BUILT.read_bytes(), 9)) <= 1500
    assert len((TRACKER / "dist" / "t.js.gz").read_bytes()) <= 1500


def test_the_packed_file_is_the_same_script() -> None:
    assert gzip.decompress((TRACKER / "dist" / "t.js.gz").read_bytes()) == BUILT.read_bytes()


def test_nothing_in_it_is_younger_than_es2019() -> None:
    """esbuild lowers syntax, but no library calls; and blocked storage needs sloppy mode."""
    script = BUILT.read_text()
    young = r"\?\.\D|\?\?|\|\|=|&&=|\d_\d|\d+n\b|#[a-z]\w*\s*[=(]|use strict|\bstatic\{"
    calls = r"replaceAll|\.at\(|structuredClone|randomUUID|\.any\(|matchAll|globalThis|hasOwn\b"

    assert re.findall(young, script) == []
    assert re.findall(calls, script) == []


def test_any_site_may_load_it_and_keep_it_for_an_hour(client: Client) -> None:
    answer = client.get("/t.js")

    assert answer.status_code == 200
    assert b"".join(answer.streaming_content) == BUILT.read_bytes()
    assert answer["Content-Type"] == 'text/javascript; charset="utf-8"'
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer["Cache-Control"] == "max-age=3600, public"
    assert client.get("/t.js", headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert client.post("/t.js").status_code == 405


def test_it_comes_packed_to_who_takes_that(client: Client) -> None:
    answer = client.get("/t.js", headers={"Accept-Encoding": "gzip, br"})

    assert answer["Content-Encoding"] == "gzip"
    assert gzip.decompress(b"".join(answer.streaming_content)) == BUILT.read_bytes()


def test_no_session_has_a_part_in_it(client: Client) -> None:
    client.cookies["sessionid"] = "somebody"

    answer = client.get("/t.js")

    assert answer["Vary"] == "Accept-Encoding"
    assert not answer.cookies
