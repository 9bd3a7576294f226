"""One workload under several protection schemes, as a grid of words: a row a scheme, a column a property."""

from __future__ import annotations

from verifier.evidence.contention import LOST, MILLION, SECTION, WAITS, Contention
from verifier.evidence.counts import counted
from verifier.evidence.result import Property, Result
from verifier.records import dataclass
from verifier.report.matrix import any_number, as_expected, cell
from verifier.report.outcome import Entry, Failed, exit_code, subject
from verifier.verdict import Verdict, combine


@dataclass(frozen=True, slots=True)
class Row:
    """A scheme by name, and what came of the workload under it."""

    scheme: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class Comparison:
    """A workload (its name, title and file) under each of its schemes."""

    workload: str
    title: str
    path: str
    rows: tuple[Row, ...]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What came of every scheme."""
        return tuple(row.entry for row in self.rows)

    @property
    def exit_code(self) -> int:
        """As for several models: the gravest decides."""
        return exit_code(self.entries)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its header, for a clause when that has to hold, and whether it is no property but a figure."""

    name: str
    when: str = ""
    figure: bool = False
    number: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """The matrix in words. Row k is about scheme k; the first cell is its name."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


WAITING = "waits"
LOSING = "lost turns"
HOLDING = "longest section"


def grid(given: Comparison) -> Grid:
    """The matrix. `-`: not asked, or not worked out (then `remarks` says why), never "fine"."""
    properties = columns(given)
    proofs = _proofs(given)
    head = [Column("scheme")]
    head += [Column(name, when="" if kind == name else kind) for kind, name in properties]
    head += [Column("any N", figure=True)] if proofs else []
    waiting = _waiting(given)
    figures = (WAITING, LOSING, HOLDING, "states") if waiting else ("states",)
    head += [Column(name, figure=True, number=True) for name in figures]
    head += [Column("as expected", figure=True)]
    return Grid(tuple(head), tuple(_row(row, properties, proofs, waiting) for row in given.rows))


def columns(given: Comparison) -> tuple[tuple[str, str], ...]:
    """Kind and name of every property somebody was asked for, in the order reports have them."""
    return tuple(dict.fromkeys((p.kind, p.name) for r in _results(given) for p in r.properties))


def _proofs(given: Comparison) -> bool:
    return any(p.any_number for r in _results(given) for p in r.properties)


def _results(given: Comparison) -> list[Result]:
    return [e for e in given.entries if isinstance(e, Result)]


def _waiting(given: Comparison) -> bool:
    return any(r.contention for r in _results(given))


def _row(row: Row, properties: tuple[tuple[str, str], ...], proofs: bool, waiting: bool) -> tuple[str, ...]:
    entry = row.entry
    if isinstance(entry, Failed):
        word = entry.cell
        figures = "----" if waiting else "-"
        return (row.scheme, *(word for _ in properties), *((word,) if proofs else ()), *figures, "not checked")
    cells = [cell([p for p in entry.properties if (p.kind, p.name) == at]) for at in properties]
    proved = (any_number(entry),) if proofs else ()
    expected = "yes" if as_expected(entry) == "yes" else "NO"
    shares = _contention(entry.contention) if waiting else ()
    return (row.scheme, *cells, *proved, *shares, _states(entry), expected)


def _states(entry: Result) -> str:
    return f"{entry.explored.states:,}{'' if entry.explored.complete else '+'}"


def _contention(found: Contention | None) -> tuple[str, str, str]:
    if found is None:
        return "-", "-", "-"
    section = "-" if found.reason else "no lock"
    return share(found.waits), share(found.lost), section if found.section is None else str(found.section)


def share(millionths: int | None) -> str:
    """A share in per cent; `0 %` and `100 %` are exact.

    >>> share(0), share(1), share(272_727), share(999_999), share(None)
    ('0 %', '<1 %', '27 %', '>99 %', '-')
    """
    if millionths is None:
        return "-"
    percent = round(100 * millionths / MILLION)
    if not percent and millionths:
        return "<1 %"
    return ">99 %" if percent == 100 and millionths < MILLION else f"{percent} %"


def legend(given: Comparison) -> tuple[tuple[str, str], ...]:
    """What the headers stand for that do not explain themselves."""
    clauses = [(name, f"{kind}: {_formula(given, kind, name)}") for kind, name in columns(given) if kind != name]
    proofs = (("any N", "race, fatal and panic, for any number of goroutines"),) if _proofs(given) else ()
    if not _waiting(given):
        return (*clauses, *proofs)
    return (
        *clauses,
        *proofs,
        (WAITING, WAITS),
        (LOSING, LOST),
        (HOLDING, SECTION),
    )


def scope(given: Comparison) -> tuple[tuple[str, str], ...]:
    """What was explored, and what a reader must not take the matrix for."""
    results = _results(given)
    if not results:
        return ()
    # A scheme may bring a goroutine of its own.
    fewest = min((r.explored.counts for r in results), key=len)
    counts = ", ".join(counted(n, role) for role, n in fewest)
    whole = all(r.explored.complete for r in results)
    steps = "how fast a scheme is: steps are no times; " if _waiting(given) else ""
    others = "other numbers of goroutines" + (", but where any N says proved" if _proofs(given) else "")
    return (
        ("explored", f"every interleaving of {counts}" if whole else f"{counts}; not every interleaving"),
        ("not shown", f"{others}; {steps}that your Go code is this workload"),
    )


def _formula(given: Comparison, kind: str, name: str) -> str:
    found = (p.formula for r in _results(given) for p in r.properties if (p.kind, p.name) == (kind, name))
    return next(found, "")


def remarks(given: Comparison) -> tuple[tuple[str, str], ...]:
    """For a scheme what the matrix cannot say: what is not finished and why, errors, figures that are missing."""
    said = [(row.scheme, words) for row in given.rows for words in _remarks(row.entry)]
    many = len(given.rows)
    common = [words for words in dict.fromkeys(w for _, w in said) if many > 1 and _times(said, words) == many]
    alone = [(scheme, words) for scheme, words in said if words not in common]
    return (*alone, *(("every scheme", words) for words in common))


def _times(said: list[tuple[str, str]], words: str) -> int:
    return sum(w == words for _, w in said)


def _remarks(entry: Entry) -> list[str]:
    if isinstance(entry, Failed):
        return [entry.first]
    out = _open(entry)
    proof = entry.any_number
    if proof is not None and proof.verdict is not Verdict.SAFE:
        out.append(f"any N not shown: {proof.reason or 'no reason given'}")
    if entry.contention is not None and entry.contention.reason:
        out.append(f"{WAITING} and {HOLDING} not worked out: {entry.contention.reason}")
    return out


def _open(entry: Result) -> list[str]:
    """What is not decided and why, properties with one reason together."""
    reasons: dict[str, list[str]] = {}
    for p in entry.properties:
        if p.verdict in (Verdict.UNKNOWN, Verdict.ERROR):
            what = "not finished" if p.verdict is Verdict.UNKNOWN else "the evidence failed its audit"
            reasons.setdefault(f"{what}: {p.reason or 'no reason given'}", []).append(subject(p))
    return [f"{', '.join(names)} {why}" for why, names in reasons.items()]


def shortest(entry: Entry) -> Property | None:
    """The refuted property with the shortest schedule; None where nothing is refuted by a schedule."""
    if isinstance(entry, Failed):
        return None
    failing = [p for p in entry.properties if p.verdict is Verdict.UNSAFE and p.trace is not None]
    return min(failing, key=lambda p: p.steps, default=None)


_GROUPS = {
    Verdict.SAFE: "everything holds under",
    Verdict.UNSAFE: "something fails under",
    Verdict.UNKNOWN: "not decided under",
    Verdict.ERROR: "in error under",
}


def conclusion(given: Comparison) -> tuple[str, ...]:
    """Which schemes stand, which fall, which are open: one line each."""
    found = [(_verdict(row.entry), row.scheme) for row in given.rows]
    lines = []
    for verdict, words in _GROUPS.items():
        schemes = [scheme for v, scheme in found if v is verdict]
        if schemes:
            lines.append(f"{words} {', '.join(schemes)}")
    return tuple(lines)


def _verdict(entry: Entry) -> Verdict:
    if isinstance(entry, Failed):
        return entry.verdict
    return combine(p.verdict for p in entry.properties)
