"""Every way for Go text to be wrong: what is said, and where."""

from __future__ import annotations

import pytest

from verifier.golang.parse import parse_body, parse_declarations, parse_expression
from verifier.source import Diagnostic, ModelError, Span

from .reading import FIRST_LINE, INDENT, cut, go


def error_of(value: str, parse: object = parse_body) -> Diagnostic:
    with pytest.raises(ModelError) as caught:
        parse(go(value))  # type: ignore[operator]
    return caught.value.diagnostics[0]


# value, what the span covers, part of the message, part of the advice
REFUSED = [
    ("f(a...)", "a...", "'...'", "one by one"),
    ("f := func(a ...int) {}", "a ...int", "variadic parameters", "one parameter for each"),
    ("x = 1.5", "1.5", "floating-point", "integers"),
    ("x = 1e3", "1e3", "floating-point", "integers"),
    ("x = 2i", "2i", "complex", "integers"),
    ("x = f[int, int | string](1)", "int | string", "a type argument is one type", ""),
    ("x == 1", "x == 1", "'x == 1' is evaluated but not used", "_ = …"),
    ("a.b := 3", "a.b", "'a.b' on the left of ':=' is not a name", "'='"),
    ("for a.b := range m {}", "a.b", "'a.b' on the left of ':='", "'='"),
    ("a, b += 1, 2", "a, b += 1, 2", "'+=' takes one operand", "one assignment for each"),
    ("defer mu.Unlock", "defer mu.Unlock", "'defer' needs a call", "defer f()"),
    ("go func() { f() }", "go func() { f() }", "'go' needs a call", "add '()'"),
    ("switch {\ndefault:\ndefault:\n}", "default", "more than one 'default'", "keep one"),
    ("switch a, b := x.(type) {\n}", "b", "binds one name", "v := x.(type)"),
    ('x = "\\q"', '"\\q"', "unknown escape \\q", ""),
    ('x = "\\400"', '"\\400"', "greater than 255", ""),
    ('x = "\\ud800"', '"\\ud800"', "not a valid code point", ""),
    ("const (\n  A\n)", "A", "a constant needs a value", "name = value"),
    ("f := func(a int, string) {}", "string", "some parameters have a name", "all of them"),
]


@pytest.mark.parametrize(("value", "covered", "message", "advice"), REFUSED)
def test_refused_constructs(value: str, covered: str, message: str, advice: str) -> None:
    error = error_of(value)
    assert cut(error.span, value) == covered
    assert message in error.message
    assert advice in " ".join(n.text for n in error.notes)


REFUSED_DECLARATIONS = [
    ('import "sync"', "imports are implicit"),
    ('import "golang.org/x/sync/errgroup"', "package golang.org/x/sync/errgroup is not available in models"),
    ("package cache\nvar x int", "no package clause is needed"),
    ("type T[K any] = map[K]int", "a generic type alias is not supported"),
    ("x := 3", "':=' is only for the inside of functions"),
    ("f()", "a statement stands outside of any function"),
    ("func (a, b T) f() {}", "exactly one receiver"),
    ("func f(a ...int) {}", "variadic parameters"),
]


@pytest.mark.parametrize(("value", "message"), REFUSED_DECLARATIONS)
def test_refused_declarations(value: str, message: str) -> None:
    assert message in error_of(value, parse_declarations).message


