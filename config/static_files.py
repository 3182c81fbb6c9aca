"""What WhiteNoise says about the files that it serves."""

from __future__ import annotations

from wsgiref.headers import Headers

TRACKER = "/t.js"
TRACKER_MAX_AGE_S = 3600  # its address never changes, so a new version is out after this long


def add_headers(headers: Headers, path: str, url: str) -> None:
    """Let other sites load the tracking script, and keep it for a while."""
    if url == TRACKER:
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        headers["Cache-Control"] = f"max-age={TRACKER_MAX_AGE_S}, public"
