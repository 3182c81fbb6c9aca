"""One call from request to answer: clock, fault, platform, log, in one transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sandbox import control, editing, slack
from sandbox.context import Context, Refusal, platform_of
from sandbox.entities import Platform
from sandbox.faults import Rule, Transport, find_fault
from sandbox.google import routes as google
from sandbox.hubspot import errors as hubspot_errors
from sandbox.hubspot import routes as hubspot
from sandbox.linkedin import errors as linkedin_errors
from sandbox.linkedin import routes as linkedin
from sandbox.mail import routes as mail
from sandbox.meta import faulty as meta_faults
from sandbox.meta import routes as meta
from sandbox.shop import pages as shop
from sandbox.store import Store
from sandbox.tiktok import envelope as tiktok_envelope
from sandbox.tiktok import routes as tiktok
from sandbox.traffic import Traffic
from sandbox.twilio import routes as twilio
from sandbox.web import Answer, Request, as_object, as_text
from sandbox.webhooks import sent
from sandbox.x import routes as x

_SECRETS = ("access_token", "key")
HTML_502 = (
    b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
)
_HANDLERS = {
    "meta": meta.handle,
    "google": google.handle,
    "tiktok": tiktok.handle,
    "linkedin": linkedin.handle,
    "hubspot": hubspot.handle,
    "twilio": twilio.handle,
    "x": x.handle,
    "slack": slack.handle,
    **mail.PROVIDERS,
}
_IS_WRITE = {
    "meta": meta.is_write,
    "google": google.is_write,
    "tiktok": tiktok.is_write,
    "linkedin": linkedin.is_write,
    "hubspot": hubspot.is_write,
    "twilio": twilio.is_write,
    "x": x.is_write,
    "slack": slack.is_write,
    **dict.fromkeys(mail.PROVIDERS, mail.is_write),
}
_FAULTS = {
    "meta": meta_faults.fault_answer,
    "google": google.fault_answer,
    "tiktok": tiktok_envelope.fault_answer,
    "linkedin": linkedin_errors.fault_answer,
    "hubspot": hubspot_errors.fault_answer,
    "twilio": twilio.fault_answer,
    "x": x.fault_answer,
    "slack": slack.fault_answer,
    **dict.fromkeys(mail.PROVIDERS, mail.fault_answer),
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """An answer and how it is to travel."""

    answer: Answer
    transport: Transport = "normal"
    #: Keep the answer back until the client gives up, a release, or so many seconds.
    hold_s: float = 0.0


class Application:
    """The sandbox without its sockets. Calls run one at a time, so commits have a total order."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.traffic = Traffic(store)

    def handle(self, request: Request) -> Delivery:
        """Answer a call; what it changed is committed before the answer travels."""
        if request.segments[:1] == ["_sandbox"]:
            with self.store.transaction():
                answer = control.handle(self.store, self.traffic, request)
            return Delivery(sent(request, answer))
        if request.segments[:1] == ["shop"]:
            with self.store.lock:
                return Delivery(shop.answer(self.store, request))
        platform = platform_of(request)
        if platform is None:
            return Delivery(Answer.json({"error": "No platform has this path."}, 404))
        with self.store.transaction():
            return self._call(platform, request)

    def _call(self, platform: Platform, request: Request) -> Delivery:
        store = self.store
        now = store.now()
        store.apply_scheduled(now)
        is_write = _IS_WRITE[platform](request)
        is_batch_of_reads = platform == "meta" and "batch" in request.form() and not is_write
        method = "GET" if is_batch_of_reads else request.method
        rule = find_fault(store, platform, request, method)
        if rule and rule.kind == "external_edit":
            editing.edit(store, as_object(rule.options.get("edit")), now)
        store.call_id = self._log(platform, request, now) if is_write else None
        answer = self._run(Context(store, self.traffic, request, now, rule), platform)
        if store.call_id is not None:
            self._settle(store.call_id, answer, rule)
            store.call_id = None
        return deliver(platform, rule, answer)

    def _run(self, context: Context, platform: Platform) -> Answer:
        """Let the platform answer; a fault before the commit takes back what it did."""
        with self.store.savepoint("call") as point:
            try:
                answer = _HANDLERS[platform](context)
            except Refusal as refusal:
                answer, point.keep = refusal.answer, refusal.keep
            if context.fault is not None and not context.fault.commit:
                point.keep = False
        if platform == "meta":
            return answer.with_headers({"x-fb-request-id": f"sandbox-{self.store.call_id or 0}"})
        return answer

    def _log(self, platform: Platform, request: Request, now: float) -> int:
        return self.store.execute(
            "INSERT INTO call VALUES (NULL, ?, ?, ?, ?, ?, 0, '', 0)",
            *(now, platform, request.method, request.path, _without_secrets(request)),
        )

    def _settle(self, call_id: int, answer: Answer, rule: Rule | None) -> None:
        effects = self.store.query(
            "SELECT 1 FROM effect WHERE call_id = ?1 UNION ALL"
            " SELECT 1 FROM message WHERE call_id = ?1 LIMIT 1",
            call_id,
        )
        self.store.execute(
            "UPDATE call SET status = ?, fault = ?, committed = ? WHERE id = ?",
            *(answer.status, rule.kind if rule else "", bool(effects), call_id),
        )


def _without_secrets(request: Request) -> str:
    """Return a body as it may be logged: some platforms take the token in it."""
    body = request.body.decode("utf-8", "replace")
    if "access_token" not in body and '"key"' not in body:
        return body
    try:
        value = request.json_value() if body.lstrip()[:1] in ("{", "[") else request.form()
    except ValueError:
        return ""
    if not isinstance(value, dict):
        return body
    return json.dumps({name: as_text(value[name]) for name in value if name not in _SECRETS})


def deliver(platform: Platform, rule: Rule | None, answer: Answer) -> Delivery:
    """Spoil an answer as its fault wants it."""
    if rule is None:
        return Delivery(answer)
    if rule.kind == "usage":
        pct, minutes = rule.number("pct", 96), rule.number("minutes", 0)
        answer = answer.with_headers(meta_faults.usage_headers(pct, minutes))
    spoiled = _generic(rule, answer) or _FAULTS[platform](rule)
    return Delivery(spoiled or answer, rule.transport, rule.hold_s)


def _generic(rule: Rule, answer: Answer) -> Answer | None:
    html = {"Content-Type": "text/html"}
    answers = {
        "http_500": Answer.json({"foo": 1}, 500),
        "http_502_html": Answer(502, HTML_502, html),
        "success_false": Answer.json({"success": False}),
        "empty": Answer(200, b"", dict(answer.headers)),
        "malformed": Answer(200, b'{"success": tru', dict(answer.headers)),
        "http_429": Answer.json({"message": "Too many requests"}, 429, _retry_after(rule)),
    }
    return answers.get(rule.kind)


def _retry_after(rule: Rule) -> dict[str, str]:
    seconds = rule.number("retry_after_s", 0)
    return {"Retry-After": str(seconds)} if seconds else {}
