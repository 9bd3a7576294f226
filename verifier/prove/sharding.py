"""Equal shard, equal lock: for every hash function, every number of shards and arbitrary keys, by z3.

For two accesses to one kind of place, one of them writing, by two goroutines with keys of their own: can the element
be the same while no lock that one holds excludes a lock that the other holds? Hash functions are uninterpreted and
not negative, the number of shards is any positive integer, indices are in range.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations_with_replacement

from verifier.evidence.sharding import Collision, ShardingResult, Side
from verifier.program.shards import Apply, Count, Element, Held, Key, Number, Operation, Term, Touch, Unknown
from verifier.prove.session import Session
from verifier.records import dataclass, field
from verifier.verdict import Verdict

_SMALL = (2, 4, 16, 1_000_000)
"""Bounds tried for shards, hash values and keys, so that the collision printed is a small one."""

_MILLISECONDS = 5000
"""What z3 may spend on one pair of accesses."""


class Undecided(Exception):
    """z3 gave no answer; the message is its reason."""


def sharding(touches: tuple[Touch, ...], single: frozenset[str] = frozenset()) -> ShardingResult:
    """Decide for the accesses found in a model; roles in `single` have one goroutine only."""
    pairs = list(_pairs(touches, single))
    if not any(t.write for t in touches):
        return ShardingResult(Verdict.UNKNOWN, "no role writes to an element of a package array: nothing is sharded")
    doubts: list[str] = []
    z3 = Session()
    for a, b in pairs:
        try:
            found, doubt = _judge(a, b, z3)
        except Undecided as reason:
            found, doubt = None, f"'{a.text}' and '{b.text}': z3 gives no answer ({reason})"
        if found is not None:
            return ShardingResult(Verdict.UNSAFE, f"equal shards, different locks: {found.words()}", found)
        doubts += [doubt] if doubt else []
    if doubts:
        return ShardingResult(Verdict.UNKNOWN, doubts[0])
    return ShardingResult(Verdict.SAFE, _shown(touches))


def _judge(a: Touch, b: Touch, z3: Session) -> tuple[Collision | None, str]:
    """A collision that is certain, or why there may be one; neither when there is none."""
    if not _candidates(a, b):
        return None, f"'{a.text}' and '{b.text}' meet in {a.data.shape} with no lock of one kind to exclude them"
    found = _collide(a, b, z3)
    if found is None:
        return None, ""
    if not (_certain(a) and _certain(b)):
        return None, f"not excluded: {found.words()}"
    if _collide(a, b, z3, own=True) is None:
        return None, f"right for the numbers in the model, but not for every number: {found.words()}"
    return found, ""


def _shown(touches: tuple[Touch, ...]) -> str:
    functions = sorted({f for t in touches for term in _all_terms(t) for f in _functions(term)})
    hashes = f"every {' and '.join(functions)}, " if functions else ""
    places = ", ".join(sorted({t.data.shape for t in touches}))
    return (
        f"for {hashes}every number of shards and all keys: who is at the same element of {places} holds the same lock"
    )


def _pairs(touches: tuple[Touch, ...], single: frozenset[str]) -> Iterator[tuple[Touch, Touch]]:
    for a, b in combinations_with_replacement(touches, 2):
        alone = a.role == b.role and a.role in single
        if a.data.shape == b.data.shape and (a.write or b.write) and not alone:
            yield a, b


def _candidates(a: Touch, b: Touch) -> list[tuple[Held, Held]]:
    """Locks of the same kind that exclude each other if they are the same one."""
    return [(x, y) for x in a.held for y in b.held if x.lock.shape == y.lock.shape and not (x.shared and y.shared)]


def _certain(t: Touch) -> bool:
    """Whether the access is known to be possible as described."""
    return t.exact and not any(isinstance(x, Unknown) for term in _all_terms(t) for x in _walk(term))


def _all_terms(t: Touch) -> Iterator[Term]:
    yield from t.data.indices
    yield from t.given
    for h in t.held:
        yield from h.lock.indices


def _walk(term: Term) -> Iterator[Term]:
    yield term
    for x in term.args if isinstance(term, Apply | Operation) else ():
        yield from _walk(x)


def _functions(term: Term) -> Iterator[str]:
    yield from (x.function for x in _walk(term) if isinstance(x, Apply))


@dataclass
class _Side:
    """One of the two goroutines: its terms as text, its own keys and unknowns."""

    letter: str
    touch: Touch
    keys: dict[Key, str] = field(default_factory=dict)
    unknowns: dict[Unknown, str] = field(default_factory=dict)
    applied: dict[Apply, str] = field(default_factory=dict)

    def text(self, term: Term) -> str:
        match term:
            case Key():
                return self.keys.setdefault(term, f"{self.letter}k{len(self.keys)}")
            case Unknown():
                return self.unknowns.setdefault(term, f"{self.letter}u{len(self.unknowns)}")
            case Number(value=value):
                return str(value) if value >= 0 else f"(- {-value})"
            case Count(length=length):
                return f"n{length}"
            case Apply(function=function, args=args):
                inner = " ".join(self.text(a) for a in args)
                self.applied.setdefault(
                    term, f"({_symbol(function, args)} {inner})" if args else _symbol(function, args)
                )
                return self.applied[term]
            case Operation(op=op, args=args):
                return self.operation(op, args)

    def operation(self, op: str, args: tuple[Term, ...]) -> str:
        if op in ("==", "!=", "<", "<=", ">", ">=", "&&", "||", "!"):
            return f"(ite {self.condition(Operation(op, args))} 1 0)"
        texts = [self.text(a) for a in args]
        if op in ("%", "/") and not isinstance(args[0], Apply):
            x, y = texts
            quotient = f"(ite (= (< {x} 0) (< {y} 0)) (div (abs {x}) (abs {y})) (- (div (abs {x}) (abs {y}))))"
            return quotient if op == "/" else f"(- {x} (* {y} {quotient}))"
        return f"({ {'%': 'mod', '/': 'div'}.get(op, op) } {' '.join(texts)})"

    def condition(self, term: Term) -> str:
        match term:
            case Operation(op="!", args=(a,)):
                return f"(not {self.condition(a)})"
            case Operation(op=("&&" | "||") as op, args=(a, b)):
                return f"({'and' if op == '&&' else 'or'} {self.condition(a)} {self.condition(b)})"
            case Operation(op="!=", args=(a, b)):
                return f"(not (= {self.text(a)} {self.text(b)}))"
            case Operation(op=("==" | "<" | "<=" | ">" | ">=") as op, args=(a, b)):
                return f"({'=' if op == '==' else op} {self.text(a)} {self.text(b)})"
            case _:
                return f"(not (= {self.text(term)} 0))"

    def within(self, e: Element) -> list[str]:
        """The indices of a place are in range."""
        return [
            f"(and (<= 0 {self.text(i)}) (< {self.text(i)} n{n}))" for i, n in zip(e.indices, e.lengths, strict=True)
        ]


def _symbol(function: str, args: tuple[Term, ...]) -> str:
    return f"|{function}/{len(args)}|"


def _collide(a: Touch, b: Touch, z3: Session, own: bool = False) -> Collision | None:
    """Two goroutines at one element without a lock in common; `own`: with the model's own numbers of shards.

    Raises Undecided when z3 gives no answer.
    """
    sides = (_Side("a", a), _Side("b", b))
    facts = _facts(sides)
    lengths = sorted({n for t in (a, b) for term in _all_terms(t) for n in _lengths(t, term)})
    declared = _declarations(sides, lengths)
    values = [text for s in sides for text in (*s.applied.values(), *s.keys.values())]
    facts += [f"(= n{n} {n})" if own else f"(> n{n} 0)" for n in lengths]
    facts += [f"(>= {text} 0)" for s in sides for text in s.applied.values()]
    facts += [f"(>= {text} 0)" for s in sides for key, text in s.keys.items() if key.words.startswith('"')]
    z3.say("(reset)", f"(set-option :timeout {_MILLISECONDS})", *declared, *(f"(assert {fact})" for fact in facts))
    if not _possible(z3):
        return None
    for bound in _SMALL:
        tight = [f"(<= {text} {bound})" for text in values]
        tight += [f"(<= n{n} {bound})" for n in lengths if not own]
        z3.say("(push)", *(f"(assert {fact})" for fact in tight))
        if _possible(z3):
            break
        z3.say("(pop)")
    else:
        _possible(z3)
    return _collision(sides, z3.number)


def _possible(z3: Session) -> bool:
    """Whether what has been said has a solution. Raises Undecided."""
    answer = z3.check()
    if answer == "unknown":
        raise Undecided(z3.ask("(get-info :reason-unknown)"))
    return answer == "sat"


def _lengths(t: Touch, term: Term) -> Iterator[int]:
    yield from t.data.lengths
    for h in t.held:
        yield from h.lock.lengths
    yield from (x.length for x in _walk(term) if isinstance(x, Count))


def _facts(sides: tuple[_Side, _Side]) -> list[str]:
    a, b = sides
    facts = [s.condition(g) for s in sides for g in s.touch.given]
    facts += [f for s in sides for e in (s.touch.data, *(h.lock for h in s.touch.held)) for f in s.within(e)]
    facts += [f"(= {a.text(i)} {b.text(j)})" for i, j in zip(a.touch.data.indices, b.touch.data.indices, strict=True)]
    for x, y in _candidates(a.touch, b.touch):
        same = [f"(= {a.text(i)} {b.text(j)})" for i, j in zip(x.lock.indices, y.lock.indices, strict=True)]
        facts.append(f"(not (and true {' '.join(same)}))")
    return facts


def _declarations(sides: tuple[_Side, _Side], lengths: list[int]) -> list[str]:
    names = [f"n{n}" for n in lengths]
    names += [name for s in sides for name in (*s.keys.values(), *s.unknowns.values())]
    functions = {_symbol(x.function, x.args): len(x.args) for s in sides for x in s.applied}
    out = [f"(declare-const {name} Int)" for name in names]
    return out + [f"(declare-fun {f} ({' '.join(['Int'] * n)}) Int)" for f, n in functions.items()]


def _collision(sides: tuple[_Side, _Side], value: Callable[[str], int]) -> Collision:
    words = _Words(sides, value)
    keys = tuple((s.touch.role, words.of(s, k)) for s in sides for k in s.keys)
    hashes: dict[str, int] = {}
    for s in sides:
        for applied, text in s.applied.items():
            hashes.setdefault(words.of(s, applied), value(text))
    data = sides[0].touch.data
    shards = value(f"n{data.lengths[0]}") if data.lengths else 1
    a, b = sides
    told = (_told(a, lambda term: value(a.text(term))), _told(b, lambda term: value(b.text(term))))
    return Collision(shards, tuple(dict.fromkeys(keys)), tuple(hashes.items()), told)


def _told(s: _Side, value: Callable[[Term], int]) -> Side:
    t = s.touch
    locks = tuple(_filled(h.lock, value) + (" for reading" if h.shared else "") for h in t.held)
    return Side(t.role, t.text, t.span, _filled(t.data, value), locks)


def _filled(e: Element, value: Callable[[Term], int]) -> str:
    out = e.shape
    for i in e.indices:
        out = out.replace("[]", f"[{value(i)}]", 1)
    return out


class _Words:
    """Keys of a solution in the words of the model where it has any, one name per key."""

    def __init__(self, sides: tuple[_Side, _Side], value: Callable[[str], int]) -> None:
        self.value = value
        self.names: dict[int, str] = {}
        for s in sides:
            for term in (x for t in _all_terms(s.touch) for x in _walk(t)):
                if isinstance(term, Number) and term.words:
                    self.names[term.value] = f'"{term.words}"'
        for s in sides:
            for key, text in s.keys.items():
                if key.words.startswith('"'):
                    self._name(value(text), key.words)

    def _name(self, number: int, words: str) -> None:
        if number not in self.names:
            taken = set(self.names.values())
            free = (f'"key{i}"' for i in range(1, len(taken) + 2) if f'"key{i}"' not in taken)
            self.names[number] = words if words not in taken else next(free)

    def of(self, s: _Side, term: Term) -> str:
        """A key or an application in words."""
        match term:
            case Key(words=words):
                number = self.value(s.text(term))
                return self.names[number] if words.startswith('"') else str(number)
            case Number(value=value, words=words):
                return f'"{words}"' if words else str(value)
            case Apply(function=function, args=args):
                return f"{function}({', '.join(self.of(s, a) for a in args)})"
            case _:
                return str(self.value(s.text(term)))
