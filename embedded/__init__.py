"""PostgreSQL and Redis as child processes, and the supervisor that runs the whole product locally.

Knows no framework: it imports neither Django nor Celery nor our settings.
"""

from embedded.servers import SERVER_VARIABLES, Servers, ensure
from embedded.state import EmbeddedError, state_directory

__all__ = ["SERVER_VARIABLES", "EmbeddedError", "Servers", "ensure", "state_directory"]
