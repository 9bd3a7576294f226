"""A light scan of Go text: where gc inserts semicolons, and brackets or literals that never end.

The grammar used for parsing lets a newline stand almost anywhere; gc does not. With the semicolons of the language
specification ("Semicolons", rule 1) written out before parsing, a text is accepted only where gc accepts it.
"""

from __future__ import annotations

import re

from verifier.records import dataclass

_TOKEN = re.compile(
    r"""
    (?P<word>\w+)
  | (?P<space>[ \t\r]+ | //[^\n]*)
  | (?P<newline>\n)
  | (?P<open>[(\[{])
  | (?P<close>[)\]}])
  | (?P<literal>`[^`]*` | "(?:\\[^\n]|[^"\\\n])*" | '(?:\\[^\n]|[^'\\\n])*')
  | (?P<block>/\*.*?\*/)
  | (?P<bad>["'`] | /\*)
  | (?P<step>\+\+|--)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)

_CLOSER = {"(": ")", "[": "]", "{": "}"}

_GO_ON = re.compile(
    "case|chan|const|default|defer|else|for|func|go|goto|if|import|interface|map|package|range|select|struct|switch|type|var"
)
"""Keywords after which a newline is no end of a statement."""

_UNENDED = {
    '"': "the string is not closed on its line",
    "'": "the character literal is not closed on its line",
    "`": "the raw string is never closed",
    "/*": "the comment is never closed",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """A bracket or literal without its partner. Offsets count characters; `other` is a second place and its text."""

    message: str
    start: int
    end: int
    other: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """The text with gc's semicolons written out (no row moves, columns only behind the last token of a row)."""

    text: str
    problem: Problem | None
    closers: str = ""
    """What would close the brackets still open at the end, when that is the only problem."""


@dataclass(frozen=True, slots=True)
class _Open:
    """A bracket that waits for its partner; `indent` is the indentation of its row, `group` the `(` of `var (`."""

    char: str
    start: int
    indent: str
    group: bool


class _Brackets:
    """The open brackets, innermost last, and the first `{` whose `}` stands under something else."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.stack: list[_Open] = []
        self.askew: tuple[_Open, int] | None = None

    def indent(self, at: int) -> tuple[str, bool]:
        """The indentation of the row of offset `at`, and whether nothing else stands before `at`."""
        head = self.text[self.text.rfind("\n", 0, at) + 1 : at]
        lead = head[: len(head) - len(head.lstrip(" \t"))]
        return lead, lead == head

    def open(self, char: str, at: int, before: str) -> None:
        self.stack.append(_Open(char, at, self.indent(at)[0], before in ("var", "const")))

    def in_group(self) -> bool:
        """Whether the innermost open bracket is the one of `var (` or `const (`."""
        return bool(self.stack) and self.stack[-1].group

    def closers(self) -> str:
        return "".join(_CLOSER[b.char] for b in reversed(self.stack))

    def close(self, char: str, at: int) -> Problem | None:
        if not self.stack:
            return Problem(f"unexpected '{char}': nothing is open here", at, at + 1)
        last = self.stack.pop()
        if _CLOSER[last.char] != char:
            return Problem(
                f"unexpected '{char}', expected '{_CLOSER[last.char]}'", at, at + 1, (last.start, "opened here")
            )
        indent, first = self.indent(at)
        if char == "}" and first and indent != last.indent and self.askew is None:
            self.askew = (last, at)
        return None

    def unclosed(self) -> Problem | None:
        if not self.stack:
            return None
        # A missing `}` shows at the end of the text; the first pair that does not line up is where it is missing.
        if self.askew is not None and len(self.askew[0].indent) > len(self.indent(self.askew[1])[0]):
            culprit, other = self.askew[0], (self.askew[1], "this '}' seems to be meant for an outer block")
            return Problem("'{' is never closed", culprit.start, culprit.start + 1, other)
        last = self.stack[-1]
        return Problem(f"'{last.char}' is never closed", last.start, last.start + 1)


def scan(text: str) -> Scan:
    """Scan `text`; with a problem the rewritten text is not meant to be parsed."""
    brackets = _Brackets(text)
    problem: Problem | None = None
    cuts: list[int] = []
    last = ""  # the last token
    after: int | None = None  # its end, if a newline would end the statement there
    colon: int | None = None  # its end, if it is a colon
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup
        if kind == "space":
            continue
        if kind == "newline" or kind == "block":
            if after is not None and (kind == "newline" or "\n" in found[0]):
                cuts.append(after)
                after = None
            continue
        if kind == "open":
            brackets.open(found[0], found.start(), last)
        elif kind == "close":
            # Two places where gc lets a semicolon be left out and the grammar does not.
            if after is not None and brackets.in_group():
                cuts.append(after)
            elif colon is not None and found[0] == "}":
                cuts.append(colon)
            problem = brackets.close(found[0], found.start())
        elif kind == "bad":
            problem = Problem(_UNENDED[found[0]], found.start(), found.end())
        if problem is not None:
            return Scan(text, problem)
        last = found[0]
        ends = kind in ("word", "close", "literal", "step") and not _GO_ON.fullmatch(last)
        after = found.end() if ends else None
        colon = found.end() if last == ":" else None
    cuts += [cut for cut in (after, colon) if cut is not None]
    return Scan(_with_semicolons(text, cuts), brackets.unclosed(), brackets.closers())


def _with_semicolons(text: str, cuts: list[int]) -> str:
    """`text` with a semicolon at every cut, in the place of a blank where there is one: columns stay."""
    parts: list[str] = []
    at = 0
    for cut in cuts:
        parts += (text[at:cut], ";")
        at = cut + 1 if text[cut : cut + 1] == " " else cut
    parts.append(text[at:])
    return "".join(parts)
