"""TikTok's Display API: a creator's own videos with their counts, and the creator."""

from __future__ import annotations

from sandbox.context import Context, Refusal
from sandbox.entities import Account
from sandbox.social import items
from sandbox.social.items import Item
from sandbox.web import Answer, JsonObject

MAX_PAGE = 20


def fail(status: int, code: str, message: str) -> Refusal:
    """Build an error answer to raise."""
    return Refusal(Answer.json({"data": {}, "error": _error(code, message)}, status))


def _error(code: str, message: str) -> JsonObject:
    return {"code": code, "message": message, "log_id": "20261121000000SANDBOX"}


def answer(context: Context) -> Answer:
    """Answer one call under `/v2/`.

    Raises
    ------
    Refusal : as TikTok refuses; unlike the Marketing API it uses HTTP statuses
    """
    request, accounts = context.request, context.store.accounts("tiktok")
    token = request.bearer
    account = next((a for a in accounts if token and a.token == token), None)
    if account is None or not account.extra.get("is_creator"):
        raise fail(401, "access_token_invalid", "The access token is invalid or not found.")
    fields = [name for name in request.query.get("fields", "").split(",") if name]
    if not fields:
        raise fail(400, "invalid_params", "The fields parameter is required.")
    match request.method, request.segments[1:]:
        case "GET", ["user", "info"]:
            return _reply({"user": _cut(_user(account), fields)})
        case "POST", ["video", "list"]:
            return _reply(_videos(context, account, fields))
    raise fail(404, "not_found", "The path does not exist.")


def _reply(data: JsonObject) -> Answer:
    return Answer.json({"data": data, "error": _error("ok", "")})


def _user(account: Account) -> JsonObject:
    followers = account.extra.get("followers", 0)
    return {"open_id": account.id, "display_name": account.name, "follower_count": followers}


def _videos(context: Context, account: Account, fields: list[str]) -> JsonObject:
    """`cursor` is a time in milliseconds: what is older comes next."""
    try:
        body = context.request.json()
        size = int(str(body.get("max_count", 10)))
        until_ms = float(str(body.get("cursor") or 1000 * context.now))
    except ValueError:
        raise fail(400, "invalid_params", "The body is not valid.") from None
    if not 1 <= size <= MAX_PAGE:
        raise fail(400, "invalid_params", f"max_count must lie between 1 and {MAX_PAGE}.")
    found = [
        item
        for item in items.listed(context.store, "tiktok", account.id, "post", context.now)
        if round(1000 * item.at) < until_ms
    ]
    page = found[:size]
    return {
        "videos": [_cut(_video(context, item), fields) for item in page],
        "cursor": round(1000 * page[-1].at) if page else int(until_ms),
        "has_more": len(found) > size,
    }


def _video(context: Context, item: Item) -> JsonObject:
    now = context.now
    return {
        "id": item.id,
        "title": item.text(),
        "video_description": item.text(),
        "create_time": int(item.at),
        "share_url": f"https://www.tiktok.com/@ptdfitness/video/{item.id}",
        "duration": 30,
        "like_count": item.count("likes", now),
        "comment_count": items.number_below(context.store, "tiktok", item.id, now),
        "share_count": item.count("shares", now),
        "view_count": item.count("views", now),
    }


def _cut(whole: JsonObject, fields: list[str]) -> JsonObject:
    return {name: value for name, value in whole.items() if name in fields}
