"""The same program written in other Go styles, with the same accesses: verdicts and final states must not change.

plain     package variables
struct    everything is a field of one struct, used through a package variable `s` that holds its address
methods   as struct, and x and y are used through methods with pointer receivers
pointers  x and y are used through functions that take `*int`
embedded  as struct, with the mutex embedded, so that `s.Lock()` is promoted
"""

from __future__ import annotations

import re

DIALECTS = ("plain", "struct", "methods", "pointers", "embedded")

_SHARED = re.compile(r'(?<!")\b(x|y|z|a|q|mu|rw|wg|once|m|sm)\b(?!")')
_USES = (
    (re.compile(r"^(\s*)(x|y)\+\+$"), "inc"),
    (re.compile(r"^(\s*)r = (x|y)$"), "get"),
    (re.compile(r"^(\s*)(x|y) = (.*)$"), "set"),
)

_FUNCTIONS = """func inc(v *int) { *v++ }
func get(v *int) int { return *v }
func set(v *int, to int) { *v = to }
"""


def restyle(declare: str, bodies: dict[str, str], dialect: str) -> tuple[str, dict[str, str]]:
    """Declarations and bodies of the plain dialect, in another one."""
    if dialect == "plain":
        return declare, bodies
    if dialect == "pointers":
        return declare + _FUNCTIONS, {role: _each_line(body, _by_pointer) for role, body in bodies.items()}
    kept, fields, initial = [], [], ""
    for line in declare.splitlines():
        name = line.split()[1].rstrip(",")
        if line.startswith("type") or name.startswith("out"):
            kept.append(line)
        elif "=" in line:
            fields.append("m map[string]int")
            initial = "m: map[string]int{}"
        elif name == "mu" and dialect == "embedded":
            fields.append("sync.Mutex")
        else:
            fields.append(line.removeprefix("var "))
    struct = ["type S struct {", *(f"    {f}" for f in fields), "}", f"var s = &S{{{initial}}}"]
    if dialect == "methods":
        for v in "xy":
            up = v.upper()
            struct += [f"func (s *S) inc{up}() {{ s.{v}++ }}", f"func (s *S) get{up}() int {{ return s.{v} }}"]
            struct.append(f"func (t *S) set{up}(to int) {{ t.{v} = to }}")
        bodies = {role: _each_line(body, _by_method) for role, body in bodies.items()}
    styled = {role: restyle_expression(body, dialect) for role, body in bodies.items()}
    return "\n".join([*kept, *struct]) + "\n", styled


def restyle_expression(text: str, dialect: str) -> str:
    """Go text over the shared variables, in a dialect that keeps them in a struct."""
    if dialect in ("plain", "pointers"):
        return text
    if dialect == "embedded":
        text = re.sub(r"\bmu\.(Lock|Unlock|TryLock)\(", r"s.\1(", text)
    return _SHARED.sub(r"s.\1", text)


def _each_line(body: str, change: object) -> str:
    out = []
    for line in body.splitlines():
        for pattern, use in _USES:
            found = pattern.match(line)
            if found:
                line = change(use, *found.groups())  # type: ignore[operator]
                break
        out.append(line)
    return "\n".join(out) + "\n"


def _by_pointer(use: str, indent: str, name: str, value: str = "") -> str:
    result = "r = " if use == "get" else ""
    return f"{indent}{result}{use}(&{name}{', ' + value if value else ''})"


def _by_method(use: str, indent: str, name: str, value: str = "") -> str:
    result = "r = " if use == "get" else ""
    return f"{indent}{result}s.{use}{name.upper()}({value})"
