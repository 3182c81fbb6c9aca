"""Pages of a list, with cursors."""

from __future__ import annotations

import base64
from urllib.parse import urlencode

from sandbox.context import Context
from sandbox.entities import Entity
from sandbox.meta.errors import invalid
from sandbox.web import JsonObject

DEFAULT_LIMIT, HIGHEST_LIMIT = 25, 5000


def slice_of(params: dict[str, str]) -> slice:
    """Return which rows a call asks for."""
    try:
        limit = int(params.get("limit", DEFAULT_LIMIT))
        after = params.get("after", "")
        begin = int(base64.urlsafe_b64decode(after).decode().removeprefix("at:")) if after else 0
    except ValueError:
        raise invalid("after", "limit or cursor is not valid.") from None
    if not 1 <= limit <= HIGHEST_LIMIT:
        raise invalid("limit", f"limit must lie between 1 and {HIGHEST_LIMIT}.")
    return slice(begin, begin + limit)


def page_of(
    context: Context, rows: list[JsonObject] | list[Entity], params: dict[str, str]
) -> JsonObject:
    """Cut one page; `paging.next` is absent on the last one."""
    part = slice_of(params)
    page: JsonObject = {"data": rows[part]}
    if rows[part]:
        cursors = {"before": _cursor(part.start), "after": _cursor(part.stop)}
        paging: JsonObject = {"cursors": cursors}
        if part.stop < len(rows):
            # Meta repeats the token here when it came as a parameter; a header stays a header.
            query = params | {"after": cursors["after"]}
            host = context.request.headers.get("host", "")
            paging["next"] = f"http://{host}{context.request.path}?{urlencode(query)}"
        page["paging"] = paging
    if params.get("summary") == "true":
        page["summary"] = {"total_count": len(rows)}
    return page


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"at:{position}".encode()).decode()
