"""Pools in compiled code: what `pools.Pools` does to a state, on the words of a state in memory."""

from __future__ import annotations

from collections.abc import Callable

from verifier.explore.kernel.emit import Constants, Function, Value, Variable
from verifier.explore.kernel.words import Unsupported, signed
from verifier.explore.machine import Machine
from verifier.explore.pools import Pointer, Pool, Pools
from verifier.program.layout import WORD

_MOST = 16
"""Bits of a pointer at most: tables have an entry for every number it can hold."""

ONES = (1 << WORD) - 1


class PoolCode:
    """Emits `settle(s)`, which renumbers the blocks of a state, and `begun(s, out)`, for comparing goroutines."""

    def __init__(self, machine: Machine, constants: Constants) -> None:
        self._pools = Pools(machine)
        self._words = machine.layout.words
        self._constants = constants
        self._count = len(self._pools.pool_of)
        pointers = [*self._pools.shared, *self._pools.private, *(p for pool in self._pools.pools for p in pool.inner)]
        if any(p.width > _MOST for p in pointers):
            raise Unsupported("references to very many places")

    def source(self, *, compared: bool) -> str:
        """The text of all functions; `begun` only if goroutines are `compared`."""
        shared, private = self._pools.shared, self._pools.private
        parts = [self._look(), self._reach("reachall", (*shared, *private)), self._settle()]
        if compared:
            parts += [self._reach("reachshared", shared), self._begun()]
        return "\n".join(parts)

    def _look(self) -> str:
        """`look(b, number, found, taken, n)`: enter block b, if it is one and new; how many have been found then."""
        f = Function("look", [("b", "i64"), ("number", "ptr"), ("found", "ptr"), ("taken", "ptr"), ("n", "i64")])
        b, number, found, taken, n = f.parameters
        with f.when(b.below(0)):
            f.give(n)
        with f.when(f.load(number, b).at_least(0)):
            f.give(n)
        pool = f.load(self._constants.array(f, self._pools.pool_of), b)
        next_ = f.load(taken, pool)
        f.store(number, b, next_)
        f.store(taken, pool, next_ + 1)
        f.store(found, n, b)
        f.give(n + 1)
        return f.source()

    def _reach(self, name: str, roots: tuple[Pointer, ...]) -> str:
        """`reach…(s, number, taken)`: the new position of every block reached, -1 for the others."""
        f = Function(name, [("s", "ptr"), ("number", "ptr"), ("taken", "ptr")])
        state, number, taken = f.parameters
        found = f.array(max(self._count, 1))
        for b in range(self._count):
            f.store(number, b, -1)
        for which in range(len(self._pools.pools)):
            f.store(taken, which, 0)
        n = f.variable(0)

        def look(p: Pointer, v: Value) -> None:
            n.set(f.call("look", self._block(f, p, v), number, found, taken, n.get()))

        for p in roots:
            look(p, _field(f, state, p))
        done = f.variable(0)
        with f.loop(lambda: done.get().below(n.get())):
            block = f.load(found, done.get())
            done.set(done.get() + 1)
            cases: dict[int, Callable[[], None]] = {}
            for which_, pool in enumerate(self._pools.pools):

                def follow(pool: Pool = pool, block: Value = block) -> None:
                    for p in pool.inner:
                        look(p, self._inner(f, state, pool, block, p))

                if pool.inner:
                    cases[which_] = follow
            if cases:
                f.switch(f.load(self._constants.array(f, self._pools.pool_of), block), cases)
        f.give(n.get())
        return f.source()

    def _settle(self) -> str:
        """`settle(s)`: as `Pools.settled`, in place."""
        f = Function("settle", [("s", "ptr")])
        (state,) = f.parameters
        pools = self._pools
        number, taken = f.array(max(self._count, 1)), f.array(max(len(pools.pools), 1))
        f.call("reachall", state, number, taken)
        out = [f.variable(f.load(state, w) & signed(pools.rest >> w * WORD & ONES)) for w in range(self._words)]
        for p in (*pools.shared, *pools.private):
            word, down = divmod(p.shift, WORD)
            out[word].set(out[word].get() | (self._renamed(f, p, _field(f, state, p), number) << down))
        scratch = f.array(self._words)
        for w, variable in enumerate(out):
            f.store(scratch, w, variable.get())
        for pool in pools.pools:
            for b in pool.blocks:
                with f.when(f.load(number, b).at_least(0)):
                    self._move(f, state, scratch, pool, b, number)
            self._free(f, scratch, pool, f.load(taken, pools.pools.index(pool)))
        for w in range(self._words):
            f.store(state, w, f.load(scratch, w))
        f.give(0)
        return f.source()

    def _move(self, f: Function, state: Value, out: Value, pool: Pool, block: int, number: Value) -> None:
        """Put a block where it belongs, with what is in it renamed."""
        word, down = divmod(pool.shifts[self._pools.position[block]], WORD)
        size = max(1, -(-pool.width // WORD))
        inside: list[Variable] = []
        for w in range(size):
            mask = signed(pool.mask >> w * WORD & ONES)
            inside.append(f.variable((f.load(state, word + w) >> (0 if w else down)) & mask))
        for p in pool.inner:
            w, at = divmod(p.shift, WORD)
            v = (inside[w].get() >> at) & p.mask
            new = self._renamed(f, p, v, number)
            inside[w].set(inside[w].get() ^ ((v ^ new) << at))
        to = f.load(number, block)
        shifts = [divmod(s, WORD) for s in pool.shifts]
        target = f.load(self._constants.array(f, [w for w, _ in shifts]), to)
        up = f.load(self._constants.array(f, [s for _, s in shifts]), to)
        for w, value in enumerate(inside):
            at_ = f.address(out, target + w)
            f.store(at_, 0, f.load(at_) | (value.get() << up))

    def _free(self, f: Function, out: Value, pool: Pool, used: Value) -> None:
        """Write what a free block looks like into all that are not used; nothing to do where that is zero."""
        if not pool.free:
            return
        for position, shift in enumerate(pool.shifts):
            with f.when(used.at_most(position)):
                for w in range(max(1, -(-pool.width // WORD))):
                    word, up = divmod(shift + w * WORD, WORD)
                    part = pool.free >> w * WORD & ONES
                    if part:
                        f.store(out, word, f.load(out, word) | signed(part << up))

    def _begun(self) -> str:
        """`begun(s, out)`: as `Pools.begun`, into other words."""
        f = Function("begun", [("s", "ptr"), ("out", "ptr")])
        state, out = f.parameters
        number, taken = f.array(max(self._count, 1)), f.array(max(len(self._pools.pools), 1))
        f.call("reachshared", state, number, taken)
        for w in range(self._words):
            f.store(out, w, f.load(state, w))
        for p in self._pools.private:
            v = _field(f, state, p)
            b = self._block(f, p, v)
            with f.when(b.at_least(0)):
                new = f.variable(p.mask)
                to = f.load(number, b)
                with f.when(to.at_least(0)):
                    new.set(self._entry(f, p, v, to))
                word, down = divmod(p.shift, WORD)
                f.store(out, word, f.load(out, word) ^ ((v ^ new.get()) << down))
        f.give(0)
        return f.source()

    def _renamed(self, f: Function, p: Pointer, v: Value, number: Value) -> Value:
        """What is stored instead of v; v itself where it names no block."""
        new = f.variable(v)
        b = self._block(f, p, v)
        with f.when(b.at_least(0)):
            new.set(self._entry(f, p, v, f.load(number, b)))
        return new.get()

    def _entry(self, f: Function, p: Pointer, v: Value, position: Value) -> Value:
        longest = max(map(len, p.renamed))
        flat = [x for r in p.renamed for x in (*r, *[0] * (longest - len(r)))]
        return f.load(self._constants.array(f, flat), v * longest + position)

    def _block(self, f: Function, p: Pointer, v: Value) -> Value:
        return f.load(self._constants.array(f, p.block), v)

    def _inner(self, f: Function, state: Value, pool: Pool, b: Value, p: Pointer) -> Value:
        """The stored number of a pointer inside block b of a pool."""
        shifts = [0] * self._count
        for block in pool.blocks:
            shifts[block] = pool.shifts[self._pools.position[block]]
        w, at = divmod(p.shift, WORD)
        word = f.load(self._constants.array(f, [s // WORD for s in shifts]), b)
        down = f.load(self._constants.array(f, [s % WORD for s in shifts]), b)
        return (f.load(state, word + w) >> (down + at)) & p.mask


def _field(f: Function, state: Value, p: Pointer) -> Value:
    word, down = divmod(p.shift, WORD)
    return (f.load(state, word) >> down) & p.mask
