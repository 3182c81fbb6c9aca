"""A website with a chat, and visitors who write in it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from attribution.models import Site
from attribution.services.website.sites import create_site
from inbox.models import ChatVisitor, ChatWidget, CustomerResponse
from inbox.selectors.chat import visitor_of
from inbox.services.chatting import Said, Spoken, say
from tests.inbox.steps import NOW
from workspaces.models import Workspace

ORIGIN: Final = "https://shop.example"
KEY: Final = UUID("7c0f1a52-8a53-4a6f-9f3e-2f9f7f8f2f10")


def site_of(workspace: Workspace, name: str = "Shop", origin: str = ORIGIN) -> Site:
    """Make a website."""
    return create_site(workspace=workspace, name=name, origins=[origin])


def chat_of(workspace: Workspace, name: str = "Shop", **values: Any) -> ChatWidget:
    """Make a website whose chat is on."""
    site = site_of(workspace, name)
    return ChatWidget.objects.create(
        workspace=workspace, site=site, **{"is_on": True, "team": "sales"} | values
    )


def said(text: str = "Do you deliver?", **values: Any) -> Said:
    """Make a message, each with an id of its own."""
    return Said(**{"key": uuid4(), "text": text, "page": f"{ORIGIN}/pricing?a=1#b"} | values)


def write(
    widget: ChatWidget, what: Said | None = None, token: str = "", now: datetime = NOW
) -> Spoken:
    """Write as a visitor on one connection."""
    return say(widget=widget, said=what or said(), token=token, caller="one", now=now)


def begin(widget: ChatWidget, **values: Any) -> tuple[ChatVisitor, str]:
    """Begin a chat; returns who it is and their token."""
    spoken = write(widget, said(**values))
    found = visitor_of(widget, spoken.token)
    assert found is not None
    return found, spoken.token


def last_of(visitor: ChatVisitor) -> CustomerResponse:
    """The newest message of a visitor."""
    return CustomerResponse.objects.filter(point=visitor.point, direction="in").latest("pk")
