"""The chat of websites over REST: for browsers of visitors, by the site's key and their token."""

from __future__ import annotations

import time
from typing import Any, Final

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import authentication, status
from rest_framework.exceptions import AuthenticationFailed, NotFound, PermissionDenied, Throttled
from rest_framework.request import Request
from rest_framework.response import Response

from attribution.engine.web_agents import agent_of
from attribution.selectors.website.keys import site_of_key
from attribution.services.website.ingest import Origin
from attribution.site_door import (
    SiteCaller,
    SiteView,
    connection_of,
    origin_of,
    seconds_to_wait,
)
from inbox.api.chat_serializers import (
    ChatFormIn,
    ChatFormOut,
    ChatMessageIn,
    ChatNewsOut,
    ChatQuery,
    ChatTakenOut,
)
from inbox.models import ChatVisitor, ChatWidget
from inbox.selectors.chat import (
    Heard,
    cursor_of,
    heard_since,
    hours_of,
    moment_of,
    visitor_of,
    widget_of,
)
from inbox.services.chatting import Said, TokenError, say, send_form, touch
from inbox.services.presence import is_typed_in
from workspaces.api.throttling import count
from workspaces.cache import count_up

TAG: Final = ["Website chat"]
TOKEN: Final = "X-Chat-Token"  # noqa: S105  # the name of a header
_ALLOWED: Final = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "content-type, content-encoding, x-chat-token",
    "Access-Control-Max-Age": "86400",
}
#: Chats and forms that one address may begin in an hour; an office shares one.
_BEGINS: Final = (30, 3_600)
#: Messages of one chat in a minute, and in a day.
_MESSAGES: Final = (20, 60)
_DAY: Final = (300, 86_400)
#: Calls from one address, whatever browsers it says that it is: a fifth of what a site has at most.
_CALLS: Final = (1_200, 60)
_KEY: Final = OpenApiParameter("site_key", str, OpenApiParameter.PATH, description="Of the site.")
_EXAMPLE: Final = OpenApiExample(
    "A first message",
    value={
        "id": "7c0f1a52-8a53-4a6f-9f3e-2f9f7f8f2f10",
        "text": "Do you deliver to Austria?",
        "page": "https://shop.example/pricing",
    },
    request_only=True,
)


