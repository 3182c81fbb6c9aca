"""Paths that answer with and without their last slash: a redirected POST loses its body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponseBase
from django.urls import URLPattern
from django.urls.resolvers import RoutePattern


class EitherSlash(RoutePattern):
    """A route written with its slash that matches without it too."""

    def match(self, path: str) -> Any:
        """Match as if the slash were there."""
        return super().match(path if path.endswith("/") else f"{path}/")


def api_path(route: str, view: Callable[..., HttpResponseBase], name: str) -> URLPattern:
    """One path of the API, in both spellings."""
    return URLPattern(EitherSlash(route, name=name, is_endpoint=True), view, None, name)
