"""Whether two tests can meet on a page."""

from __future__ import annotations

from functools import cache

ANYTHING = "*"


def can_meet(first: str, second: str) -> bool:
    """Say whether some path fits both patterns.

    Parameters
    ----------
    first, second : paths in which `*` stands for anything, also for nothing

    Returns
    -------
    True where one path at least fits both
    """

    @cache
    def meet(left: int, right: int) -> bool:
        """Whether what is left of both, from these places on, can be one text."""
        if left == len(first) or right == len(second):
            return not (first[left:] + second[right:]).strip(ANYTHING)
        if first[left] == ANYTHING:
            return meet(left + 1, right) or meet(left, right + 1)
        if second[right] == ANYTHING:
            return meet(left, right + 1) or meet(left + 1, right)
        return first[left] == second[right] and meet(left + 1, right + 1)

    return meet(0, 0)
