"""Countersign over REST: typed calls, awaited or not, sent again only where that is safe."""

from countersign_client.client import VERSION, AsyncCountersign, Countersign
from countersign_client.errors import (
    ConflictError,
    InvalidError,
    NotAllowedError,
    NotAuthenticatedError,
    NotFoundError,
    ProblemError,
    ServerFaultError,
    StalePlanError,
    TooManyCallsError,
)
from countersign_client.mock import MockServer
from countersign_client.retries import Retries

__version__ = VERSION
__all__ = [
    "AsyncCountersign",
    "ConflictError",
    "Countersign",
    "InvalidError",
    "MockServer",
    "NotAllowedError",
    "NotAuthenticatedError",
    "NotFoundError",
    "ProblemError",
    "Retries",
    "ServerFaultError",
    "StalePlanError",
    "TooManyCallsError",
]
