"""Who calls us, as far as the connection and the proxies in front of us tell."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Address of the caller: what the outermost of our own proxies saw."""
    hops = settings.TRUSTED_PROXY_COUNT
    forwarded = request.headers.get("X-Forwarded-For", "").split(",")
    if hops and len(forwarded) >= hops and (address := forwarded[-hops].strip()):
        return address
    return str(request.META.get("REMOTE_ADDR", ""))
