"""Our `dataclass` against the library's: nothing but the time it takes to define one may differ."""

from __future__ import annotations

import copy
import dataclasses
import operator
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from verifier import records

Field = Callable[..., Any]
Shape = Callable[[Field], type]

OPTIONS: list[dict[str, bool]] = [
    {},
    {"slots": True},
    {"frozen": True},
    {"frozen": True, "slots": True},
    {"frozen": True, "slots": True, "order": True},
    {"frozen": True, "slots": True, "eq": False},
    {"slots": True, "eq": False},
]
BOTH: list[tuple[Callable[..., Any], Field]] = [
    (dataclasses.dataclass, dataclasses.field),
    (records.dataclass, records.field),
]


def empty(field: Field) -> type:
    class Example:
        """No fields."""

    return Example


def one(field: Field) -> type:
    class Example:
        """One field, which is compared as a tuple of one."""

        a: int

    return Example


def many(field: Field) -> type:
    class Example:
        """Defaults, a factory, a field that is not compared and one that is not shown."""

        a: int
        b: str
        c: tuple[int, ...] = (1, 2)
        d: list[int] = field(default_factory=list)
        e: int = field(default=5, compare=False)
        f: int = field(default=6, repr=False)

        def total(self) -> int:
            """A method."""
            return self.a + sum(self.c)

    return Example


def made(shape: Shape, options: dict[str, bool]) -> tuple[Any, Any]:
    theirs, ours = (dataclass(**options)(shape(field)) for dataclass, field in BOTH)
    return theirs, ours


def outcome(ask: Callable[[], Any]) -> Any:
    """What a call returns, or the type of what it raises, with the message but for names of objects."""
    try:
        return ask()
    except Exception as error:
        return type(error), str(error) if isinstance(error, dataclasses.FrozenInstanceError) else ""


VALUES: dict[str, list[tuple[Any, ...]]] = {
    "empty": [()],
    "one": [(1,), (2,), ((1,),)],
    "many": [(1, "x"), (1, "y"), (1, "x", (3,)), (1, "x", (1, 2), [7]), (1, "x", (1, 2), [], 9), (2, "", (), [], 0, 0)],
}


@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: " ".join(o) or "plain")
@pytest.mark.parametrize("shape", [empty, one, many])
def test_objects_behave_alike(shape: Shape, options: dict[str, bool]) -> None:
    classes = made(shape, options)
    objects = [[c(*v) for v in VALUES[shape.__name__]] for c in classes]
    for theirs, ours in zip(*objects, strict=True):
        assert repr(theirs) == repr(ours)
        if options.get("eq", True):
            assert outcome(lambda: hash(theirs)) == outcome(lambda: hash(ours))  # noqa: B023
        assert (copy.copy(ours) == ours) == (copy.copy(theirs) == theirs)
        for f in dataclasses.fields(ours):
            for ask in (lambda x: setattr(x, f.name, 3), lambda x: delattr(x, f.name)):  # noqa: B023
                answers = [outcome(lambda: ask(copy.copy(x))) for x in (theirs, ours)]  # noqa: B023
                assert answers[0] == answers[1]
    for op in (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge):
        answers = [[[outcome(lambda: op(x, y)) for x in made_] for y in made_] for made_ in objects]  # noqa: B023
        assert answers[0] == answers[1]
    if objects[0] and shape is not empty:
        changed = [dataclasses.replace(o[0], a=11) for o in objects]
        assert repr(changed[0]) == repr(changed[1])
        assert objects[1][0] != objects[0][0]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: " ".join(o) or "plain")
@pytest.mark.parametrize("shape", [empty, one, many])
def test_classes_look_alike(shape: Shape, options: dict[str, bool]) -> None:
    theirs, ours = made(shape, options)
    assert dataclasses.is_dataclass(ours)
    names = [[(f.name, f.default, f.compare, f.repr) for f in dataclasses.fields(c)] for c in (theirs, ours)]
    assert names[0] == names[1]
    assert theirs.__match_args__ == ours.__match_args__
    assert getattr(theirs, "__slots__", None) == getattr(ours, "__slots__", None)
    assert theirs.__doc__ == ours.__doc__


