"""HTML that cannot be forgotten to escape: text is escaped unless it is `Markup` already."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable


class Markup(str):
    """Text that is HTML."""

    __slots__ = ()


Child = str | Markup | None
Value = str | int | bool | None
_VOID = frozenset({"meta", "link", "br"})
"""Elements without an end; those of SVG all have one in HTML."""


def escaped(text: str) -> Markup:
    """Plain text as HTML; what HTML cannot hold is replaced."""
    return text if isinstance(text, Markup) else Markup(html.escape(_printable(text), quote=True))


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() or c in "\t\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def tag(name: str, /, *children: Child | Iterable[Child], **attributes: Value) -> Markup:
    """An element. Attributes: `class_` and `for_` lose the underscore, others become hyphens; None and False go away.

    >>> tag("p", "a < b", tag("br"), class_="x", hidden=True, data_n=3)
    '<p class="x" hidden data-n="3">a &lt; b<br></p>'
    """
    opened = f"<{name}{''.join(_attribute(*a) for a in attributes.items())}>"
    return Markup(opened if name in _VOID else f"{opened}{join(*children)}</{name}>")


def join(*children: Child | Iterable[Child], between: str = "") -> Markup:
    """Elements and texts one after the other."""
    flat: list[str] = []
    for child in children:
        if child is None:
            continue
        flat += [escaped(child)] if isinstance(child, str) else [escaped(c) for c in child if c is not None]
    return Markup(between.join(flat))


def _attribute(name: str, value: Value) -> str:
    if value is None or value is False:
        return ""
    written = name.rstrip("_").replace("_", "-")
    return f" {written}" if value is True else f' {written}="{escaped(str(value))}"'


def coded(text: str) -> Markup:
    """Text with `code` in it, as Markdown writes it."""
    return Markup(re.sub("`([^`]*)`", r"<code>\1</code>", escaped(text)))


def prose(text: str) -> Markup:
    """Words of ours, none of the user's, with `code` and *stress* in them, as Markdown writes them.

    >>> prose("*Every* `a < b`")
    '<em>Every</em> <code>a &lt; b</code>'
    """
    return Markup(re.sub(r"\*([^*]*)\*", r"<em>\1</em>", coded(text)))


def raw(text: str) -> Markup:
    """Text that is style or script of ours, never anything of the user's."""
    return Markup(text)


def data(value: object) -> Markup:
    """JSON that can stand in a `script` element: nothing in it can end the element or begin a comment."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)
