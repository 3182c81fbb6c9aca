"""Operations by topic, and the shapes of what they take.

Written by client/generate.py from the OpenAPI document; change that, not this.
"""

from __future__ import annotations
