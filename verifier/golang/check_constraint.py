"""Constraints of type parameters: what they allow, which types satisfy them, and what stands in for a parameter."""

from __future__ import annotations

from verifier.golang import syntax as ast, types as t
from verifier.golang.check_convert import incomparable
from verifier.golang.check_lookup import why_not_implements
from verifier.golang.check_show import show
from verifier.golang.check_state import Checker
from verifier.golang.scope import Scope
from verifier.source import fail


def constraint_type(c: Checker, e: ast.Expr) -> t.Interface:
    """The interface that a constraint or an embedded element of an interface is. Raises ModelError."""
    terms = _terms(c, e)
    if terms is None:
        of = c.type_of(e, constraint=True)
        if isinstance(of, t.Named) and of.underlying == t.INVALID and c.complete is not None:
            c.complete(of)
        u = t.underlying(of)
        if isinstance(u, t.Interface):
            return u
        terms = [(False, of)]
    return t.Interface((), tuple(terms))


def _terms(c: Checker, e: ast.Expr) -> list[tuple[bool, t.Type]] | None:
    """The terms of a union or of `~T`; None for a plain type."""
    match e:
        case ast.Binary(op="|"):
            return [term for side in (e.x, e.y) for term in _terms(c, side) or _named_terms(c, side)]
        case ast.Unary(op="~"):
            of = c.type_of(e.x)
            if t.underlying(of) != of and not isinstance(of, t.Primitive):
                raise fail(
                    f"invalid use of ~ ({of} is not its own underlying type)", e.span, f"write ~{t.underlying(of)}"
                )
            return [(True, of)]
        case _:
            return None


def _named_terms(c: Checker, e: ast.Expr) -> list[tuple[bool, t.Type]]:
    of = c.type_of(e, constraint=True)
    u = t.underlying(of)
    if not isinstance(u, t.Interface):
        return [(False, of)]
    if u.methods or u.terms is None:
        raise fail(f"cannot use {show(e)} in a union ({show(e)} contains methods or allows every type)", e.span)
    return list(u.terms)


def is_stand_in(of: t.Type) -> bool:
    """A type that stands for a type parameter while a generic declaration itself is checked."""
    return isinstance(of, t.Named) and of.origin is not None and not of.args


def unsatisfied(of: t.Type, want: t.Interface) -> str | None:
    """Why a type argument does not satisfy a constraint, in gc's words; None when it does."""
    if want.comparable and incomparable(of) is not None:
        return f"{of} does not satisfy comparable"
    if want.terms is not None and not any(_within(of, tilde, term) for tilde, term in want.terms):
        return f"{of} does not satisfy {want} ({of} missing in {want})"
    why = why_not_implements(of, t.Interface(want.methods))
    return None if why is None else f"{of} does not satisfy {want} ({why})"


def _within(of: t.Type, tilde: bool, term: t.Type) -> bool:
    return of == term or ((tilde or is_stand_in(of)) and t.underlying(of) == t.underlying(term))


def stand_ins_for(c: Checker, generic: t.Generic, scope: Scope) -> list[tuple[t.Named, ...]]:
    """A stand-in for each type parameter, and more such lists where a union offers several types. Raises ModelError."""
    made: list[t.Named] = []
    for f in generic.decl.params:
        for name in f.names:
            stand_in = t.Named(name.name, name.span, origin=generic)
            before = scope.declare(name.name, t.TypeName(name.name, stand_in), name.span)
            if before is not None:
                raise fail(f"{name.name} redeclared", name.span)
            made.append(stand_in)
    wanted = []
    with c.owned_by(None, scope):
        for f in generic.decl.params:
            constraint = constraint_type(c, f.type)
            wanted += [constraint for _ in f.names]
    rounds = max(len(w.terms or ()) for w in wanted) or 1
    lists = [tuple(made)] + [tuple(t.Named(n.name, n.span, origin=generic) for n in made) for _ in range(rounds - 1)]
    for i, choice in enumerate(lists):
        renamed = dict(zip(made, choice, strict=True))
        for stand_in, constraint in zip(choice, wanted, strict=True):
            stand_in.underlying = _least(constraint, i, renamed)
    return lists


def _least(want: t.Interface, i: int, renamed: dict[t.Named, t.Named]) -> t.Type:
    """A type that can do what the constraint promises, and little more."""
    if want.terms:
        return _with(t.underlying(want.terms[i % len(want.terms)][1]), renamed)
    if want.methods:
        return t.Interface(want.methods)
    hidden: t.Type = t.INT if want.comparable else t.Signature((), ())
    return t.Struct((t.StructField("·", hidden),))


def _with(of: t.Type, renamed: dict[t.Named, t.Named]) -> t.Type:
    """A core type such as []E in terms of the stand-ins of this list."""
    match of:
        case t.Named():
            return renamed.get(of, of)
        case t.Slice():
            return t.Slice(_with(of.elem, renamed))
        case t.Pointer():
            return t.Pointer(_with(of.elem, renamed))
        case t.Map():
            return t.Map(_with(of.key, renamed), _with(of.elem, renamed))
        case _:
            return of
