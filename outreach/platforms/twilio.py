"""SMS and WhatsApp by Twilio's REST API.

It has no key by which a repeated call would be one. So a call whose answer was lost is looked up:
by the number, the time and the very text. Only what it surely did not take is sent again.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from outreach.platforms.base import RECIPIENT, Found, Outgoing, Sent
from outreach.platforms.wire import kind_of, no_usage
from workspaces.platforms.client import (
    Answer,
    Call,
    Dialect,
    FixedHeaders,
    PlatformClient,
    checked_secret,
)
from workspaces.platforms.errors import ErrorKind, PlatformError
from workspaces.platforms.payload import rows, text

LABEL: Final = "Twilio"
BASE_URL: Final = "https://api.twilio.com"
_VERSION: Final = "/2010-04-01"
_SID: Final = re.compile(r"AC[0-9A-Za-z]{1,40}")
#: Its clock and ours need not agree.
_SKEW: Final = timedelta(seconds=60)
_KINDS: Final[Mapping[str, ErrorKind]] = {
    "20003": ErrorKind.AUTH,
    "20429": ErrorKind.THROTTLED,
    "63018": ErrorKind.THROTTLED,
    # The person told the number to stop.
    "21610": ErrorKind.POLICY,
    "30007": ErrorKind.POLICY,
}
_OF_RECIPIENT: Final = frozenset({"21211", "21214", "21217", "21408", "21610", "21612", "21614",
                                  "21265", "63003", "63024"})  # fmt: skip


class Twilio:
    """One account, for SMS and for WhatsApp."""

    name = "twilio"
    is_idempotent = False
    can_look_up = True
    lag_s = 60.0

    def __init__(
        self, secret: Mapping[str, str], base_url: str | None, *, allow_loopback: bool
    ) -> None:
        sid = secret.get("account_sid", "").strip()
        if not _SID.fullmatch(sid):
            raise PlatformError(
                ErrorKind.AUTH, "The account SID begins with AC; paste it again.",
                field="account_sid",
            )  # fmt: skip
        token = checked_secret(secret.get("auth_token", ""), "auth token")
        self._service = secret.get("messaging_service_sid", "").strip()
        self._path = f"{_VERSION}/Accounts/{sid}"
        pair = base64.b64encode(f"{sid}:{token}".encode()).decode()
        self._client = PlatformClient(
            base_url=base_url or BASE_URL,
            auth=FixedHeaders({"Authorization": f"Basic {pair}"}, (token, pair)),
            dialect=Dialect(LABEL, no_usage, _error_of),
            allow_loopback=allow_loopback,
        )

    def send(self, message: Outgoing) -> Sent:
        """Send one text."""
        call = Call("POST", f"{self._path}/Messages.json", form=self._form(message), is_write=True)
        sid = text(self._client.send(call).fields.get("sid"))
        if not sid:
            raise PlatformError(
                ErrorKind.UNKNOWN, "Twilio gave no id; the message may be out. It is looked up."
            )
        return Sent(sid)

    def _form(self, message: Outgoing) -> dict[str, str]:
        form = {"To": _number(message, message.to)}
        if message.sender:
            form["From"] = _number(message, message.sender)
        if self._service and message.channel == "sms":
            form["MessagingServiceSid"] = self._service
        if message.template_key:
            form["ContentSid"] = message.template_key
            form["ContentVariables"] = json.dumps(message.template_values, sort_keys=True)
        else:
            form["Body"] = message.text
        if message.callback_url:
            form["StatusCallback"] = message.callback_url
        return form

    def look_up(self, message: Outgoing, called_at: datetime, known: frozenset[str]) -> Found:
        """Look for this text to this number since the call, which no other message is."""
        since = called_at - _SKEW
        params = {
            "To": _number(message, message.to),
            "DateSent>": since.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "PageSize": "1000",
        }
        answer = self._client.send(Call("GET", f"{self._path}/Messages.json", params=params))
        found = [
            sid
            for row in rows(answer.fields.get("messages"))
            if (sid := text(row.get("sid"))) not in known
            and _is_since(row, since)
            and text(row.get("direction")).startswith("outbound")
            and (message.template_key or text(row.get("body")) == message.text)
        ]
        if len(found) > 1:
            return Found("unknown")
        return Found("sent", found[0]) if found else Found("not_sent")

    def check(self) -> str:
        """Read the account."""
        answer = self._client.send(Call("GET", f"{self._path}.json"))
        name, status = text(answer.fields.get("friendly_name")), text(answer.fields.get("status"))
        if status != "active":
            raise PlatformError(ErrorKind.POLICY, f"The account {name!r} is {status} at Twilio.")
        return f"Twilio knows the account {name!r}."

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()


def _number(message: Outgoing, number: str) -> str:
    is_marked = number.startswith("whatsapp:") or message.channel != "whatsapp"
    return number if is_marked else f"whatsapp:{number}"


def _is_since(row: Mapping[str, object], since: datetime) -> bool:
    try:
        return parsedate_to_datetime(text(row.get("date_created"))) >= since.replace(microsecond=0)
    except ValueError:
        return True


def _error_of(answer: Answer) -> PlatformError | None:
    if answer.is_success:
        return None
    code, words = text(answer.fields.get("code")), text(answer.fields.get("message"))
    kind = _KINDS.get(code) or kind_of(answer.status, is_write=answer.call.is_write)
    return PlatformError(
        kind,
        f"Twilio answered {code}: {words[:300]}",
        provider_code=code,
        field=RECIPIENT if code in _OF_RECIPIENT else "",
    )
