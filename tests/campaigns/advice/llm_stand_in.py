"""A language model's server over real HTTP that says what a test tells it to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """One call as it arrived."""

    path: str
    headers: dict[str, str]
    body: Json

    @property
    def said(self) -> str:
        """All that the model was told, as one text."""
        return json.dumps(self.body)

    @property
    def document(self) -> Json:
        """The figures that it was sent."""
        users = [message for message in self.body["messages"] if message["role"] == "user"]
        content = users[0]["content"]
        return json.loads(content if isinstance(content, str) else content[0]["text"])


@dataclass(frozen=True)
class Raw:
    """An answer that is no answer of a model."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)


# What a model says of a call: the fields of its recommendation, or something raw.
Say = Callable[[Asked], Json | Raw]


class StandIn(ThreadingHTTPServer):
    """Speaks both wires; ``say`` decides, ``asked`` remembers."""

    daemon_threads = True

    def __init__(self, say: Say) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.say = say
        self.asked: list[Asked] = []
        self.models = ["gpt-test"]
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def hang(self, _asked: Asked) -> Raw:
        """Keep the caller waiting until the test ends."""
        self.released.wait(30)
        return Raw(status=503)


class _Handler(BaseHTTPRequestHandler):
    server: StandIn

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""

    def do_GET(self) -> None:
        if self._key() == "wrong":
            self._send(Raw(status=401))
            return
        known = self.server.models
        listed = {"data": [{"id": name} for name in known], "id": known[0]}
        is_known = self.path.endswith(("/models", *(f"/models/{name}" for name in known)))
        self._send(Raw(body=json.dumps(listed).encode()) if is_known else Raw(status=404))

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.path, headers, json.loads(self.rfile.read(length)))
        self.server.asked.append(asked)
        said = self.server.say(asked)
        if isinstance(said, Raw):
            self._send(said)
            return
        wire = _anthropic if self.path.endswith("/messages") else _openai
        self._send(Raw(body=json.dumps(wire(said)).encode()))

    def _key(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    def _send(self, raw: Raw) -> None:
        self.send_response(raw.status)
        for name, value in {"Content-Type": "application/json", **raw.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(raw.body)))
        self.end_headers()
        self.wfile.write(raw.body)


def _openai(fields: Json) -> Json:
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "final_result", "arguments": json.dumps(fields)},
    }
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-test",
        "choices": [{"index": 0, "finish_reason": "tool_calls", "message": message}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }  # fmt: skip


def _anthropic(fields: Json) -> Json:
    used = {"type": "tool_use", "id": "toolu_1", "name": "final_result", "input": fields}
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-test",
        "content": [used], "stop_reason": "tool_use", "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }  # fmt: skip


@contextmanager
def serving(say: Say) -> Iterator[StandIn]:
    """Serve on a free port."""
    with StandIn(say) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.released.set()
            server.shutdown()
            thread.join()


def honest(asked: Asked, **changes: Any) -> Json:
    """A recommendation whose every number is one that was sent."""
    document = asked.document
    channels = list(document["allowed_shares"])
    shares = {channel: sum(ends) / 2 for channel, ends in document["allowed_shares"].items()}
    top, worst = channels[0], channels[-1]
    moved = shares[worst] * 0.1
    shares |= {top: shares[top] + moved, worst: shares[worst] - moved}
    total = sum(shares.values())
    spend = document["figures"]["total.spend"]
    return {
        "channel_comparison": {
            "top_performer": top,
            "worst_performer": worst,
            "analysis": f"{top} spent {document['figures'][f'{top}.spend']}.",
        },
        "ml_predictions": {"trend": "steady", "forecast_accuracy": "Not measured yet."},
        "recommendations": {
            "budget_allocation": {name: share / total for name, share in shares.items()},
            "optimization": [f"Renew the creatives of {worst}."],
            "priority_actions": [],
        },
        "summary": f"All channels together spent {spend}.",
        **changes,
    }