class ChatKeyAuthentication(authentication.BaseAuthentication):
    """The site's key in the path; a browser elsewhere than on its origins is refused."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, SiteCaller]:
        """Find the site, and hold the origin against it."""
        key = str(request.parser_context["kwargs"].get("site_key", ""))
        found = site_of_key(key)
        if found is None:
            raise NotFound("There is no active website of this key.")
        site, rates = found
        origin = request.headers.get("Origin", "")
        if origin and origin not in site.origins:
            raise PermissionDenied(
                f"{origin} is no origin of this website. Add it to the website in the admin."
            )
        return AnonymousUser(), SiteCaller(site.workspace, None, "", None, site, rates)

    def authenticate_header(self, request: Request) -> str:
        """Tell how to authenticate; makes an unknown token a 401."""
        return "Chat-Token"


class ChatView(SiteView):
    """Answers browsers of visitors of one website."""

    authentication_classes = [ChatKeyAuthentication]

    @property
    def widget(self) -> ChatWidget:
        """The chat of the website, where it is on."""
        widget = widget_of(self.site)
        if widget is None or not widget.is_on:
            raise PermissionDenied("The chat of this website is off.")
        return widget

    def check_throttles(self, request: Request) -> None:
        """Hold the connection's and the website's limits: those of events, counted apart.

        Who is over a limit of their own uses up nothing of what all share.
        """
        if request.method == "OPTIONS" or not isinstance(request.auth, SiteCaller):
            return
        origin = origin_of(request._request)
        self._hold(f"calls:{self.site.pk}:{_address_of(origin)}", _CALLS)
        if request.method == "POST":
            if agent_of(origin.user_agent).is_bot:
                raise PermissionDenied("Machines do not chat here.")
            _wait(seconds_to_wait(request.auth, origin, "chat"))
            return
        owner = f"chat-news:{request.auth.owner}"
        for scope, name in (("read", f"{owner}:{connection_of(origin)}"), ("ingest", owner)):
            window = count(request.auth, scope, clock_s=time.time(), owner=name)
            _wait(window.seconds_left if window.used > window.limit else 0)

    def hold_begins(self, origin: Origin) -> None:
        """Hold how many chats one address begins, whatever browser it says that it is."""
        self._hold(f"begins:{self.site.pk}:{_address_of(origin)}", _BEGINS)

    def hold_messages(self, token: str) -> None:
        """Hold how much is written in one chat."""
        name = f"token:{self.site.pk}:{connection_of(Origin(token, ''))}"
        self._hold(name, _MESSAGES)
        self._hold(f"{name}:day", _DAY)

    def _hold(self, name: str, rate: tuple[int, int]) -> None:
        most, seconds = rate
        number, past = divmod(int(time.time()), seconds)
        if count_up(f"chat:{name}:{number}", keep_s=2 * seconds) > most:
            raise Throttled(seconds - past)

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """Answer a preflight; what the key does not list was refused before."""
        return Response(status=status.HTTP_204_NO_CONTENT, headers=_ALLOWED)


class ChatMessages(ChatView):
    """Messages of one visitor."""

    @extend_schema(
        tags=TAG,
        operation_id="chat_messages",
        summary="Read a chat",
        auth=[],
        parameters=[
            _KEY,
            ChatQuery,
            OpenApiParameter(TOKEN, str, OpenApiParameter.HEADER, description="Of the chat."),
        ],
        responses=ChatNewsOut,
    )
    def get(self, request: Request, site_key: str) -> Response:
        """Messages that are out, whether somebody is there, and whether one of us types."""
        query, widget, now = self.read_query(ChatQuery), self.widget, self.now
        visitor = self._visitor(widget, request.headers.get(TOKEN, ""))
        heard = Heard([], "", None)
        if visitor is not None:
            touch(visitor=visitor, now=now)
            heard = heard_since(visitor, moment_of(query.get("after", "")), now)
        hours = hours_of(widget, now)
        told = {
            "messages": [
                {"id": one.key, "text": one.text, "at": one.at, "name": one.name,
                 "from": "you" if one.is_theirs else "us"}
                for one in heard.lines
            ],
            "after": cursor_of(heard.lines) or query.get("after", ""),
            "seen": heard.seen,
            "is_typing": heard.conversation is not None
            and is_typed_in(conversation_id=heard.conversation, now=now),
            "is_there": hours.is_there,
            "back_at": hours.back_at,
        }  # fmt: skip
        return Response(ChatNewsOut(told).data)

    @extend_schema(
        tags=TAG,
        operation_id="chat_say",
        summary="Write in a chat",
        auth=[],
        parameters=[_KEY],
        request=ChatMessageIn,
        responses={201: ChatTakenOut},
        examples=[_EXAMPLE],
    )
    def post(self, request: Request, site_key: str) -> Response:
        """Keep a message once; the first one begins a chat, and its answer has the token."""
        widget, told = self.widget, self.read(ChatMessageIn)
        token, origin = told.get("token", ""), origin_of(request._request)
        if token:
            self.hold_messages(token)
        else:
            self.hold_begins(origin)
        try:
            spoken = say(
                widget=widget, said=_said(told), token=token, caller=connection_of(origin),
                now=self.now,
            )  # fmt: skip
        except TokenError as error:
            raise AuthenticationFailed(str(error)) from None
        answer = {"id": told["id"], "at": spoken.at, "token": spoken.token}
        return Response(ChatTakenOut(answer).data, status=status.HTTP_201_CREATED)

    def _visitor(self, widget: ChatWidget, token: str) -> ChatVisitor | None:
        """Who asks; without a token somebody who has not written yet."""
        if not token:
            return None
        found = visitor_of(widget, token)
        if found is None:
            raise AuthenticationFailed("This chat is not known any more. Begin a new one.")
        return found


class ChatForm(ChatView):
    """The contact form of a website."""

    @extend_schema(
        tags=TAG,
        operation_id="chat_form",
        summary="Send a contact form",
        auth=[],
        parameters=[_KEY],
        request=ChatFormIn,
        responses={201: ChatFormOut},
    )
    def post(self, request: Request, site_key: str) -> Response:
        """Keep a form once, to be answered by e-mail; the address is not taken for proved."""
        widget, told = self.widget, self.read(ChatFormIn)
        self.hold_begins(origin_of(request._request))
        # A machine that fills in what nobody sees is told what people are told.
        if not told.get("website", "").strip():
            send_form(widget=widget, said=_said(told), now=self.now)
        return Response(ChatFormOut({"id": told["id"]}).data, status=status.HTTP_201_CREATED)


def _said(told: dict[str, Any]) -> Said:
    return Said(
        key=told["id"], text=told["text"], page=told.get("page", ""), name=told.get("name", ""),
        email=told.get("email", ""), visitor=str(told.get("visitor") or ""),
    )  # fmt: skip


def _address_of(origin: Origin) -> str:
    """Name of an address, whatever browser it says that it is."""
    return connection_of(Origin("", origin.ip_address))


def _wait(seconds: int) -> None:
    if seconds:
        raise Throttled(seconds)
