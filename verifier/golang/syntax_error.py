"""Where the grammar gives up, in words: the unexpected token or the missing one, and the usual cause."""

from __future__ import annotations

import re
from collections.abc import Callable

from tree_sitter import Node

from verifier.golang.literal import is_integer
from verifier.golang.scan import Problem
from verifier.golang.tree import Reader
from verifier.source import ModelError, Note, Span, fail

_HINTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), hint)
    for pattern, hint in (
        (r"^\s*while\b", "Go has no 'while': write `for condition { … }`"),
        (r"^\s*for\b.*\bin\b", "write `for key, value := range x { … }`"),
        (r"^\s*(let|auto)\b", "declare a variable with `name := value`"),
        (r"\bvar\s+\w+.*:=", "write `var name = value`, or `name := value` inside a function"),
        (r"\bconst\s+\w+.*:=", "write `const name = value`"),
        (r"^\s*(else|\}\s*\n\s*else)\b", "'else' stands on the line of the '}' before it"),
        (r"^\s*\{", "the '{' stands at the end of the line before"),
        (r"^\s*(&&|\|\||[.,])", "put this operator at the end of the line before: a line break ends the statement"),
        (r"===|!==", "Go compares with '==' and '!='"),
        (r"\b(if|else if)\b[^;{=!<>]*[^=!<>:]=[^=]", "'=' assigns: compare with '=='"),
        (r"\bif\s*\{", "'if' needs a condition"),
        (r"\bfor\b[^;{]*:=[^;{]*,[^;{]*[<>=!]", "use semicolons: `for i := 0; i < n; i++ { … }`"),
        (r"^\s*#", "a comment begins with //"),
        (r"\b(if|switch|for)\b[^;{]*:=[^;{]*\{", "a condition is missing: write `if v := f(); v > 0 { … }`"),
        (r"\?", "Go has no '?:': use `if`"),
        (r"'[^'\\]{2,}'", 'strings are written with double quotes: "text"'),
        (r"=\s*\w+(\+\+|--)|\(\w+(\+\+|--)\)|[^\w]\+\+\w", "'++' and '--' are statements, they have no value"),
        (r"^\s*\w+\s+[\w.*\[\]]+,\s*$", "fields of a struct stand on rows of their own, without commas"),
        (r"^\s*func\s+\w+", "inside a function write `name := func(…) { … }`, or move it to `declare:`"),
        (r"^\s*import\b", "leave this out: imports are implicit"),
        (r"^\s*(case|default)\b(?!.*:(?!=))", "a row with 'case' or 'default' ends in ':'"),
        (r"^\s*(case|default)\b", "'case' and 'default' stand inside of a switch or a select"),
        (r"^\s*(try|catch|throw|class|public|private|function|def|fn)\b", "this is no Go keyword"),
        (r"[\u2018\u2019\u201c\u201d]", "use straight quotes"),
    )
)
"""A look at the row, and what is usually meant by it."""


_SEARCHABLE = 5000
"""Rows up to which the text is parsed again and again to find where it goes wrong."""


def unbalanced(r: Reader, problem: Problem, text: str) -> ModelError:
    """The error for a bracket or literal without its partner in `text`."""

    def span(start: int, end: int) -> Span:
        row = text.count("\n", 0, start)
        column = start - (text.rfind("\n", 0, start) + 1)
        return r.text.span(row, column, row, column + end - start)

    notes: list[Note | str] = []
    if problem.other is not None:
        at, what = problem.other
        notes.append(Note(what, span(at, at + 1)))
    return fail(f"syntax error: {problem.message}", span(problem.start, problem.end), *notes)


def first_error(root: Node) -> Node | None:
    """The first ERROR or MISSING node in reading order, None in a sound tree."""
    if not root.has_error:
        return None
    stack = [root]
    while stack:
        node = stack.pop()
        if node.is_missing or node.is_error:
            return node
        stack.extend(c for c in reversed(node.children) if c.has_error or c.is_missing)
    return root


