"""As the tests of serving: each test is a fresh process, and a worker answers where asked for."""

from tests.mlops.serving.conftest import fresh_process, worker

__all__ = ["fresh_process", "worker"]
