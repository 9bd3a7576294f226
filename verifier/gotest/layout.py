"""Go text in the shape gofmt gives it: statements on lines of their own, tabs, aligned comments. No parser needed."""

from __future__ import annotations

import re

from verifier.records import dataclass

_TOKEN = re.compile(
    r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|`[^`]*`|//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/|[][(){}]|\n|.', re.S
)
_OPEN, _CLOSE = "([{", ")]}"
_CASE = re.compile(r"(?:case\b.*|default\s*):")
_LABEL = re.compile(r"[A-Za-z_]\w*:(?!=)\s*(?://.*)?$")
_GOES_ON = re.compile(r"(?:\|\||&&|[-+*/%=<>&|^]|:=)$")


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    comment: str
    depth: int
    verbatim: bool


def indented(go: str, depth: int = 0) -> str:
    """Go lines, indented as gofmt does; at most one empty line in a row, none at either end.

    >>> indented("if ok {\\n  x = 1 // now\\n}")
    'if ok {\\n\\tx = 1 // now\\n}'
    """
    lines: list[_Line] = []
    opened: list[int] = []
    goes_on = False
    for number, (code, comment, raw) in enumerate(_lines(go)):
        text = code.strip()
        brackets = [] if raw else _brackets(code)
        leading = len(text) - len(text.lstrip(_CLOSE))
        held = opened[: len(opened) - min(leading, len(opened))]
        level = depth + len(set(held))
        if _CASE.match(text) or (_LABEL.match(text) and not text.startswith("default")):
            level -= 1
        elif goes_on and not leading:
            level += 1
        lines.append(_Line(code if raw else text, comment, max(level, 0), raw))
        for bracket in brackets:
            if bracket in _OPEN:
                opened.append(number)
            elif opened:
                opened.pop()
        if text or not comment:
            goes_on = bool(_GOES_ON.search(text)) and not text.endswith(("++", "--"))
    return "\n".join(_aligned(_trimmed(lines)))


def separated(go: str) -> str:
    """Indented declarations with the empty lines that gofmt puts between them.

    >>> separated("var a int\\nvar b int\\nfunc f() {\\n}")
    'var a int\\nvar b int\\n\\nfunc f() {\\n}'
    """
    out: list[str] = []
    last = ""
    rows = go.split("\n")
    for n, row in enumerate(rows):
        word = row.split(" ")[0].split("(")[0]
        if word in ("func", "var", "type", "const") or (row.startswith("//") and out and out[-1].strip()):
            many = word == "func" and row.endswith("{")
            first = not (out and out[-1].startswith("//"))
            if first and out and out[-1] and (many or word != last) and not (n and rows[n - 1].startswith("\t")):
                out.append("")
            last = word or last
        out.append(row)
    return "\n".join(out)


def _lines(go: str) -> list[tuple[str, str, bool]]:
    """Each line as its code, its trailing comment, and whether it begins inside a raw string or a long comment."""
    out: list[tuple[str, str, bool]] = []
    code, raw = "", False
    for token in _TOKEN.findall(go + "\n"):
        if token == "\n":
            out.append((code, "", raw))
            code, raw = "", False
        elif token.startswith("//"):
            out.append((code, token.rstrip(), raw))
            code, raw = "\0", False
        elif "\n" in token:
            first, *rest = token.split("\n")
            out.append((code + first, "", raw))
            out += [(line, "", True) for line in rest[:-1]]
            code, raw = rest[-1], True
        else:
            code += token
    # After a comment its line break ends nothing any more.
    return [line for line in out if line[0] != "\0"]


def _brackets(code: str) -> list[str]:
    return [t for t in _TOKEN.findall(code) if t in (*_OPEN, *_CLOSE)]


def _trimmed(lines: list[_Line]) -> list[_Line]:
    """Without empty lines at the ends, after an opening and before a closing bracket, and in a row."""
    out: list[_Line] = []
    for line in lines:
        empty = not line.text.strip() and not line.comment and not line.verbatim
        if empty and (not out or _empty(out[-1]) or out[-1].text.endswith(tuple(_OPEN))):
            continue
        while out and _empty(out[-1]) and line.text.startswith(tuple(_CLOSE)):
            out.pop()
        out.append(line)
    while out and _empty(out[-1]):
        out.pop()
    return out


def _empty(line: _Line) -> bool:
    return not line.text.strip() and not line.comment and not line.verbatim


def _aligned(lines: list[_Line]) -> list[str]:
    """The lines as text; comments of neighbouring lines stand below each other."""
    out: list[str] = []
    for n, line in enumerate(lines):
        tabs = "" if line.verbatim else "\t" * line.depth
        if not line.comment:
            out.append(tabs + line.text if line.text.strip() or line.verbatim else "")
        elif not line.text.strip():
            out.append(tabs + line.comment)
        else:
            width = max(len(lines[k].text) for k in _neighbours(lines, n))
            out.append(f"{tabs}{line.text:<{width}} {line.comment}")
    return out


def _neighbours(lines: list[_Line], n: int) -> list[int]:
    def beside(k: int) -> bool:
        return bool(lines[k].comment and lines[k].text.strip()) and lines[k].depth == lines[n].depth

    first = last = n
    while first > 0 and beside(first - 1):
        first -= 1
    while last + 1 < len(lines) and beside(last + 1):
        last += 1
    return list(range(first, last + 1))
