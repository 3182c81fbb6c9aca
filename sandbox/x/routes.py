"""X's API v2: an account's posts, mentions and replies, and direct messages."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from sandbox import messages
from sandbox.context import Context, Refusal, utc_text
from sandbox.entities import Account
from sandbox.faults import Rule
from sandbox.social import items
from sandbox.social.items import Item
from sandbox.web import Answer, JsonObject, Request

SEARCH_S = 7 * 86_400
#: Direct messages of a user in a quarter of an hour, and in a day.
LIMIT, LIMIT_S = 200, 900
MOST_TEXT = 280
STAMP = "%Y-%m-%dT%H:%M:%S.000Z"


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> Refusal:
    """Build an error answer to raise."""
    body = {"title": HTTPStatus(status).phrase, "detail": detail, "type": "about:blank"}
    return Refusal(Answer.json({**body, "status": status}, status, headers))


def is_write(request: Request) -> bool:
    """Whether the call changes something."""
    return request.method in ("POST", "DELETE")


def fault_answer(rule: Rule) -> Answer | None:
    """Return the answer of a fault of this platform, or nothing for other faults."""
    if rule.kind != "x_status":
        return None
    code, seconds = rule.number("code", 429), rule.number("retry_after_s", 0)
    headers = {"Retry-After": str(seconds)} if seconds else {}
    return problem(code, "Refused by rule", headers).answer


def handle(context: Context) -> Answer:
    """Answer one call.

    Raises
    ------
    Refusal : as X refuses
    """
    request = context.request
    accounts = context.store.accounts("x")
    token = request.bearer
    account = next((one for one in accounts if token and one.token == token), None)
    if account is None:
        raise problem(401, "Unauthorized")
    match request.method, request.segments[1:]:
        case "GET", ["users", "me"]:
            return Answer.json({"data": _user(context, account.id, account)})
        case "GET", ["users", user_id]:
            return Answer.json({"data": _user(context, user_id, account)})
        case "GET", ["users", account.id, "tweets"]:
            return _page(context, account, _own(context, account))
        case "GET", ["users", account.id, "mentions"] | ["tweets", "search", "recent"]:
            found = items.listed(context.store, "x", account.id, "comment", context.now)
            found += items.listed(context.store, "x", account.id, "mention", context.now)
            return _page(context, account, _searched(context, found))
        case _, ["tweets", *rest]:
            return _tweets(context, account, rest)
        case "POST", ["dm_conversations", "with", person, "messages"]:
            return _send(context, account, person)
        case "GET", ["dm_conversations", "with", person, "dm_events"]:
            return Answer.json(_events(context, account, person))
    raise problem(404, "Not Found")


def _user(context: Context, user_id: str, account: Account) -> JsonObject:
    known: JsonObject = {}
    if user_id == account.id:
        followers = account.extra.get("followers", 0)
        name = {"username": account.extra.get("username", "sandbox"), "name": account.name}
    else:
        known = items.person(context.store, "x", user_id)
        if not known:
            raise problem(404, f"Could not find user with id: [{user_id}].")
        followers, name = known.get("followers_count", 0), {
            "username": str(known["username"]).replace(".", "_"),
            "name": known["name"],
        }  # fmt: skip
    shown = {"id": user_id, **name, "public_metrics": {"followers_count": followers}}
    if user_id != account.id and "receives_your_dm" in context.request.query.get("user.fields", ""):
        shown["receives_your_dm"] = bool(known.get("accepts_dm"))
    return shown


def _searched(context: Context, found: list[Item]) -> list[Item]:
    """`conversation_id:ID` in a search narrows to one post; a search goes back seven days."""
    query = context.request.query.get("query", "")
    if context.request.segments[1] == "tweets":
        found = [one for one in found if context.now - one.at <= SEARCH_S]
    for word in query.split():
        name, _, value = word.partition(":")
        if name == "conversation_id":
            found = [one for one in found if one.parent == value]
    return sorted(found, key=lambda one: -one.at)


def _page(context: Context, account: Account, found: list[Item]) -> Answer:
    query = context.request.query
    try:
        since = datetime.fromisoformat(query.get("start_time", "1970-01-01T00:00:00+00:00"))
        size, begin = int(query.get("max_results", 10)), int(query.get("pagination_token", 0))
    except ValueError:
        raise problem(400, "One or more parameters to your request was invalid.") from None
    if not 5 <= size <= 100:
        raise problem(400, "The `max_results` query parameter value is not between 5 and 100")
    found = [one for one in found if one.at >= since.timestamp()]
    page = found[begin : begin + size]
    meta: JsonObject = {"result_count": len(page)}
    if page:
        meta |= {"newest_id": page[0].id, "oldest_id": page[-1].id}
    if begin + size < len(found):
        meta["next_token"] = str(begin + size)
    body: JsonObject = {"data": [_tweet(context, one) for one in page], "meta": meta}
    if "author_id" in query.get("expansions", ""):
        authors = {one.author or account.id for one in page}
        body["includes"] = {"users": [_user(context, one, account) for one in sorted(authors)]}
    return Answer.json(body)


def _tweet(context: Context, item: Item) -> JsonObject:
    now = context.now
    return {
        "id": item.id,
        "text": item.text(),
        "author_id": item.author or item.account_id,
        "created_at": utc_text(item.at, STAMP),
        "conversation_id": item.parent or item.id,
        **(
            {"referenced_tweets": [{"type": "replied_to", "id": item.parent}]}
            if item.kind == "reply"
            else {}
        ),
        "public_metrics": {
            "retweet_count": item.count("shares", now),
            "reply_count": items.number_below(context.store, "x", item.id, now),
            "like_count": item.count("likes", now),
            "quote_count": 0,
            "bookmark_count": item.count("saves", now),
            "impression_count": item.count("views", now),
        },
    }


def _own(context: Context, account: Account) -> list[Item]:
    found = items.listed(context.store, "x", account.id, "post", context.now)
    if context.request.query.get("exclude") != "replies":
        found += items.listed(context.store, "x", account.id, "reply", context.now)
    return sorted(found, key=lambda one: -one.at)


# Answers to posts


def _tweets(context: Context, account: Account, rest: list[str]) -> Answer:
    """Answer a post, read one, or delete an answer of ours."""
    match context.request.method, rest:
        case "POST", []:
            return _answer(context, account)
        case "GET", [tweet_id]:
            return _one(context, tweet_id)
        case "DELETE", [tweet_id]:
            reply = items.find(context.store, "x", tweet_id)
            if reply is not None and reply.kind == "reply":
                items.remove(context.store, reply)
            return Answer.json({"data": {"deleted": True}})
    raise problem(404, "Not Found")


def _answer(context: Context, account: Account) -> Answer:
    """`{"text", "reply": {"in_reply_to_tweet_id"}}`: answer a post of somebody."""
    try:
        body = context.request.json()
    except ValueError:
        raise problem(400, "The body must be JSON.") from None
    words, reply = str(body.get("text", "")), body.get("reply")
    to = str(reply.get("in_reply_to_tweet_id", "")) if isinstance(reply, dict) else ""
    answered = items.find(context.store, "x", to)
    if not words or len(words) > MOST_TEXT:
        raise problem(400, f"text has 1 to {MOST_TEXT} characters")
    if answered is None:
        raise problem(400, "The post that is answered is not visible to you or deleted.")
    digits = int(messages.new_id(context.store, account, f"tweet:{answered.id}")[:15], 16)
    items.add(
        context.store, "x", account.id, "reply", str(digits), at=context.now, author=account.id,
        parent=answered.id, content={"text": words, "is_own": True},
    )  # fmt: skip
    return Answer.json({"data": {"id": str(digits), "text": words}}, 201)


def _one(context: Context, tweet_id: str) -> Answer:
    found = items.find(context.store, "x", tweet_id)
    if found is None or found.kind == "person":
        error = {
            "title": "Not Found Error", "type": "https://api.twitter.com/2/problems/resource-not-found",
            "detail": f"Could not find tweet with id: [{tweet_id}].",
        }  # fmt: skip
        return Answer.json({"errors": [error]})
    return Answer.json({"data": _tweet(context, found)})


# Direct messages


def _send(context: Context, account: Account, person: str) -> Answer:
    headers = _counted(context, account)
    try:
        body = context.request.json()
    except ValueError:
        raise problem(400, "The body must be JSON.", headers) from None
    text = str(body.get("text", ""))
    if not text:
        raise problem(400, "text is missing", headers)
    known = items.person(context.store, "x", person)
    if not known.get("accepts_dm"):
        detail = "You do not have permission to DM one or more participants."
        raise problem(403, detail, headers)
    digits = int(messages.new_id(context.store, account, "dm")[:15], 16)
    message = messages.keep(
        context.store, account, str(digits), account.id, person, {"text": text, **_attached(body)}
    )
    shown = {"dm_conversation_id": _thread(account, person), "dm_event_id": message.id}
    return Answer.json({"data": shown}, 201, headers)


def _attached(body: JsonObject) -> JsonObject:
    return {"attachments": body["attachments"]} if "attachments" in body else {}


def _thread(account: Account, person: str) -> str:
    return "-".join(sorted((account.id, person)))


def _counted(context: Context, account: Account) -> dict[str, str]:
    """Return the headers of the rate limit.

    Raises
    ------
    Refusal : too many within a quarter of an hour
    """
    rows = context.store.query(
        "SELECT count(*) AS n, min(at) AS first FROM message WHERE platform = 'x'"
        " AND account_id = ? AND at > ?",
        *(account.id, context.now - LIMIT_S),
    )
    used, first = int(rows[0]["n"]), rows[0]["first"] or context.now
    headers = {
        "x-rate-limit-limit": str(LIMIT),
        "x-rate-limit-remaining": str(max(LIMIT - used - 1, 0)),
        "x-rate-limit-reset": str(int(first + LIMIT_S)),
    }
    if used >= LIMIT:
        raise problem(429, "Too Many Requests", headers)
    return headers


def _events(context: Context, account: Account, person: str) -> JsonObject:
    """Return what was written to a person, newest first, to look for a lost answer."""
    found = messages.of_account(context.store, account, person)
    rows = [
        {
            "id": message.id,
            "event_type": "MessageCreate",
            "text": message.content.get("text", ""),
            "sender_id": message.sender,
            "created_at": utc_text(message.at, STAMP),
            "dm_conversation_id": _thread(account, person),
        }
        for message in found
    ]
    return {"data": rows, "meta": {"result_count": len(rows)}}
