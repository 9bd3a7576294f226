"""`linearizable:` of a model file: what is wrong with it although every single field fits, and what it says."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.model.conform import whole
from verifier.model.document import CHECKS, CLIENT, LINEARIZABLE, ON_DEMAND, Linearizable
from verifier.model.yamltree import Mapping, Node, Scalar, Sequence
from verifier.source import Diagnostic

Model = dict[str, Node]
"""The entries of a model by key."""


def own_property(model: Model) -> tuple[str, ...]:
    """The property that `linearizable:` adds to those of the model."""
    return (LINEARIZABLE,) if LINEARIZABLE in model else ()


def default_checks(model: Model) -> tuple[str, ...]:
    """Whether calls of clients wait for ever is another question than what they return: it is judged if asked."""
    return tuple(c for c in CHECKS if c != "deadlock" or LINEARIZABLE not in model)


def inconsistencies(model: Model) -> Iterator[Diagnostic]:
    """What does not go together."""
    node = model.get(LINEARIZABLE)
    if not isinstance(node, Mapping):
        return
    checks = model.get("check")
    for name in checks.items if isinstance(checks, Sequence) else ():
        if isinstance(name, Scalar) and name.value in ON_DEMAND:
            yield Diagnostic(f"'{name.value}' is not judged beside `linearizable:` yet", name.span)
    if "ordered" in model:
        message = "a model with `linearizable:` has no `ordered:` of its own: its goroutines are clients"
        yield Diagnostic(message, model["ordered"].span)
    yield from _beside(model.get("goroutines"))
    asked = _operations(node)
    if not asked:
        yield Diagnostic("no operations: list the methods that clients call", node.span)


def _beside(roles: Node | None) -> Iterator[Diagnostic]:
    """What goroutines beside the clients cannot be."""
    for key, role in roles.entries if isinstance(roles, Mapping) else ():
        if key.value == CLIENT:
            yield Diagnostic(
                f"'{CLIENT}' is what the goroutines of `linearizable:` are called: use another name", key.span
            )
        count = next((v for k, v in role.entries if k.value == "count"), None) if isinstance(role, Mapping) else None
        if isinstance(count, Scalar) and count.value == "any":
            message = "beside the clients of `linearizable:` there is a number of goroutines that is known"
            yield Diagnostic(message, count.span)


def linearizable(pairs: tuple[tuple[Scalar, Node], ...]) -> Linearizable | None:
    """What a model that fits its fields says."""
    key, node = next(((k, n) for k, n in pairs if k.value == LINEARIZABLE), (None, None))
    if key is None or not isinstance(node, Mapping):
        return None
    given = {k.value: v for k, v in node.entries if isinstance(v, Scalar)}
    asked = _operations(node)

    def number(name: str) -> int:
        return whole(given[name]) if name in given else 2

    return Linearizable(
        type=given["type"].value,
        as_=given["as"].value if "as" in given else "map",
        keys=number("keys"),
        values=number("values"),
        goroutines=number("goroutines"),
        calls=number("calls"),
        operations=tuple(o.value for o in asked),
        span=key.span,
        type_span=given["type"].span,
        operation_spans=tuple(o.span for o in asked),
    )


def _operations(node: Mapping) -> tuple[Scalar, ...]:
    found = next((v for k, v in node.entries if k.value == "operations"), None)
    return tuple(n for n in found.items if isinstance(n, Scalar)) if isinstance(found, Sequence) else ()
