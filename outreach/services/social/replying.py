"""What people answer below comments: in public, by our account there. No transaction around it."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from outreach.models import SocialEngagement
from outreach.platforms.social.answers import LIMITS, Answers, build_answers
from outreach.selectors.answers import account_of, answers_in_public
from workspaces.crypto import SecretUnreadableError, decrypt
from workspaces.models import Connection, ConnectionStatus
from workspaces.platforms.errors import ErrorKind, PlatformError


def most_of(engagement: SocialEngagement) -> int:
    """Most characters of an answer below a comment."""
    return LIMITS.get(engagement.platform, 0)


def refusal_of(engagement: SocialEngagement) -> str:
    """Why nothing can be answered below a comment now; empty: it can."""
    if not answers_in_public(engagement):
        network = engagement.get_platform_display()
        return f"{network} lets no program answer there. Answer on {network} itself."
    account = account_of(engagement)
    if account is None:
        return "None of our accounts there was read yet."
    if account.connection.status != ConnectionStatus.ACTIVE:
        return f"{account.connection.name} is not connected any more."
    return ""


def reply(*, engagement: SocialEngagement, words: str, since: datetime) -> str:
    """Answer below a comment, once: what stands there already is found. Returns its id.

    Raises
    ------
    PlatformError : the network cannot be asked, or refuses
    """
    account = account_of(engagement)
    if account is None:
        raise PlatformError(ErrorKind.INVALID, "None of our accounts there was read yet.")
    answers = _answers(account.connection, account.platform)
    try:
        comment = engagement.external_id
        found = answers.find(account.external_id, comment, words, since)
        return found or answers.write(comment, words)
    finally:
        answers.close()


def _answers(connection: Connection, platform: str) -> Answers:
    if connection.status != ConnectionStatus.ACTIVE:
        raise PlatformError(ErrorKind.AUTH, f"{connection.name} is not connected any more.")
    try:
        secret = decrypt(connection.secret)
    except SecretUnreadableError as error:
        raise PlatformError(ErrorKind.AUTH, str(error)) from error
    return build_answers(
        platform, secret=secret, base_url=connection.base_url or None,
        allow_loopback=settings.ALLOW_SANDBOX,
    )  # fmt: skip