# value, row and column (from 0) of the error, the message behind 'syntax error: ', part of the advice
BROKEN = [
    ("x := := 3", 0, 5, "unexpected ':='", ""),
    ("foo bar", 0, 4, "unexpected 'bar'", ""),
    ("while x {\n}", 0, 6, "unexpected 'x'", "no 'while'"),
    ("for i in x {\n}", 0, 6, "unexpected 'in'", "range x"),
    ("if x = 1 {\n}", 0, 3, "unexpected 'x'", "'=='"),
    ("if x := 3 {\n}", 0, 3, "unexpected 'x'", "condition is missing"),
    ("if {\n}", 0, 0, "unexpected 'if'", "needs a condition"),
    ("if a == 1\n{\n}", 0, 9, "unexpected end of line", "put the '{' at the end of this line"),
    ("if x {\n}\nelse {\n}", 2, 0, "unexpected 'else'", "line of the '}'"),
    ("var x := 1", 0, 6, "unexpected ':='", "var name = value"),
    ("y = a ? b : c", 0, 6, "unexpected '?'", "use `if`"),
    ("x = y\n&& z", 1, 0, "unexpected '&&'", "end of the line before"),
    ("x = y ++ 1", 0, 6, "unexpected '++'", "blank between"),
    ("x = 1--y", 0, 5, "unexpected '--'", "blank between"),
    ("x = &^y", 0, 4, "unexpected '&^'", "blank between"),
    ("foo()\n.bar()", 1, 0, "unexpected '.'", "end of the line before"),
    ("f(a,\n  b\n)", 1, 3, "unexpected end of line", "','"),
    ("x = i++", 0, 7, "is missing here", "no value"),
    ("x = 09", 0, 4, "'09' is not a number", ""),
    ("x = 0b12", 0, 4, "'0b12' is not a number", ""),
    ("x = 1__0", 0, 4, "'1__0' is not a number", ""),
    ("x = 'ab'", 0, 4, "unexpected 'ab'", "double quotes"),
    ("func g() {\n}", 0, 5, "unexpected 'g'", "declare:"),
    ('import "fmt"', 0, 0, "unexpected 'import'", "implicit"),
    ("var x", 0, 5, "a type is missing here", ""),
    ("@x", 0, 0, "unexpected '@'", ""),
    ('x := "é🙂"; y z', 0, 13, "unexpected 'z'", ""),
    ("case x:\n  f()", 0, 0, "unexpected 'case'", "inside of a switch"),
    ("select {\ncase v := <-c\n  f(v)\n}", 1, 0, "unexpected 'case'", "ends in ':'"),
    ("switch x {\ndefault\n  f()\n}", 1, 0, "unexpected 'default'", "ends in ':'"),
    ("m[k = 3", 0, 1, "'[' is never closed", ""),
    ("if x {", 0, 5, "'{' is never closed", ""),
    ("f()\n}", 1, 0, "unexpected '}': nothing is open here", ""),
    ("}\nfunc g() {", 0, 0, "unexpected '}': nothing is open here", ""),
    ("f(a]", 0, 3, "unexpected ']', expected ')'", "opened here"),
    ('s := "abc', 0, 5, "the string is not closed on its line", ""),
    ("s := `abc\nd", 0, 5, "the raw string is never closed", ""),
    ("f() /* x", 0, 4, "the comment is never closed", ""),
    ("x = 'a", 0, 4, "the character literal is not closed on its line", ""),
]


@pytest.mark.parametrize("before", ["", "a()\nb = 1\nif x {\n  f(1)\n}\n"], ids=["first", "later"])
@pytest.mark.parametrize(("value", "row", "column", "message", "advice"), BROKEN)
def test_syntax_errors(value: str, row: int, column: int, message: str, advice: str, before: str) -> None:
    if before and value == "if a == 1\n{\n}":
        value += "\nc()"
    error = error_of(before + value)
    at = (error.span.line - FIRST_LINE - before.count("\n"), error.span.column - len(INDENT) - 1)
    assert at == (row, column), error
    assert message in error.message
    assert error.message.startswith("syntax error: ")
    assert advice in " ".join(n.text for n in error.notes)


def test_a_missing_brace_is_found_where_blocks_stop_lining_up() -> None:
    value = "for {\n  if x {\n    f()\n}\ng()\n"
    error = error_of(value)
    assert cut(error.span, value) == "{" and error.span.line == FIRST_LINE + 1
    assert error.notes[0].span == Span("m.yaml", FIRST_LINE + 3, 7, FIRST_LINE + 3, 8)


def test_brackets_in_strings_and_comments_do_not_count() -> None:
    assert len(parse_body(go("f(\"}{\") // }\n/* ) */ g(`\n]`, '}')\n")).stmts) == 2


def test_an_error_that_unsettles_the_whole_text_is_found_by_rows() -> None:
    lines = ["f(x)", "if x {", "  y = T{", "    1,", "  }", "}"] * 30
    lines[121:121] = ["case 3:"]
    assert error_of("\n".join(lines)).span.line == FIRST_LINE + 121


BAD_CLAUSES = [
    ("", "an expression is missing here", "bool expression"),
    ("   ", "an expression is missing here", "bool expression"),
    ("a ==", "is missing here", "one bool expression"),
    ("a = 1", "unexpected '='", "compare with '=='"),
    ("a b", "unexpected 'b'", "one bool expression"),
    ("if x {}", "unexpected 'if'", "one bool expression"),
    ("1) + (2", "unexpected ')'", "one bool expression"),
    ("a, b", "syntax error", "one bool expression"),
    ("a; b", "syntax error", "one bool expression"),
]


@pytest.mark.parametrize(("value", "message", "advice"), BAD_CLAUSES)
def test_bad_clauses(value: str, message: str, advice: str) -> None:
    error = error_of(value, parse_expression)
    assert message in error.message
    assert advice in " ".join(n.text for n in error.notes)
    assert error.span.line == FIRST_LINE


@pytest.mark.parametrize(
    "value",
    [
        "x = " + "!" * 50_000 + "1",
        "x = " + "+1" * 50_000,
        "{" * 5_000 + "}" * 5_000,
        "if a {}" + " else if a {}" * 5_000,
        "var x " + "*" * 50_000 + "int",
        "f(" + "func(){ " * 500 + "}" * 500 + ")",
        "x = a" + ".f()" * 5_000,
    ],
    ids=["unary", "binary", "blocks", "else-if", "types", "functions", "calls"],
)
def test_deep_nesting_is_refused(value: str) -> None:
    assert "nested more than 200 levels" in error_of(value).message
