"""Demo data, made by calling the real services with their clock in step with the sandbox's."""

from mlops.services.demo.people import PASSWORD, PEOPLE
from mlops.services.demo.real_export import fill_real_export
from mlops.services.demo.sandbox_world import fill_sandbox_world

__all__ = ["PASSWORD", "PEOPLE", "fill_real_export", "fill_sandbox_world"]
