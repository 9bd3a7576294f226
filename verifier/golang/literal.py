"""The values of Go literals: integers in every base, characters, strings."""

from __future__ import annotations

import re

_INT = re.compile(r"0[xX](_?[0-9a-fA-F])+|0[bB](_?[01])+|0[oO](_?[0-7])+|0(_?[0-7])*|[1-9](_?[0-9])*")
_ESCAPE = re.compile(r"\\(?:([0-7]{3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.?))", re.DOTALL)
_SIMPLE = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92}


class BadLiteral(ValueError):
    """The text is no Go literal; the message says why."""


def is_integer(text: str) -> bool:
    """Whether `text` has the form of an integer literal."""
    return _INT.fullmatch(text) is not None


def integer(text: str) -> int:
    """The value of an integer literal. Raises BadLiteral."""
    if not is_integer(text):
        raise BadLiteral(f"'{text}' is not an integer literal")
    digits = text.replace("_", "")
    if len(digits) > 1000:
        raise BadLiteral("this integer literal is too long")
    if digits[0] == "0" and digits[1:].isdigit():
        return int(digits, 8)
    return int(digits, 0)


def character(text: str) -> int:
    """The code point of a character literal, quotes included in `text`. Raises BadLiteral."""
    inner = text[1:-1]
    found = _ESCAPE.fullmatch(inner)
    if found is None:
        if len(inner) != 1 or inner in "\\'\n":
            raise BadLiteral(f"{text} is not one character")
        return ord(inner)
    return _escaped(found, "'")[0]


def string(text: str) -> str:
    """The value of a string literal, raw or interpreted. Bytes that are no UTF-8 become surrogates (PEP 383)."""
    if text[0] == "`":
        return text[1:-1].replace("\r", "")
    inner = text[1:-1]
    if "\\" not in inner:
        return inner
    out = bytearray()
    at = 0
    for found in _ESCAPE.finditer(inner):
        out += inner[at : found.start()].encode("utf-8", "replace")
        value, is_byte = _escaped(found, '"')
        out += bytes([value]) if is_byte else chr(value).encode("utf-8")
        at = found.end()
    out += inner[at:].encode("utf-8", "replace")
    return out.decode("utf-8", "surrogateescape")


def _escaped(found: re.Match[str], quote: str) -> tuple[int, bool]:
    """The value of one escape, and whether it stands for a byte rather than a code point."""
    octal, hexa, short, long, simple = found.groups()
    if octal is not None:
        value = int(octal, 8)
        if value > 255:
            raise BadLiteral(f"octal escape {found[0]} is greater than 255")
        return value, True
    if hexa is not None:
        return int(hexa, 16), True
    if short is not None or long is not None:
        value = int(short or long, 16)
        if value > 0x10FFFF or 0xD800 <= value < 0xE000:
            raise BadLiteral(f"escape {found[0]} is not a valid code point")
        return value, False
    if simple == quote:
        return ord(quote), False
    if simple not in _SIMPLE:
        raise BadLiteral(f"unknown escape {found[0]}")
    return _SIMPLE[simple], False
