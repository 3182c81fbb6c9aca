"""Import of performance files."""

from campaigns.services.importing.mappings import mapping_for, remember_mapping
from campaigns.services.importing.options import ImportOptions, ImportRefused
from campaigns.services.importing.performance import import_performance

__all__ = [
    "ImportOptions",
    "ImportRefused",
    "import_performance",
    "mapping_for",
    "remember_mapping",
]
