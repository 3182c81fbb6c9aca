"""The social networks of the far end."""

from tests.sandbox.conftest import _server, box

__all__ = ["_server", "box"]
