"""The far end of messages."""

from tests.sandbox.conftest import _server, box

__all__ = ["_server", "box"]
