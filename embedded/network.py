"""Ports and answers on this machine."""

from __future__ import annotations

import errno
import http.client
import socket

from embedded.state import EmbeddedError

ANSWER_TIMEOUT_S = 2.0


def check_port_free(host: str, port: int, *, setting: str) -> None:
    """Refuse a port that another program listens on, and name one that is free."""
    if port_is_free(host, port):
        return
    other = next(
        (number for number in range(port + 1, 65536) if port_is_free(host, number)), free_port()
    )
    raise EmbeddedError(
        f"Port {port} is in use by another program. Choose another one: {setting}={other} make demo"
    )


def port_is_free(host: str, port: int) -> bool:
    """Whether we may listen there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        # As the servers do it: a port whose last connections are still fading is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise EmbeddedError(
                f"Port {port} on {host} cannot be used: {error.strerror}."
            ) from error
    return True


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def answer_of(host: str, port: int, path: str) -> tuple[int, str]:
    """Status and text of a page on this machine; (0, why) when nobody answers."""
    target = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104  # compared, not bound
    connection = http.client.HTTPConnection(target, port, timeout=ANSWER_TIMEOUT_S)
    try:
        connection.request("GET", path, headers={"Host": f"localhost:{port}"})
        response = connection.getresponse()
        return response.status, response.read(10_000).decode("utf-8", errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, str(error)
    finally:
        connection.close()
