"""What goes in and out of the sandbox, without sockets."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from urllib.parse import parse_qsl, urlsplit

JsonObject = dict[str, object]


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; header names are lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes
    #: The query as it came, for who writes structure into it.
    raw_query: str = ""

    @classmethod
    def build(
        cls, method: str, target: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Request:
        """Split a request target into path and query."""
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        lowered = {name.lower(): value for name, value in headers.items()}
        return cls(method, parts.path, query, lowered, body, parts.query)

    @property
    def segments(self) -> list[str]:
        """The parts of the path; doubled and trailing slashes do not count."""
        return [part for part in self.path.split("/") if part]

    def json(self) -> JsonObject:
        """Return the JSON object in the body; {} for an empty body.

        Raises
        ------
        ValueError : the body is no JSON object
        """
        if not self.body.strip():
            return {}
        value: object = json.loads(self.body)
        if not isinstance(value, dict):
            raise ValueError("the body must be a JSON object")
        return value

    def json_value(self) -> object:
        """Return the JSON value in the body, whatever it is.

        Raises
        ------
        ValueError : the body is no JSON
        """
        value: object = json.loads(self.body)
        return value

    def form(self) -> dict[str, str]:
        """Return the body's fields, form-encoded or JSON; nested values stay JSON text."""
        if "json" in self.headers.get("content-type", ""):
            return {name: as_text(value) for name, value in self.json().items()}
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def pairs(self) -> list[tuple[str, str]]:
        """Return the body's fields in their order, repeated ones too; files by their names."""
        kind = self.headers.get("content-type", "")
        if not kind.startswith("multipart/"):
            return parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        whole = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + self.body)
        found = []
        for part in whole.walk():
            name = part.get_param("name", header="content-disposition")
            if isinstance(name, str):
                content = part.get_payload(decode=True)
                text = content.decode("utf-8", "replace") if isinstance(content, bytes) else ""
                found.append((name, part.get_filename() or text))
        return found

    @property
    def basic(self) -> tuple[str, str]:
        """Name and password of the Authorization header, or two empty strings."""
        scheme, _, coded = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return "", ""
        try:
            name, _, password = base64.b64decode(coded).decode("utf-8", "replace").partition(":")
        except binascii.Error:
            return "", ""
        return name, password

    @property
    def bearer(self) -> str:
        """The bearer token of the Authorization header, or an empty string."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(
        cls, value: object, status: int = 200, headers: dict[str, str] | None = None
    ) -> Answer:
        """Encode a value as a JSON answer."""
        body = json.dumps(value, separators=(",", ":")).encode()
        return cls(
            status, body, {"Content-Type": "application/json; charset=UTF-8"} | (headers or {})
        )

    def value(self) -> object:
        """Return the JSON value in the body.

        Raises
        ------
        ValueError : the body is no JSON
        """
        value: object = json.loads(self.body)
        return value

    def with_headers(self, headers: Mapping[str, str]) -> Answer:
        """Return the same answer with headers added."""
        return Answer(self.status, self.body, self.headers | dict(headers))


def as_text(value: object) -> str:
    """Write a JSON value the way a form field carries it."""
    return value if isinstance(value, str) else json.dumps(value)


def as_object(value: object) -> JsonObject:
    """Return a JSON object as such, anything else as {}."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """Return a JSON list as such, anything else as []."""
    return value if isinstance(value, list) else []
