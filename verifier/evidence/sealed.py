"""JSON that carries a digest of itself, in the one text that it has: no byte of it can change without being noticed."""

from __future__ import annotations

import hashlib
import json
from itertools import zip_longest
from typing import Any


def sha256(text: str) -> str:
    """The digest of a file with this text."""
    # Bytes that are no UTF-8 arrive as lone surrogates: they have a digest like any other damage.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def digest(body: dict[str, Any]) -> str:
    """The digest that stands in the text of a body."""
    return sha256(json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":")))


def seal(body: dict[str, Any]) -> str:
    """The text of a body, with its digest: sorted keys, a value a line."""
    return json.dumps({**body, "digest": digest(body)}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def opened(tree: dict[str, Any]) -> dict[str, Any]:
    """What was sealed, of a text that was read."""
    return {key: value for key, value in tree.items() if key != "digest"}


def broken(tree: dict[str, Any], text: str) -> str:
    """Why a text, which was read as `tree`, is not what `seal` wrote; empty when it is."""
    body = opened(tree)
    if tree.get("digest") != digest(body):
        return "its digest does not match its content"
    written = seal(body)
    if written == text:
        return ""
    # It says the same, yet it is another file: white space, escapes, a key that stands there twice.
    lines = zip_longest(written.split("\n"), text.split("\n"))
    at = next(n for n, (a, b) in enumerate(lines, 1) if a != b)
    return f"it is not written as it was, from line {at} on, though it says the same"
