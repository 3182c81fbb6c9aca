"""What a person decides about an import, beside the mapping."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Literal

from campaigns.engine.importing.names import Names


class ImportRefused(ValueError):
    """The import was refused as a whole and nothing was written; the message says what to do."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """Answers of the operator. Account fields hold where the file is silent.

    ``conversions_usable`` None leaves the account's flag; ``summing_level`` empty lets the first
    import of an account decide.
    """

    platform: str = ""
    account_id: str = ""
    account_name: str = ""
    currency: str = ""
    time_zone: str = ""
    shift_to_yesterday: bool = False
    on_bad_rows: Literal["leave_out", "all_or_nothing"] = "leave_out"
    summing_level: Literal["", "campaign", "ad_set", "ad"] = ""
    conversions_usable: bool | None = None
    data_source: str = ""
    names: Names = field(default_factory=Names, repr=False)

    def to_json(self) -> dict[str, object]:
        """Plain data for the record of the run; names are left out, they are rows by then."""
        return {key: value for key, value in asdict(self).items() if key != "names"}
