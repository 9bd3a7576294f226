"""Calls of generic functions: type arguments that are not written follow from the types of the arguments.

Only what is plain: parameters are matched with arguments, typed ones first (Go spec, "Type inference").
"""

from __future__ import annotations

from verifier.golang import syntax as ast, types as t
from verifier.golang.check_generic import instantiate, named_generic
from verifier.golang.check_operand import Operand, PoisonedError, default_type, is_untyped
from verifier.golang.check_state import Checker
from verifier.source import fail


def generic_function(c: Checker, e: ast.Expr) -> tuple[t.Generic, tuple[ast.Expr, ...]] | None:
    """The generic function that `e` names, with the type arguments written there."""
    written: tuple[ast.Expr, ...] = ()
    name = e
    if isinstance(e, ast.Index):
        name, written = e.x, (e.index, *e.more)
    generic = named_generic(c, name)
    return None if generic is None or isinstance(generic.decl, ast.TypeSpec) else (generic, written)


def instance(
    c: Checker, generic: t.Generic, written: tuple[ast.Expr, ...], e: ast.Expr, given: list[Operand] | None
) -> t.Func:
    """The instance that `e` stands for; `given` are the arguments it is called with. Raises ModelError.

    Raises PoisonedError for a declaration that is wrong: that has been said where it stands.
    """
    if generic in c.broken_generics:
        raise PoisonedError
    names = [n.name for f in generic.decl.params for n in f.names]
    if len(written) > len(names):
        have = f"got {len(written)} type arguments but {generic.name} has {len(names)} type parameters"
        raise fail(have, written[len(names)].span)
    found: dict[t.Named, t.Type] = {}
    for stand_in, arg in zip(generic.stand_ins, written, strict=False):
        found[stand_in] = c.type_of(arg)
    if given is not None:
        _infer(generic, given, found)
    missing = [n for n, s in zip(names, generic.stand_ins, strict=True) if s not in found]
    if missing or not generic.stand_ins:
        if given is None:
            raise fail(
                f"cannot use generic function {generic.name} without instantiation", e.span, f"write {generic.name}[…]"
            )
        raise fail(
            f"in call to {generic.name}, cannot infer {', '.join(missing)}", e.span, f"write {generic.name}[…](…)"
        )
    made = instantiate(c, generic, tuple(found[s] for s in generic.stand_ins), e.span)
    assert isinstance(made, t.Func)
    _record(c, e, made)
    return made


def _record(c: Checker, e: ast.Expr, made: t.Func) -> None:
    c.resolve(made, e.span)
    c.refer(made, e.span)
    name = e
    if isinstance(e, ast.Index):
        c.info.instances[e] = made
        c.record(Operand(e, t.Mode.VALUE, made.signature))
        name = e.x
    assert isinstance(name, ast.Ident)
    c.info.uses[name] = made
    c.record(Operand(name, t.Mode.VALUE, made.signature))


def _infer(generic: t.Generic, given: list[Operand], found: dict[t.Named, t.Type]) -> None:
    pattern = generic.instances[generic.stand_ins]
    assert isinstance(pattern, t.Func)
    pairs = list(zip(pattern.signature.params, given, strict=False))
    for want, x in pairs:
        if not is_untyped(x.type):
            _match(generic, want, x.type, found)
    for want, x in pairs:
        if is_untyped(x.type) and not x.is_nil and want in generic.stand_ins:
            assert isinstance(want, t.Named)
            found.setdefault(want, default_type(x.type))


def _match(generic: t.Generic, want: t.Type, have: t.Type, found: dict[t.Named, t.Type]) -> None:
    """Read off what the stand-ins in `want` are if it is to be `have`; the argument check finds what does not fit."""
    if isinstance(want, t.Named):
        if want in generic.stand_ins:
            found.setdefault(want, have)
        elif isinstance(have, t.Named) and have.origin is want.origin:
            for w, h in zip(want.args, have.args, strict=False):
                _match(generic, w, h, found)
        return
    have = have if isinstance(have, t.Primitive) else t.underlying(have)
    match want, have:
        case (t.Pointer() | t.Slice() | t.Chan(), t.Pointer() | t.Slice() | t.Chan()) if type(want) is type(have):
            _match(generic, want.elem, have.elem, found)
        case (t.Array(), t.Array()):
            _match(generic, want.elem, have.elem, found)
        case (t.Map(), t.Map()):
            _match(generic, want.key, have.key, found)
            _match(generic, want.elem, have.elem, found)
        case (t.Signature(), t.Signature()):
            for w, h in zip((*want.params, *want.results), (*have.params, *have.results), strict=False):
                _match(generic, w, h, found)
        case (t.Primitive(), t.Primitive()) if want.arg is not None and have.arg is not None:
            _match(generic, want.arg, have.arg, found)
        case _:
            pass
