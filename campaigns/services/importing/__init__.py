"""Import of performance files."""

from campaigns.services.importing.mappings import mapping_for, remember_mapping
from campaigns.services.importing.options import ImportOptions, ImportRefused
from campaigns.services.importing.performance import import_performance
from campaigns.services.importing.uploads import (
    RUN_LIMIT_S,
    Preview,
    options_of,
    preview,
    queue_import,
    receive_upload,
    run_import,
    save_answers,
    waiting_runs,
)

__all__ = [
    "RUN_LIMIT_S",
    "ImportOptions",
    "ImportRefused",
    "Preview",
    "import_performance",
    "mapping_for",
    "options_of",
    "preview",
    "queue_import",
    "receive_upload",
    "remember_mapping",
    "run_import",
    "save_answers",
    "waiting_runs",
]
