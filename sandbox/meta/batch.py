"""Several calls in one request; each has its own fate."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from sandbox.context import Context, Refusal
from sandbox.meta.errors import graph_error
from sandbox.web import Answer, JsonObject, Request, as_object

HIGHEST = 50


def run(context: Context, params: dict[str, str], handle: Callable[[Context], Answer]) -> Answer:
    """Run the elements one after the other; HTTP 200 says nothing about them."""
    try:
        elements = json.loads(params["batch"])
    except ValueError:
        elements = None
    if not isinstance(elements, list):
        raise graph_error(100, "Param batch must be a JSON array")
    if len(elements) > HIGHEST:
        raise graph_error(
            100, f"Too many requests in batch message. Maximum batch size is {HIGHEST}"
        )
    skipped = _skipped(context)
    token = context.request.bearer or params.get("access_token", "")
    results: list[object] = []
    for index, element in enumerate(elements):
        # An element that was not run comes back as null; only those may be sent again.
        skip = index in skipped
        results.append(None if skip else _element(context, as_object(element), token, handle))
    return Answer.json(results)


def only_reads(text: str) -> bool:
    """Whether every element of a batch is a GET."""
    try:
        elements = json.loads(text)
    except ValueError:
        return False
    return isinstance(elements, list) and all(_method(as_object(one)) == "GET" for one in elements)


def _method(element: JsonObject) -> str:
    return str(element.get("method", "GET")).upper()


def _skipped(context: Context) -> set[int]:
    if context.fault is None or context.fault.kind != "meta_batch_null":
        return set()
    return {context.fault.number("index", 0)}


def _element(
    context: Context, element: JsonObject, token: str, handle: Callable[[Context], Answer]
) -> JsonObject:
    version = context.request.segments[0]
    url = str(element.get("relative_url", "")).lstrip("/")
    target = f"/{url}" if url.startswith(f"{version}/") else f"/{version}/{url}"
    headers = {"Authorization": f"Bearer {token}", "Host": context.request.headers.get("host", "")}
    body = str(element.get("body", "")).encode()
    part = replace(
        context, request=Request.build(_method(element), target, headers, body), fault=None
    )
    try:
        with context.store.savepoint("element"):
            answer = handle(part)
    except Refusal as refusal:
        answer = refusal.answer
    listed = [{"name": name, "value": value} for name, value in answer.headers.items()]
    return {"code": answer.status, "headers": listed, "body": answer.body.decode()}
