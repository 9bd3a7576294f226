"""What a goroutine does between one slot and the next: the steps of a walk, gathered by the slot they come after."""

from __future__ import annotations

from verifier.golang import syntax as ast
from verifier.gotest.slots import Slots
from verifier.program.program import Call, Kind, Step
from verifier.records import dataclass, field
from verifier.source import Span

Key = tuple[int, tuple[Call, ...]]


@dataclass
class Passage:
    """One time that a goroutine passes a slot: the raw steps in it."""

    goroutine: str
    slot: int
    first: int
    seen: set[int] = field(default_factory=set)
    """Locations it has left: a statement comes back to one only when it is passed anew."""
    rows: list[int] = field(default_factory=list)
    syncs: list[int] = field(default_factory=list)
    nested: bool = False
    called: Span | None = None
    """The call in it that has been made last and has slots of its own."""
    paired: bool = False
    waits: bool = False
    before: float = 0.0
    """Where it begins, if not where its rows are: it waits all through a loop."""
    queues: bool = False
    pick: int = 0
    text: str = ""
    span: Span | None = None


class Passages:
    """The passages of one goroutine, in the order in which it comes to their slots."""

    def __init__(self, name: str, slots: Slots, started: int = 0) -> None:
        self.name = name
        self._started = started
        """The slot of the statement that starts it: what it does there is Go's library, as Done in `wg.Go(f)`."""
        self.passages: list[Passage] = []
        self.behind: set[Span] = set()
        self.slots = slots
        self._open: dict[Key, Passage] = {}

    def step(self, step: Step, row: int, *, ends: bool = False) -> Passage | None:
        """Take a raw step; `row` is 0 for one that only its own goroutine can see. `ends`: nothing comes after it."""
        stack, here = step.stack, self.slots.of(step.span)
        while here and len(stack) > 1 and self.slots.of(stack[-1].called_at) == here:
            # Inside a function of Go's library: the step is one of the statement that calls it.
            stack = stack[:-1]
        for depth in range(1, len(stack)):
            outer = self.slots.of(stack[depth].called_at)
            if outer and not self._deferred(outer):
                key = (outer, stack[:depth])
                passage = self._open.get(key)
                if passage is None or step.src == passage.first:
                    self._new(key, step.src)
                elif self.slots.of(step.span) != outer:
                    passage.nested = passage.nested or bool(passage.rows)
                self._open[key].called = stack[depth].called_at
        slot = self.slots.of(step.span)
        if step.detail == "locks":
            # Wait of a sync.Cond: the lock is taken again in a slot of its own.
            slot = self.slots.relock
        elif (step.detail == "woken" and not ends) or (row and not step.text):
            # Inside Wait of a sync.Cond, or at the end of what a sync.Once calls: nothing that a slot comes before.
            return None
        if not slot or (not row and self._deferred(slot)) or (slot == self._started and step.spawn is None):
            return None
        key = (slot, stack)
        passage = self._open.get(key)
        called = passage.called if passage is not None else None
        if row and passage is not None and step.src not in passage.seen and called is not None:
            # The statement goes on after a call that has slots of its own.
            behind = self.slots.behind(called)
            if behind:
                passage.seen.add(step.src)
                key = (behind, stack)
                passage = self._open.get(key)
            else:
                self.behind.add(called)
        writes = self.slots.writes.get(slot, 0)
        second = any(a.write for a in step.accesses)
        if writes and isinstance(self.slots.place(writes).node, ast.Return):
            # Of `return *f()` it is what comes after the first step that others can see.
            second = passage is not None and bool(passage.rows)
        if row and writes and second:
            if passage is not None:
                passage.seen.add(step.src)
            key = (writes, stack)
            passage = self._open.get(key)
        if passage is None or step.src == passage.first or (step.src in passage.seen and self._anew(passage)):
            passage = self._new(key, step.src)
        passage.seen.add(step.src)
        if row:
            passage.rows.append(row)
            passage.text, passage.span = passage.text or step.text, passage.span or step.span
            passage.queues = passage.queues or step.detail == "queues"
            passage.pick = passage.pick or self.slots.case(slot, step)
            if step.kind is Kind.SYNC:
                passage.syncs.append(row)
        return passage

    def call(self, slot: int, text: str, row: int) -> None:
        """A client begins a call: nothing of the one before goes on."""
        self._open.clear()
        made = self._new((slot, ()), 0)
        made.rows.append(row)
        made.text = text

    def _anew(self, passage: Passage) -> bool:
        """Whether a passage that comes back to a location is over: a call in it may have a loop of its own."""
        loops = passage.slot <= len(self.slots.held) and bool(self.slots.held[passage.slot - 1].spots)
        return passage.called is None or loops

    def _deferred(self, slot: int) -> bool:
        return slot <= len(self.slots.held) and self.slots.held[slot - 1].kind == "deferred"

    def _new(self, key: Key, source: int) -> Passage:
        made = Passage(self.name, key[0], source)
        self.passages.append(made)
        self._open[key] = made
        return made
