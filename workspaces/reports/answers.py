"""Files that a page answers with."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from django.http import HttpResponse

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


def load(name: str) -> Any:
    """Load ``paper`` or ``drawing`` when a file is asked for: it costs a web worker 40 MB."""
    return import_module(f"workspaces.reports.{name}")
