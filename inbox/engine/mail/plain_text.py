"""Text that mail programs cut into lines, in its own lines again (RFC 3676)."""

from __future__ import annotations


def unflowed(text: str, *, del_sp: bool) -> str:
    """Join the soft lines of format=flowed; quotes keep their depth.

    Parameters
    ----------
    text : lines ended by a newline
    del_sp : whether the space that ends a soft line is no part of the text
    """
    out: list[str] = []
    parts: list[str] = []
    depth_before = 0
    for raw in text.split("\n"):
        line = raw.lstrip(">")
        depth = len(raw) - len(line)
        line = line.removeprefix(" ")
        is_mark = line == "-- "
        if parts and (depth != depth_before or is_mark):
            out.append(_line(depth_before, parts))
            parts = []
        depth_before = depth
        if line.endswith(" ") and not is_mark:
            parts.append(line[:-1] if del_sp else line)
            continue
        parts.append(line)
        out.append(_line(depth, parts))
        parts = []
    if parts:
        out.append(_line(depth_before, parts))
    return "\n".join(out)


def _line(depth: int, parts: list[str]) -> str:
    text = "".join(parts)
    return f"{'>' * depth} {text}" if depth else text
