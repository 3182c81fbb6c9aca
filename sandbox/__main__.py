"""`python -m sandbox`: the far end of the ad platforms, on this machine."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from sandbox.server import serve

DEFAULT_PORT = 8765
STATE_FILE = "sandbox.sqlite3"


def main() -> None:
    """Read the options and serve."""
    state = Path(os.environ.get("COUNTERSIGN_STATE", "var"))
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument(
        "--port",
        type=int,
        default=int(os.environ.get("SANDBOX_PORT", DEFAULT_PORT)),
        help="0 takes a free one and prints it",
    )
    smtp_port = os.environ.get("SANDBOX_SMTP_PORT", "")
    parser.add_argument(
        "--smtp-port",
        type=int,
        default=int(smtp_port) if smtp_port else None,
        help="take mail there too; 0 takes a free one and prints it",
    )
    imap_port = os.environ.get("SANDBOX_IMAP_PORT", "")
    parser.add_argument(
        "--imap-port",
        type=int,
        default=int(imap_port) if imap_port else None,
        help="show mailboxes there; 0 takes a free one and prints it",
    )
    parser.add_argument("--state", type=Path, default=state / STATE_FILE, help="the SQLite file")
    parser.add_argument(
        "--call-every",
        type=float,
        metavar="SECONDS",
        help="make the calls of webhooks by itself, that often; else only when it is told to",
    )
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        serve(options.state, options.port, options.smtp_port, options.call_every, options.imap_port)
    except OSError as error:
        given = (options.port, options.smtp_port, options.imap_port)
        ports = " or ".join(str(port) for port in given if port is not None)
        sys.exit(
            f"The sandbox cannot listen on port {ports}: {error.strerror}."
            " Stop what uses it, or choose another with --port or SANDBOX_PORT."
        )


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
