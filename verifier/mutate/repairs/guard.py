"""Guarding statements with a mutex, one that the model has or a new one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from verifier.golang import syntax as ast
from verifier.golang.types import Pointer, Primitive, Struct, Var, underlying
from verifier.mutate.edit import Edit, Subject
from verifier.mutate.files import Change, NoPlace
from verifier.mutate.place import Stretch, joined, names, stretch
from verifier.mutate.scan import Called, called, every, inside, method, sections, statements
from verifier.mutate.trouble import Touch, Trouble
from verifier.records import dataclass

_LOCKS = ("sync.Mutex", "sync.RWMutex")
SECOND = 4
"""What a second mutex counts for, in lines: two locks where one would do are no good advice."""
_NEW = ("mu", "mutex", "guard", "extraLock")


@dataclass(frozen=True, slots=True)
class Mutex:
    """A mutex by the Go text that denotes it; `shared`: it can be locked for reading. `new`: it is to be declared."""

    text: str
    shared: bool
    new: bool = False
    weight: int = 0
    """As of edits: a name that reads worse than others for the same mutex counts for more."""


def guarded(subject: Subject, trouble: Trouble) -> Iterator[Edit]:
    """Statements that touch what goes wrong, each guarded; then from the first to the last one of a function."""
    for mutex in mutexes(subject):
        # One at a time too: the others may be under the same mutex by another name.
        for touches in dict.fromkeys((*((t,) for t in trouble.shown), trouble.shown, trouble.all)):
            yield from _made(subject, mutex, touches, together=False)
        yield from _made(subject, mutex, trouble.all, together=True)


def serialised(subject: Subject, trouble: Trouble) -> Iterator[Edit]:
    """Functions in which goroutines hang, run by one goroutine at a time."""
    touches = tuple(Touch(s, True) for s in trouble.waits)
    for mutex in mutexes(subject):
        if mutex.new:
            yield from _made(subject, mutex, touches, together=True, whole=True)


def whole(subject: Subject, trouble: Trouble) -> Iterator[Edit]:
    """A function under one lock from beginning to end, in place of the times when it held it."""
    spans = [t.span for t in trouble.all] + list(trouble.waits)
    for f in subject.functions:
        if not any(inside(s, f.body.span) for s in spans) or f.body.span.line == f.body.span.end_line:
            continue
        held: dict[str, list[Called]] = {}
        for stmt in statements(f.body):
            found = called(stmt, subject.info)
            if found is not None and found.method in ("Lock", "Unlock", "RLock", "RUnlock"):
                held.setdefault(found.on, []).append(found)
        for on, calls in held.items():
            try:
                gone = [subject.files.remove(c.stmt.span) for c in calls]
                first = subject.files.before(f.body.stmts[0].span, f"{on}.Lock()", f"defer {on}.Unlock()")
            except NoPlace:
                continue
            span = calls[0].stmt.span
            yield Edit("whole", f"hold {on} from the beginning to the end of {f.name}", on, span, (first, *gone))


def mutexes(subject: Subject) -> list[Mutex]:
    """The mutexes that the text of the model can name, and a new one."""
    found: dict[str, Mutex] = {}
    for variables, _ in subject.front.package.variables:
        for v in variables:
            if isinstance(v.type, Primitive) and v.type.name in _LOCKS:
                found[v.name] = Mutex(v.name, v.type.name == "sync.RWMutex")
    for f in subject.functions:
        for x in every(f.body):
            used = method(x, subject.info)
            if used is not None and used[0] in _LOCKS:
                text = subject.files.slice(used[2].span)
                found.setdefault(text, Mutex(text, used[0] == "sync.RWMutex"))
    for owner in _owners(subject):
        for text, name in _fields(owner):
            found.setdefault(text, Mutex(text, name == "sync.RWMutex", weight=1 if owner.package else 0))
    taken = {n for f in subject.functions for n in names(f.body)} | set(found)
    fresh = next((n for n in _NEW if n not in taken), "")
    return [*found.values(), *([Mutex(fresh, False, True)] if fresh else [])]


def _owners(subject: Subject) -> Iterator[Var]:
    """Variables whose fields can be named: those of the package, and receivers."""
    for variables, _ in subject.front.package.variables:
        yield from variables
    for f in subject.front.package.functions:
        if f.recv is not None and f.recv.name and subject.files.holds(f.decl.span):
            yield f.recv


def _fields(owner: Var) -> Iterator[tuple[str, str]]:
    """The mutexes among the fields of a struct, or of what a pointer leads to: as text, with their type."""
    of = owner.type.elem if isinstance(owner.type, Pointer) else owner.type
    struct = underlying(of)
    for field in struct.fields if isinstance(struct, Struct) else ():
        if isinstance(field.type, Primitive) and field.type.name in _LOCKS:
            yield owner.name if field.embedded else f"{owner.name}.{field.name}", field.type.name


def _made(
    subject: Subject, mutex: Mutex, touches: Sequence[Touch], together: bool, whole: bool = False
) -> Iterator[Edit]:
    places = [(t, s) for t in touches if (s := stretch(t.span, subject.functions)) is not None]
    open_ = [(t, s) for t, s in places if mutex.new or not _under(subject, s, mutex)]
    if not open_:
        return
    parts = _stretches([s for _, s in open_], together, whole)
    try:
        changes = [c for s in parts for c in _around(subject, mutex, s, _reads_only(s, open_))]
        if mutex.new:
            changes.insert(0, subject.files.declared(f"var {mutex.text} sync.Mutex"))
    except NoPlace:
        return
    said = _lines(parts)
    name = f"a new mutex, {mutex.text}" if mutex.new else mutex.text
    span = parts[0].stmts[0].span
    weight = SECOND if mutex.new and len(mutexes(subject)) > 1 else mutex.weight
    what = f"guard {said} with {name}"
    yield Edit("guard", what, subject.words(span), span, tuple(changes), weight=weight)


def _lines(parts: Sequence[Stretch]) -> str:
    """`line 4`, `lines 4 to 7 and 12`."""
    ends = [(s.stmts[0].span.line, s.stmts[-1].span.end_line or s.stmts[-1].span.line) for s in parts]
    said = [str(a) if a == b else f"{a} to {b}" for a, b in sorted(set(ends))]
    one = len(said) == 1 and ends[0][0] == ends[0][1]
    return f"{'line' if one else 'lines'} {' and '.join(filter(None, [', '.join(said[:-1]), said[-1]]))}"


def _stretches(parts: Sequence[Stretch], together: bool, whole: bool) -> list[Stretch]:
    """Stretches without what is in another one, neighbours as one; `together`: one for each function."""
    if together:
        groups: dict[int, list[Stretch]] = {}
        for p in parts:
            groups.setdefault(id(p.function.body), []).append(p)
        made = [joined(g) for g in groups.values()]
        found = [s for s in made if s is not None]
        return [Stretch(s.function, s.list, 0, len(s.list) - 1) for s in found] if whole else found
    ordered = sorted(parts, key=lambda p: (p.stmts[0].span.file, p.stmts[0].span.line, p.stmts[0].span.column))
    out: list[Stretch] = []
    for p in ordered:
        if any(inside(p.stmts[0].span, s.span) for o in out for s in o.stmts):
            continue
        last = out[-1] if out else None
        if last is not None and last.list is p.list and last.last + 1 >= p.first:
            out[-1] = Stretch(last.function, last.list, last.first, max(last.last, p.last))
        else:
            out.append(p)
    return out


def _under(subject: Subject, s: Stretch, mutex: Mutex) -> bool:
    """Whether a stretch is in a section of the mutex already."""
    for section in sections(s.function, subject.info):
        here = subject.files.slice(_receiver(section.lock).span)
        if here == mutex.text and any(inside(s.stmts[0].span, x.span) for x in section.inside):
            return True
    return False


def _receiver(lock: Called) -> ast.Expr:
    assert isinstance(lock.call.fun, ast.Selector)
    return lock.call.fun.x


def _reads_only(s: Stretch, touches: Sequence[tuple[Touch, Stretch]]) -> bool:
    return not any(t.write for t, _ in touches if any(inside(t.span, x.span) for x in s.stmts))


def _around(subject: Subject, mutex: Mutex, s: Stretch, reads: bool) -> list[Change]:
    r = "R" if reads and mutex.shared else ""
    lock, unlock = f"{mutex.text}.{r}Lock()", f"{mutex.text}.{r}Unlock()"
    first, last = s.stmts[0].span, s.stmts[-1].span
    if s.leaves:
        return [subject.files.before(first, lock, f"defer {unlock}")]
    return [subject.files.before(first, lock), subject.files.after(last, unlock)]
