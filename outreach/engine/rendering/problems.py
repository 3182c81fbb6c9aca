"""What is wrong with a text, and where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing to mend.

    Attributes
    ----------
    part : 'subject', 'preheader', 'text', 'body' or 'variables'
    line : from 1; 0 where there is none
    text : what is wrong and what to do, in a sentence
    variable : its name, where one is meant
    """

    part: str
    line: int
    text: str
    variable: str = ""

    def __str__(self) -> str:
        place = f"{self.part}, line {self.line}" if self.line else self.part
        return f"{place}: {self.text}"


class TemplateError(ValueError):
    """A text that cannot be used as it is; ``problems`` says why."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))
