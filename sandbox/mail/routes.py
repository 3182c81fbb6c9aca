"""Which provider of e-mail a call is for."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.context import Context
from sandbox.faults import Rule
from sandbox.mail import brevo, mailgun, mandrill, postmark, resend, sendgrid
from sandbox.web import Answer, Request

PROVIDERS: dict[str, Callable[[Context], Answer]] = {
    "brevo": brevo.handle,
    "mailgun": mailgun.handle,
    "mandrill": mandrill.handle,
    "postmark": postmark.handle,
    "resend": resend.handle,
    "sendgrid": sendgrid.handle,
}


def is_write(request: Request) -> bool:
    """Whether the call changes something."""
    return request.method == "POST"


def fault_answer(rule: Rule) -> Answer | None:
    """Return the answer of a fault of this platform; a partial batch answers by itself."""
    return None
