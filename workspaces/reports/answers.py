"""Files that a page answers with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, Final

from django.http import Http404, HttpResponse, StreamingHttpResponse

from workspaces.reports.shapes import Chart

TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "png": "image/png",
}


def download(content: bytes, *, name: str, kind: str) -> HttpResponse:
    """A file to be kept, named for what is in it; ``kind`` is one of ``TYPES``."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    return HttpResponse(content, content_type=TYPES[kind], headers=headers)


def stream(parts: Iterable[bytes], *, name: str, kind: str) -> StreamingHttpResponse:
    """A file to be kept that is made while it is read; the server never holds the whole of it."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    return StreamingHttpResponse(parts, content_type=TYPES[kind], headers=headers)


def picture(charts: Mapping[str, Chart], name: str) -> bytes:
    """Draw one of a page's charts as PNG.

    Raises
    ------
    Http404 : the page has no such chart, or nothing to show in it
    """
    if name not in charts:
        known = ", ".join(charts) or "none"
        raise Http404(f"There is no chart {name!r} with figures here; there are: {known}.")
    content: bytes = load("drawing").png_of(charts[name])
    return content


def load(name: str) -> Any:
    """Load ``paper`` or ``drawing`` when a file is asked for: it costs a web worker 40 MB."""
    return import_module(f"workspaces.reports.{name}")
