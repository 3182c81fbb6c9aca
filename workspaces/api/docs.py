"""The schema and its page, served locally."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.utils.decorators import method_decorator
from django.views.decorators.http import conditional_page
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


@cache
def _document() -> dict[str, Any]:
    """Make the schema of this release; it takes seconds, and nothing in it depends on who asks."""
    made: dict[str, Any] = spectacular_settings.DEFAULT_GENERATOR_CLASS().get_schema(public=True)
    return made


class _OnceGenerator(SchemaGenerator):
    """Hands out the schema that this process has made."""

    def get_schema(self, request: Request | None = None, public: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002  # the library's signature
        """Answer with the whole of it."""
        return _document()


def _once(renderer: type[BaseRenderer]) -> type[BaseRenderer]:
    """Write a format's bytes once, too: YAML takes half a second."""

    @cache
    def written() -> bytes | str:
        return renderer().render(_document(), renderer.media_type, {})

    class Once(renderer):  # type: ignore[misc,valid-type]  # a class of its argument
        def render(
            self, data: Any, media_type: str | None = None, context: Any = None
        ) -> bytes | str:
            # Problems are written as they come, and so is an indentation that was asked for.
            if data is _document() and media_type == self.media_type:
                return written()
            answer: bytes | str = super().render(data, media_type, context)
            return answer

    return Once


@method_decorator(conditional_page, name="dispatch")
class SchemaView(SpectacularAPIView):
    """The schema itself; it tells nothing of any workspace."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()
    metadata_class = None
    generator_class = _OnceGenerator
    renderer_classes = [_once(one) for one in SpectacularAPIView.renderer_classes]


class DocsView(SpectacularSwaggerSplitView):
    """The schema as a page, all of it served by us."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()
    metadata_class = None
    url_name = "api-schema"
