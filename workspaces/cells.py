"""What the admin's lists have alike in their rows, drawn once instead of in each of them.

unfold names a list's columns anew for every row, and draws each label and each box to tick by a
template. Of a list of fifty rows that is a good third of the time.
"""

from __future__ import annotations

from functools import cache, lru_cache, wraps
from typing import Any, Final

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

_PLACE: Final = "row-of-the-box"
_MOST_LABELS: Final = 512


def draw_once() -> None:
    """Let unfold do so. Called while the apps are loaded."""
    from unfold.templatetags import unfold_list

    unfold_list.result_headers = _headers_once(unfold_list.result_headers)
    unfold_list.display_for_label = _labels_once(unfold_list.display_for_label)


def box_of(pk: object) -> SafeString:
    """Draw the box that chooses a row for an action."""
    before, after = _box()
    return mark_safe(f"{before}{escape(str(pk))}{after}")  # noqa: S308  # a widget's own halves


@cache
def _box() -> tuple[str, str]:
    from unfold.admin import checkbox

    before, _, after = checkbox.render(ACTION_CHECKBOX_NAME, _PLACE).partition(_PLACE)
    return before, after


def _headers_once(draw: Any) -> Any:
    """Names of a list's columns, kept with the list."""

    @wraps(draw)
    def headers(changes: Any) -> list[dict[str, Any]]:
        if not hasattr(changes, "headers_drawn"):
            changes.headers_drawn = list(draw(changes))
        drawn: list[dict[str, Any]] = changes.headers_drawn
        return drawn

    return headers


def _labels_once(draw: Any) -> Any:
    """Labels of plain words by their colours; there are few, as they are what states are called."""

    @lru_cache(maxsize=_MOST_LABELS)
    def drawn(value: str | tuple[str, ...], colours: tuple[tuple[Any, Any], ...]) -> Any:
        return draw(value, "", dict(colours))

    @wraps(draw)
    def label(value: Any, empty: str, colours: Any) -> Any:
        if _is_plain(value) and isinstance(colours, dict):
            return drawn(value, tuple(colours.items()))
        return draw(value, empty, colours)

    return label


def _is_plain(value: Any) -> bool:
    """Whether it is text, or a state with the text that it is called by."""
    parts = value if type(value) is tuple else (value,)
    return all(type(part) is str for part in parts)
