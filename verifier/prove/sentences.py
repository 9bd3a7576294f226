"""Facts in the model's own words: locks by name, goroutines by role, places by source line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from verifier.prove.counters import Counters, Tracked
from verifier.prove.facts import AtMostOne, Equation, Fact, Never, Quantity
from verifier.prove.positions import Positions, joined
from verifier.records import dataclass

_ON = {
    "held": "{} is held",
    "writer": "{} is write-held",
    "readers": "{} is read-held",
    "pending": "a writer is announced at {}",
    "once": "{} is running",
    "flag": "{} is true",
}
_OFF = {
    "held": "{} is not held",
    "writer": "{} is not write-held",
    "readers": "{} is not read-held",
    "pending": "no writer is announced at {}",
    "once": "{} is not running",
    "flag": "{} is false",
}
_PARTS = ("held", "writer", "once", "flag", "pending", "readers")
"""Conditions about these are told first."""
_HOLDERS = {"held": " that locked it", "writer": " that locked it", "readers": " that locked it", "pending": ""}
"""How those that an equation about a part is about are told from others at the same lines."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A line of the invariant and the facts it tells. Sentences with the same `opening` become one line."""

    opening: str
    rest: str
    facts: tuple[Fact, ...]


Follows = Callable[[Fact, Sequence[Fact]], bool]
"""Whether a fact follows from others."""