def misread(r: Reader, root: Node, parse_rows: Callable[[int], Node | None]) -> ModelError:
    """The error for what the grammar could not read in the tree at `root`.

    `parse_rows(n)` is the tree of the first n rows with their open brackets closed, None if that cannot be done.
    """
    bad = first_error(root)
    assert bad is not None
    if _is_small(bad) or len(r.rows) > _SEARCHABLE:
        return _at_token(r, bad)
    row = _first_bad_row(len(r.rows), parse_rows)
    again = parse_rows(row + 1)
    bad = None if again is None else first_error(again)
    if bad is not None and r.place(*_culprit(bad).start_point)[0] == row and bad.start_point.row > 0:
        return _at_token(r, bad)
    line = r.rows[row]
    start = len(line) - len(line.lstrip())
    span = r.text.span(row, start, row, max(len(line.rstrip()), start + 1))
    return fail("syntax error: this line cannot be read as Go", span, *_hints(line))


def _is_small(bad: Node) -> bool:
    """Whether the grammar gave up only what stands around the mistake, rather than everything before it."""
    return bad.is_missing or (bad.start_point.row > 0 and bad.start_point.row == bad.end_point.row)


def _first_bad_row(rows: int, parse_rows: Callable[[int], Node | None]) -> int:
    """The row (from 0) from which on no beginning of the text can be read.

    A beginning that ends within a statement cannot be read either, so a row counts as bad only when the few after it
    do too. The search halves the text: this is exact for all but very long statements.
    """

    def good(n: int) -> bool:
        tree = parse_rows(n)
        return tree is not None and not tree.has_error

    low, high = 0, rows
    while high - low > 1:
        middle = (low + high) // 2
        reached = next((n for n in range(middle, min(middle + 8, high)) if good(n)), None)
        if reached is None:
            high = middle
        else:
            low = reached
    return low


def _hints(line: str) -> list[str]:
    return [hint for pattern, hint in _HINTS if pattern.search(line)][:1]


def _at_token(r: Reader, bad: Node) -> ModelError:
    """The error at one ERROR or MISSING node."""
    row, column = r.place(*_culprit(bad).start_point)
    line = r.rows[row]
    at_end = column >= len(line.rstrip()) or line[column:].lstrip().startswith("//")
    following = next((n.strip() for n in r.rows[row + 1 :] if n.strip()), "")
    hints = (_hints(line) or (_about_next_row(following) if at_end else []))[:1]
    here = r.text.span(row, column, row, column + 1)
    if bad.is_missing and following[:1] != "{":
        return fail(f"syntax error: {_MISSING.get(bad.type, repr(bad.type))} is missing here", here, *hints)
    if at_end:
        return fail("syntax error: unexpected end of line", here, *hints)
    column, word = _word_at(line, column)
    span = r.text.span(row, column, row, column + len(word))
    if word[0].isdigit() and not is_integer(word):
        return fail(f"syntax error: '{word}' is not a number", span)
    shown = word if len(word) <= 30 else word[:29] + "…"
    return fail(f"syntax error: unexpected {shown if word[0] in _QUOTES else repr(shown)}", span, *hints)


_MISSING = {"identifier": "an expression or a name", "type_identifier": "a type", "field_identifier": "a name"}
_QUOTES = "'\"`"
_WORD = re.compile(r"""\w+|:=|\.\.\.|[-+*/%&|^<>=!]+|"[^"]*"|'[^']*'|.""", re.DOTALL)


def _word_at(line: str, column: int) -> tuple[int, str]:
    """The whole word, number, operator or literal that holds `column`, and its own column."""
    while column > 0 and line[column].isalnum() and (line[column - 1].isalnum() or line[column - 1] == "_"):
        column -= 1
    while line[column : column + 1].isspace():
        column += 1
    found = _WORD.match(line, column)
    return column, found[0] if found else line[column : column + 1]


def _about_next_row(following: str) -> list[str]:
    """Advice for a row that ends too early, from what the next one starts with."""
    if following[:1] == "{":
        return ["put the '{' at the end of this line: a line break ends the statement"]
    return ["a list over several lines needs ',' at the end of each"] if following[:1] in (")", "}", "]") else []


def _culprit(bad: Node) -> Node:
    """The token of an ERROR node that did not fit: its first, unless that opens a sound statement."""
    before, after = bad.prev_sibling, bad.next_sibling
    lone = [c.type for c in bad.children] == ["identifier"]
    if lone and before and after and before.end_point.row < bad.start_point.row == after.start_point.row:
        return after  # of two words that start a row the grammar gives up the first; the second does not fit
    node = bad
    while node.is_error and node.children:
        parts = [c for c in node.children if c.type not in ("statement_list", "comment")] or node.children
        opens = parts[0].type in ("var", "const", "if", "for", "switch", "func", "go", "defer")
        node = parts[-1] if opens and len(parts) > 1 else parts[0]
    return node
