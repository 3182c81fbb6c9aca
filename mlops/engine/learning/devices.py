"""Where nets are trained; imports torch at once."""

from __future__ import annotations

import torch


def device() -> torch.device:
    """CUDA where there is one, else the processor; the bytes of a model differ between the two."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
