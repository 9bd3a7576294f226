"""The invariant of a certificate, read strictly, and what it says of two goroutines.

Of the certificate's text only formulas are taken: one per location, over known symbols, with known operators. So
nothing in a stored file can assert, define or declare anything on the solver's side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from verifier.audit.interpret import AuditError
from verifier.audit.smt import bits, conj, disj, equals, neg, one_of
from verifier.audit.vocabulary import CellInfo, Kind, Vocabulary
from verifier.evidence.proof import EMPTY, PLACE
from verifier.records import dataclass

Tree = str | list["Tree"]

_TOKEN = re.compile(r"\s+|([()]|[^\s()]+)")


@dataclass(frozen=True)
class Invariant:
    """For each (template, location): the formula of what a goroutine there sees."""

    groups: dict[tuple[int, int], Tree]

    @property
    def views(self) -> int:
        """How many alternatives there are in all."""
        return sum(len(_alternatives(body)) for body in self.groups.values())

    def without(self, number: int) -> Invariant:
        """The invariant without one of its views: a control, it has to be refused."""
        for key, body in self.groups.items():
            count = len(_alternatives(body))
            if number < count:
                assert isinstance(body, list) and isinstance(body[-1], list)
                last = body[-1][: 2 + number] + body[-1][3 + number :]
                return Invariant({**self.groups, key: [*body[:-1], last]})
            number -= count
        raise IndexError(number)


def _alternatives(body: Tree) -> list[Tree]:
    """`(and true FACT… (or false VIEW…))`: the views."""
    if isinstance(body, list) and body and isinstance(body[-1], list) and body[-1][:2] == ["or", "false"]:
        return body[-1][2:]
    return []


def read_invariant(text: str, voc: Vocabulary) -> Invariant:
    """Parse and check. Raises AuditError."""
    groups: dict[tuple[int, int], Tree] = {}
    for tree in _parse(text):
        if not (isinstance(tree, list) and len(tree) == 5 and tree[0] == "define-fun" and tree[2:4] == [[], "Bool"]):
            raise AuditError("the certificate is not a list of `(define-fun view.T.L () Bool …)`")
        match = re.fullmatch(r"view\.([0-9]{1,6})\.([0-9]{1,6})", tree[1] if isinstance(tree[1], str) else "")
        if match is None or int(match[1]) not in {r.template for r in voc.roles}:
            raise AuditError(f"the certificate defines {tree[1]}, which is no view of this model")
        key = int(match[1]), int(match[2])
        if key in groups:
            raise AuditError(f"the certificate defines {tree[1]} twice")
        sorts = {**dict(parameters(voc, key[0])), "me": "Id", "none": "Id", "true": "Bool", "false": "Bool"}
        _expect("Bool", _sort(tree[4], sorts, {f"other.{r.template}" for r in voc.roles}))
        groups[key] = tree[4]
    return Invariant(groups)


def _parse(text: str) -> Iterator[Tree]:
    stack: list[list[Tree]] = [[]]
    for match in _TOKEN.finditer(text):
        token = match[1]
        if token is None:
            continue
        if token == "(":
            stack.append([])
        elif token == ")":
            if len(stack) < 2:
                raise AuditError("the certificate has a ) too many")
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(token)
    if len(stack) != 1:
        raise AuditError("the certificate ends in the middle of a formula")
    yield from stack[0]


def _sort(tree: Tree, sorts: dict[str, str], others: set[str]) -> str:
    """The sort of a formula or term. Raises AuditError for anything but known symbols and operators, well sorted."""
    if isinstance(tree, str):
        if tree not in sorts:
            raise AuditError(f"the certificate uses {tree[:40]}, which means nothing here")
        return sorts[tree]
    head = tree[0] if tree else ""
    if head == "_":
        return _literal(tree)
    parts = [_sort(part, sorts, others) for part in tree[1:]]
    match head:
        case "and" | "or":
            wanted = ["Bool"] * max(len(parts), 1)
        case "not":
            wanted = ["Bool"]
        case "=" | "distinct":
            wanted = parts[:1] * 2
        case "lost":
            wanted = ["Id"]
        case str() if head in others:
            wanted = ["Id", "Id"]
        case _:
            raise AuditError(f"the certificate uses the operator {str(head)[:40]}")
    if parts != wanted:
        raise AuditError(f"the certificate applies {head} to {', '.join(parts) or 'nothing'}")
    return "Bool"


def _literal(tree: list[Tree]) -> str:
    match tree:
        case ["_", str(digits), "16" | "72" as width] if re.fullmatch(r"bv[0-9]{1,22}", digits):
            if int(digits[2:]) < 1 << int(width):
                return f"(_ BitVec {width})"
    raise AuditError("the certificate has a literal that is none")


def _expect(wanted: str, found: str) -> None:
    if wanted != found:
        raise AuditError(f"the certificate has a {found} where a {wanted} is needed")


def show(tree: Tree) -> str:
    """The text of a formula."""
    return tree if isinstance(tree, str) else f"({' '.join(map(show, tree))})"


# ---- symbols of one goroutine


def parameters(voc: Vocabulary, template: int) -> list[tuple[str, str]]:
    """(symbol, sort) of everything a view of a template may speak of, in the order of `arguments`."""
    role = voc.role(template)
    out: list[tuple[str, str]] = []
    own = ((name.replace(f"c0.{template}.", "c"), info) for name, info in voc.own_symbols(0, template))
    for name, info in (*voc.package_symbols(), *own):
        out += _with_owner(name, info)
    for slot in voc.slots(0):
        short = slot.replace("0.", "", 1)
        out += [(short, Kind.PLACE.value), (f"{short}.who", "Id")]
    return [*out, *((f"e{q}", "Bool") for q in role.regions)]


def arguments(voc: Vocabulary, template: int, j: int, state: dict[str, str]) -> list[str]:
    """What those symbols are for goroutine j in a state."""
    out: list[str] = []
    for name, info in (*voc.package_symbols(), *voc.own_symbols(j, template)):
        out += [n for n, _ in _with_owner(name, info)]
    for slot in voc.slots(j):
        out += [slot, f"{slot}.who"]
    out += voc.published(j, template)
    return [state.get(n, n) for n in out]


def _with_owner(name: str, info: CellInfo) -> list[tuple[str, str]]:
    return [(name, info.sort), *([(f"{name}.who", "Id")] if info.owned else [])]


def declarations(voc: Vocabulary, present: tuple[int, ...]) -> list[str]:
    """Sorts, identities, and the state of those present."""
    tb, nb, lost = voc.template_bits, voc.name_bits, voc.lost
    out = [
        "(set-logic QF_BV)",
        f"(define-sort Id () (_ BitVec {voc.id_bits}))",
        f"(define-fun none () Id {bits(0, voc.id_bits)})",
        f"(define-fun unknown () Id {bits((lost + 1) << nb, voc.id_bits)})",
        f"(define-fun template ((x Id)) (_ BitVec {tb}) ((_ extract {voc.id_bits - 1} {nb}) x))",
        f"(define-fun name ((x Id)) (_ BitVec {nb}) ((_ extract {nb - 1} 0) x))",
        f"(define-fun lost ((x Id)) Bool (= (template x) {bits(lost, tb)}))",
    ]
    for r in voc.roles:
        fact = f"(and (= (template x) {bits(r.template, tb)}) (distinct x me))"
        out.append(f"(define-fun other.{r.template} ((x Id) (me Id)) Bool {fact})")
    for j in present:
        out += [f"(declare-const t{j} (_ BitVec {tb}))", f"(declare-const pc{j} (_ BitVec 32))"]
        out.append(f"(define-fun id{j} () Id (concat t{j} {bits(j, nb)}))")
        out.append(f"(assert {one_of(f't{j}', (r.template for r in voc.roles), tb)})")
    # A name is never 0, and the names 1, 2, 3 are those of the goroutines written down.
    cases = [f"(= x {bits(0, voc.id_bits)})", "(= x unknown)", "(lost x)"]
    real = [one_of("(template x)", (r.template for r in voc.roles), tb), f"(distinct (name x) {bits(0, nb)})"]
    real += [f"(=> (= (name x) {bits(j, nb)}) (= (template x) t{j}))" for j in present]
    out.append(f"(define-fun sound ((x Id)) Bool {disj([*cases, conj(real)])})")
    symbols = [s for n, i in voc.package_symbols() for s in _with_owner(n, i)]
    for j in present:
        for r in voc.roles:
            symbols += [s for n, i in voc.own_symbols(j, r.template) for s in _with_owner(n, i)]
            symbols += [(e, "Bool") for e in voc.published(j, r.template)]
        symbols += [x for s in voc.slots(j) for x in ((s, Kind.PLACE.value), (f"{s}.who", "Id"))]
    out += [f"(declare-const {name} {sort})" for name, sort in symbols]
    out += [f"(assert (sound {name}))" for name, sort in symbols if sort == "Id"]
    return out


def definitions(voc: Vocabulary, invariant: Invariant) -> dict[str, str]:
    """The views as functions of a state, by name."""
    out = {}
    for (t, at), body in invariant.groups.items():
        typed = " ".join(f"({name} {sort})" for name, sort in (("me", "Id"), *parameters(voc, t)))
        out[f"view.{t}.{at}"] = f"(define-fun view.{t}.{at} ({typed}) Bool {show(body)})"
    return out


# ---- what the invariant says


def view_at(voc: Vocabulary, invariant: Invariant, j: int, key: tuple[int, int], state: dict[str, str]) -> str:
    """Goroutine j, at a known location, is in one of the views."""
    if key not in invariant.groups:
        return "false"
    return f"(view.{key[0]}.{key[1]} id{j} {' '.join(arguments(voc, key[0], j, state))})"


def view(voc: Vocabulary, invariant: Invariant, j: int, state: dict[str, str]) -> str:
    """Goroutine j is in one of the views, wherever it is."""
    return disj(conj([at(voc, j, key), view_at(voc, invariant, j, key, state)]) for key in invariant.groups)


def at(voc: Vocabulary, j: int, key: tuple[int, int]) -> str:
    """Goroutine j is at a location."""
    return f"(and (= t{j} {bits(key[0], voc.template_bits)}) (= pc{j} {bits(key[1], 32)}))"


def hidden(voc: Vocabulary, place: str, info: CellInfo, who: str, j: int, state: dict[str, str]) -> str:
    """A reference refers to nothing goroutine j has not published."""
    out = []
    for r in voc.roles:
        for q in r.regions:
            cells = frozenset(o for o in range(r.size) if r.region[o] == q)
            values = voc.places(info.domain, r.template, cells)
            if values:
                mine = conj([equals(f"t{j}", bits(r.template, voc.template_bits)), one_of(place, values, info.width)])
                e = f"e{j}.{r.template}.{q}"
                out.append(f"(=> {mine} {state.get(e, e)})")
    return "true" if not out else f"(=> {equals(who, f'id{j}')} {conj(out)})"


def secret(voc: Vocabulary, i: int, j: int, state: dict[str, str]) -> str:
    """Neither the package nor goroutine i refers to what goroutine j has not published."""
    out = []
    for r in (None, *voc.roles):
        symbols = voc.package_symbols() if r is None else voc.own_symbols(i, r.template)
        facts = [
            hidden(voc, state.get(n, n), info, state.get(f"{n}.who", f"{n}.who"), j, state)
            for n, info in symbols
            if info.refers
        ]
        fact = conj(facts)
        out.append(
            fact if r is None or fact == "true" else f"(=> (= t{i} {bits(r.template, voc.template_bits)}) {fact})"
        )
    return conj(out)


def agree(voc: Vocabulary, i: int, j: int, state: dict[str, str]) -> str:
    """Locks in objects of i, and what j records about the locks it holds, say the same; no lock is held twice."""

    def now(symbol: str) -> str:
        return state.get(symbol, symbol)

    holds = [f"h{j}.{n}" for n in range(voc.holds)]
    out = []
    known: list[tuple[int, str]] = []
    for r in voc.roles:
        for o in range(r.size):
            if voc.cells[r.first + o].lock:
                mine = conj(
                    [
                        f"(= t{i} {bits(r.template, voc.template_bits)})",
                        f"(= {now(f'c{i}.{r.template}.{o}.who')} id{j})",
                    ]
                )
                listed = disj(
                    conj([equals(now(f"{h}.who"), f"id{i}"), equals(now(h), bits(r.first + o, PLACE))]) for h in holds
                )
                out.append(f"(=> {mine} {listed})")
                known.append((r.first + o, mine))
    for h in holds:
        real = disj(conj([mine, equals(now(h), bits(cell, PLACE))]) for cell, mine in known)
        out.append(f"(=> {equals(now(f'{h}.who'), f'id{i}')} {real})")
        for n in range(voc.holds):
            other = f"h{i}.{n}"
            same = conj([equals(now(h), now(other)), equals(now(f"{h}.who"), now(f"{other}.who"))])
            out.append(disj([equals(now(h), bits(EMPTY, PLACE)), neg(same)]))
    return conj([*out, *(_not_written(voc, i, j, n, state) for n in range(voc.reads))])


def _not_written(voc: Vocabulary, i: int, j: int, n: int, state: dict[str, str]) -> str:
    """What goroutine j holds for reading is not held exclusively: not by i, and not if the lock is in i's object."""

    def now(symbol: str) -> str:
        return state.get(symbol, symbol)

    slot, who = now(f"r{j}.{n}"), now(f"r{j}.{n}.who")
    out = []
    for m in range(voc.holds):
        h = f"h{i}.{m}"
        writer = equals(now(h), f"(bvadd {slot} {bits(2, PLACE)})")
        out.append(neg(conj([equals(now(f"{h}.who"), who), neg(f"(lost {who})"), writer])))
    for r in voc.roles:
        for o in range(r.size):
            if voc.cells[r.first + o].kind is Kind.READERS and o + 2 < r.size:
                here = conj(
                    [
                        equals(who, f"id{i}"),
                        equals(slot, bits(r.first + o, PLACE)),
                        f"(= t{i} {bits(r.template, voc.template_bits)})",
                    ]
                )
                out.append(f"(=> {here} (not {now(f'c{i}.{r.template}.{o + 2}')}))")
    return disj([equals(slot, bits(EMPTY, PLACE)), conj(out)])


def related(voc: Vocabulary, i: int, j: int, state: dict[str, str]) -> str:
    """What holds between two goroutines, both ways."""
    return conj([secret(voc, i, j, state), secret(voc, j, i, state), agree(voc, i, j, state), agree(voc, j, i, state)])
