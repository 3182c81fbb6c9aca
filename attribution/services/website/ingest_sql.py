"""Storing a call's events and queueing their visitors."""

from __future__ import annotations

from typing import Final

# Columns that hold for a call, unless a row says otherwise.
COMMON: Final = (
    "has_consent", "client_session", "device", "os", "browser", "country", "region", "city",
    "screen", "time_zone", "language",
)  # fmt: skip
_OWN: Final = {
    "event_id": "uuid", "day": "date", "visitor_key": "uuid",
    "type": "text", "category": "text", "name": "text", "page_id": "uuid", "scroll": "smallint",
    "seconds": "float8", "value": "numeric",
}  # fmt: skip
_TEXTS: Final = (
    "label", "url", "path", "title", "referrer", "source", "medium", "campaign", "content", "term",
    "click_id_kind", "click_id", "element_id", "element_class", "element_text", "element_type",
    "href", "user_id", "currency",
)  # fmt: skip
_SHARED_TYPES: Final = {"has_consent": "bool", "client_session": "uuid"}
_OBJECTS: Final = ("variants", "properties")

COLUMNS: Final = (
    "workspace_id", "site_id", "received_at", "at", "is_tagged", *_OWN, *_TEXTS, *_OBJECTS, *COMMON,
)  # fmt: skip
# What a row has in COPY's text where nothing says otherwise.
UNSAID: Final = {
    **dict.fromkeys(COLUMNS, ""),
    **dict.fromkeys(("page_id", "scroll", "seconds", "value", "client_session"), "\\N"),
    **dict.fromkeys(_OBJECTS, "{}"),
    "is_tagged": "false",
}


def _selected() -> str:
    return ", ".join(
        (
            "%(workspace)s", "%(site)s", "%(received_at)s",
            "r.at", "coalesce(r.is_tagged, false)",
            *(f"r.{name}" for name in _OWN),
            *(f"coalesce(r.{name}, '')" for name in _TEXTS),
            *(f"coalesce(r.{name}, '{{}}')::jsonb" for name in _OBJECTS),
            *(
                f"coalesce(r.{name}, %({name})s::{_SHARED_TYPES.get(name, 'text')})"
                for name in COMMON
            ),
        )
    )  # fmt: skip


def _shape() -> str:
    kinds = {
        "at": "timestamptz",
        "is_tagged": "bool",
        **_OWN,
        **dict.fromkeys((*_TEXTS, *_OBJECTS), "text"),
        **{name: _SHARED_TYPES.get(name, "text") for name in COMMON},
    }
    return ", ".join(f"{name} {kind}" for name, kind in kinds.items())


# A repetition meets the row that it repeats and is left out; so is one within the call.
STORE: Final = f"""
WITH stored AS (
    INSERT INTO attribution_webevent ({", ".join(COLUMNS)})
    SELECT {_selected()} FROM json_to_recordset(%(rows)s::json) AS r({_shape()})
    ON CONFLICT DO NOTHING
    RETURNING visitor_key, at
), queued AS (
    INSERT INTO attribution_sessionwork (workspace_id, site_id, visitor_key, since, received_at)
    SELECT %(workspace)s, %(site)s, visitor_key, min(at), %(received_at)s
      FROM stored GROUP BY visitor_key
)
SELECT count(*) FROM stored
"""  # noqa: S608  # names of columns, constants of ours
COPY: Final = f"COPY attribution_webevent ({', '.join(COLUMNS)}) FROM STDIN"
QUEUE: Final = """
INSERT INTO attribution_sessionwork (workspace_id, site_id, visitor_key, since, received_at)
SELECT %(workspace)s, %(site)s, key, at, %(received_at)s
  FROM unnest(%(keys)s::uuid[], %(moments)s::timestamptz[]) AS v(key, at)
"""
QUEUE_AGAIN: Final = """
INSERT INTO attribution_sessionwork (workspace_id, site_id, visitor_key, since, received_at)
SELECT workspace_id, site_id, visitor_key, min(at), %(now)s
  FROM attribution_webevent
 WHERE site_id = %(site)s AND (%(keys)s::uuid[] IS NULL OR visitor_key = ANY(%(keys)s::uuid[]))
 GROUP BY workspace_id, site_id, visitor_key
"""
