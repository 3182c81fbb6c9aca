"""The event of the wire: which fields it has, and what each may hold."""

from __future__ import annotations

from typing import Annotated, Final, Literal, NotRequired
from uuid import UUID

from pydantic import UUID7, ConfigDict, Field, StringConstraints, TypeAdapter, with_config
from typing_extensions import TypedDict

MAX_PROPERTIES: Final = 50

# Until the year 3000.
Moment = Annotated[float, Field(ge=0, le=32_503_680_000_000, allow_inf_nan=False)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=120)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Scalar = Annotated[str, StringConstraints(max_length=1000)] | bool | int | Number | None
# Written so because "class" is no name for an attribute.
Element = TypedDict(
    "Element",
    {"id": str, "class": str, "text": str, "type": str, "href": str},
    total=False,
)


@with_config(ConfigDict(extra="ignore"))
class Event(TypedDict):
    """One event as a browser or a server sends it; texts from pages are cut later, not refused."""

    id: UUID7
    type: Literal["page_view", "click", "form_submit", "scroll", "engagement", "custom", "identify"]
    at: NotRequired[Moment | None]
    url: NotRequired[str | None]
    page_id: NotRequired[UUID | None]
    title: NotRequired[str | None]
    referrer: NotRequired[str | None]
    name: NotRequired[Name | None]
    element: NotRequired[Element | None]
    scroll: NotRequired[Annotated[int, Field(ge=0, le=100)] | None]
    seconds: NotRequired[Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] | None]
    user_id: NotRequired[Annotated[str, StringConstraints(max_length=120)] | None]
    properties: NotRequired[Annotated[dict[Name, Scalar], Field(max_length=MAX_PROPERTIES)] | None]
    variants: NotRequired[Annotated[dict[Name, Name], Field(max_length=MAX_PROPERTIES)] | None]


@with_config(ConfigDict(extra="ignore"))
class Body(TypedDict):
    """One call; its events are looked at one by one."""

    events: list[object]
    sent_at: NotRequired[Moment | None]
    consent: NotRequired[bool | None]
    visitor_id: NotRequired[UUID | None]
    session_id: NotRequired[UUID | None]
    screen: NotRequired[Annotated[str, StringConstraints(max_length=12)] | None]
    time_zone: NotRequired[Annotated[str, StringConstraints(max_length=60)] | None]
    language: NotRequired[Annotated[str, StringConstraints(max_length=20)] | None]
    # Of the visitor, where a server speaks for his browser.
    user_agent: NotRequired[Annotated[str, StringConstraints(max_length=1000)] | None]
    ip_address: NotRequired[Annotated[str, StringConstraints(max_length=45)] | None]
    variants: NotRequired[Annotated[dict[Name, Name], Field(max_length=MAX_PROPERTIES)] | None]


EVENT: Final = TypeAdapter(Event)
BODY: Final = TypeAdapter(Body)