class Speaker:
    """Tells the facts of one abstraction."""

    def __init__(self, c: Counters, facts: Sequence[Fact]) -> None:
        self._c = c
        self._facts = facts
        self._positions = Positions(c)
        self._holders: dict[str, dict[str, set[int]]] = {}
        for f in facts:
            which = _HOLDERS.get(self._tracked(f.terms[-1][1]).part) if isinstance(f, Equation) else None
            if isinstance(f, Equation) and which is not None:
                known = self._holders.setdefault(self._tracked(f.terms[-1][1]).name, {})
                known.setdefault(which, set()).update(q.index for _, q in f.terms[:-1])

    def tell(self, follows: Follows) -> tuple[Sentence, ...]:
        """Equalities, then exclusions, leaving out what follows from the sentences before."""
        facts = self._facts
        # Stretches that nobody is ever in are not worth a sentence.
        told: list[Fact] = [f for f in facts if isinstance(f, Never) and [q.kind for q in f.quantities] == ["count"]]
        summed: set[Quantity] = set()
        out: list[Sentence] = []
        for group in self._groups(facts):
            if isinstance(group[0], Never) and summed.issuperset(group[0].quantities):
                continue
            news: list[Fact] = []
            for f in group:
                if not follows(f, [*told, *news]):
                    news.append(f)
            # Where the news alone cannot be told by lines, all of the group may.
            sentence = self._sentence(news) or self._sentence(group) if news else None
            if sentence:
                told += sentence.facts
                summed |= {q for f in sentence.facts if isinstance(f, Equation) for _, q in f.terms}
                out.append(sentence)
        return tuple(out)

    def _groups(self, facts: Sequence[Fact]) -> Iterator[tuple[Fact, ...]]:
        """Facts that make one sentence together, the most telling first."""
        groups: dict[tuple[object, ...], list[Fact]] = {}
        for f in facts:
            key = self._key(f)
            if key is not None:
                groups.setdefault(key, []).append(f)
        for key in sorted(groups, key=lambda k: k[:3]):
            yield tuple(groups[key])

    def _key(self, fact: Fact) -> tuple[object, ...] | None:
        """Sorted by the first three; equal for facts of one sentence."""
        match fact:
            case Equation(terms=terms):
                return 0, *self._rank(terms[-1][1]), fact
            case Never(quantities=(condition,)):
                return (
                    None if condition.kind == "count" or self._is_off(condition) else (1, *self._rank(condition), fact)
                )
            case Never(quantities=(Quantity(kind="count"), Quantity(kind="count"))):
                return 7, 0, 0, fact
            case Never(quantities=(condition, Quantity(kind="count") as count)):
                late = 4 * self._positions.announced(count.index)
                return (
                    (2 if self._is_off(condition) else 3) + late,
                    *self._rank(condition),
                    condition,
                    self._role(count),
                )
            case AtMostOne():
                return 5, 0, 0, fact
            case Never(quantities=(a, b)):
                return 3, *min(self._rank(a), self._rank(b)), fact
        return None

    def _rank(self, q: Quantity) -> tuple[int, int]:
        """Lock by lock; of one lock, the stronger state first."""
        names = [t.name for t in self._c.tracked]
        return names.index(self._tracked(q).name), _PARTS.index(self._tracked(q).part)

    def _tracked(self, q: Quantity) -> Tracked:
        return self._c.tracked[q.index]

    def _sentence(self, facts: Sequence[Fact]) -> Sentence | None:
        match facts[0]:
            case Equation() as f:
                text = self._equation(f)
                return Sentence(text, "", (f,)) if text else None
            case AtMostOne(quantity=q) as f:
                where = self._positions.where((q.index,))
                return Sentence(f"at most one {self._role(q)} is {where}", "", (f,)) if where else None
            case Never(quantities=(Quantity(kind="count") as a, b)) as f:
                places = self._positions.where((a.index,)), self._positions.where((b.index,))
                text = f"no {self._role(b)} is {places[1]} while {_a(self._role(a))} is {places[0]}"
                return Sentence(text, "", (f,)) if all(places) else None
            case Never(quantities=(a, Quantity(kind="count"))):
                return self._excluded(a, tuple(f for f in facts if isinstance(f, Never)))
            case Never(quantities=(condition,)) as f:
                return Sentence(self._on(condition).replace(" is ", " is never ", 1), "", (f,))
            case Never(quantities=(a, b)) as f:
                first, second = sorted((a, b), key=lambda q: (self._is_off(q), self._rank(q)))
                return Sentence(self._while(first), self._denied(second), (f,))
        return None

    def _excluded(self, condition: Quantity, facts: tuple[Never, ...]) -> Sentence | None:
        """Nobody is in some stretches of one role while the condition holds."""
        counts = [f.quantities[1] for f in facts]
        place = self._place([q.index for q in counts], condition)
        if place is None:
            return None
        which, where = place
        role = self._role(counts[0]) + which
        if self._is_off(condition):
            return Sentence(f"{self._denied(condition)} whenever {_a(role)} is {where}", "", facts)
        return Sentence(self._while(condition), f"no {role} is {where}", facts)

    def _place(self, numbers: list[int], lock: Quantity) -> tuple[str, str] | None:
        """Which goroutines of a role, and where: by lines, or by lines and that they hold the lock spoken about."""
        where = self._positions.where(numbers)
        if where:
            return "", where
        for which, holders in self._holders.get(self._tracked(lock).name, {}).items():
            if holders.issuperset(numbers):
                where = self._positions.where(numbers, among=holders)
                return (which, where) if where else None
        return None

    def _equation(self, f: Equation) -> str | None:
        """A lock's state as a sum over stretches: who makes it so."""
        (factor, lock), terms = f.terms[-1], f.terms[:-1]
        shares = {q: -a // factor for a, q in terms if a % factor == 0}
        constant = -f.constant // factor
        if len(shares) != len(terms) or not shares or f.constant % factor:
            return None
        if self._tracked(lock).part == "readers":
            return self._read_locks(lock, shares) if constant == 0 and min(shares.values()) > 0 else None
        if set(shares.values()) == {1 - 2 * constant} and constant in (0, 1):
            places = self._places(shares, lock, "one {} is {}")
            state = self._on(lock) if constant == 0 else self._off(lock)
            return f"{state} exactly when {joined(places, 'or')} (never two at once)" if places else None
        return None

    def _read_locks(self, lock: Quantity, shares: dict[Quantity, int]) -> str | None:
        parts = []
        for times in range(1, max(shares.values()) + 1):
            places = self._places([q for q, n in shares.items() if n >= times], lock, "every {} {}")
            if places is None:
                return None
            parts.append(f"{'once' if times == 1 else 'once more'} by {joined(places, 'and')}")
        return f"{self._on(lock)} {', '.join(parts)}, and by nobody else"

    def _places(self, counts: Iterable[Quantity], lock: Quantity, form: str) -> list[str] | None:
        """`form` filled in for every role; None when a place cannot be told. Roles with one place share it."""
        stretches: dict[int, list[int]] = {}
        for q in counts:
            stretches.setdefault(self._c.stretches[q.index].template, []).append(q.index)
        roles: dict[tuple[str, str], list[str]] = {}
        for numbers in stretches.values():
            place = self._place(numbers, lock)
            if place is None:
                return None
            roles.setdefault(place, []).append(self._c.stretches[numbers[0]].role)
        return [form.format(joined(names, "or") + which, where) for (which, where), names in roles.items()]

    def _role(self, count: Quantity) -> str:
        return self._c.stretches[count.index].role

    def _is_off(self, q: Quantity) -> bool:
        return q.kind == "isnot" or (q.kind == "is" and q.value == 0)

    def _on(self, q: Quantity) -> str:
        return _ON[self._tracked(q).part].format(self._tracked(q).name)

    def _off(self, q: Quantity) -> str:
        return _OFF[self._tracked(q).part].format(self._tracked(q).name)

    def _while(self, q: Quantity) -> str:
        """A condition in words, as an opening."""
        if q.kind == "isnot":
            return f"while {self._tracked(q).name} has not finished"
        return f"while {self._off(q) if self._is_off(q) else self._on(q)}"

    def _denied(self, q: Quantity) -> str:
        """The opposite of a condition in words."""
        if q.kind == "isnot":
            return f"{self._tracked(q).name} has finished"
        return self._on(q) if self._is_off(q) else self._off(q)


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
