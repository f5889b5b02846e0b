"""Texts as a log's syntax writes them, and as they are stored; applied to the different values of a column."""

import json
import re

from pipelines.shapes import Delimited, Json, KeyValues, Shape

_MAC_DIGITS = 12
_NO_DIGIT = re.compile(r"[:.\-]")
_HEXADECIMAL = re.compile(r"[0-9a-f]{12}")


def hardware_address(text: str) -> str:
    """Return a hardware address in lower case with colons, from any of its forms; what is none stays as it is."""
    digits = _NO_DIGIT.sub("", text.lower())
    if not _HEXADECIMAL.fullmatch(digits):
        return text
    return ":".join(digits[place : place + 2] for place in range(0, _MAC_DIGITS, 2))


def escape_of(shape: Shape) -> str:
    """Return the character that shows that a text of a shape is escaped; empty for none."""
    if isinstance(shape, Delimited):
        return shape.quote
    if isinstance(shape, KeyValues):
        return shape.escape
    return "\\" if isinstance(shape, Json) else ""


def unescape(shape: Shape, text: str) -> str:
    """Return a text as it was before it was escaped; what is escaped wrongly stays as it is."""
    if isinstance(shape, Json):
        try:
            value = str(json.loads(f'"{text}"', strict=False))
        except ValueError:
            return text
        return value.encode("utf-8", "backslashreplace").decode()  # half a surrogate pair is no character
    escape = escape_of(shape)
    if isinstance(shape, Delimited):
        return text.replace(2 * escape, escape)
    return re.sub(re.escape(escape) + r"([\\\"'=|\]])", r"\1", text)