@pytest.mark.parametrize("arguments", [(), (1,), (1, 2, 3, 4, 5, 6, 7)])
@pytest.mark.parametrize("named", [{}, {"b": 1}, {"zz": 1}, {"a": 1}])
def test_arguments_are_checked_alike(arguments: tuple[int, ...], named: dict[str, int]) -> None:
    theirs, ours = (outcome(lambda: repr(c(*arguments, **named))) for c in made(many, {}))  # noqa: B023
    assert theirs == ours


@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: " ".join(o) or "plain")
@pytest.mark.parametrize("changes", [{}, {"a": 7}, {"b": "z", "c": ()}, {"zz": 1}])
def test_changed_copies_are_alike(options: dict[str, bool], changes: dict[str, Any]) -> None:
    theirs, ours = (c(1, "x") for c in made(many, options))
    expected = outcome(lambda: repr(dataclasses.replace(theirs, **changes)))
    # Ours takes classes of either kind: to the type checker they are the same.
    assert outcome(lambda: repr(records.replace(theirs, **changes))) == expected
    assert outcome(lambda: repr(records.replace(ours, **changes))) == expected


def test_a_changed_copy_of_a_subclass_keeps_what_it_adds() -> None:
    @dataclasses.dataclass
    class More(records.dataclass(one(records.field))):  # type: ignore[misc]
        b: int = 0

    assert repr(records.replace(More(1, 2), a=3)).endswith("More(a=3, b=2)")


def test_factories_make_a_new_object_each_time() -> None:
    ours = records.dataclass(many(records.field))
    assert ours(1, "x").d is not ours(1, "x").d  # type: ignore[call-arg, attr-defined]


@records.dataclass(frozen=True, slots=True)
class Base:
    """A class to be extended."""

    a: int

    def __post_init__(self) -> None:
        """Run after each creation, the first one too."""
        object.__setattr__(self, "a", self.a + 1)


@records.dataclass(frozen=True, slots=True)
class More(Base):
    """Fields of the base come first."""

    b: int = 7


def test_inheritance_and_what_comes_after_init() -> None:
    assert More(1) == More(1, 7) != More(1, 8)
    assert (More(1).a, More(1).b, Base(1).a) == (2, 7, 2)
    assert Base(1) != More(1)


def test_pickles_come_back() -> None:
    assert pickle.loads(pickle.dumps(More(1, 2))) == More(1, 2)


def test_the_functions_of_the_library_know_the_classes() -> None:
    theirs, ours = (c(1, "x", d=[More(1)]) for c in made(many, {"slots": True}))
    assert dataclasses.asdict(ours) == dataclasses.asdict(theirs)
    assert dataclasses.astuple(ours) == dataclasses.astuple(theirs)
    assert [f.name for f in records.fields(ours)] == [f.name for f in records.fields(theirs)]
    for what in (ours, type(ours), theirs, type(theirs), 3, int, ()):
        assert records.is_dataclass(what) == dataclasses.is_dataclass(what)


def test_what_would_go_wrong_silently_is_refused() -> None:
    with pytest.raises(TypeError, match="d of Example is a field of the library"):
        records.dataclass(many(dataclasses.field))
    theirs = dataclasses.dataclass(one(dataclasses.field))
    with pytest.raises(TypeError, match="Example is a dataclass of the library, which Less cannot extend"):
        records.dataclass(type("Less", (theirs,), {}))
    for dataclass, field in BOTH:
        with pytest.raises(ValueError, match="mutable default <class 'list'> for field a"):
            dataclass(type("Example", (), {"__annotations__": {"a": "list[int]"}, "a": [], "unused": field()}))
