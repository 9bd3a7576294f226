"""Memory of a compiled search: reserved at once, taken page by page as states are found."""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Sequence
from contextlib import suppress
from typing import overload

_HUGE = 1 << 21
_IDS = (1 << 32) - 2
"""Numbers of states are kept in 32 bits."""


class Buffer:
    """Zeroed memory outside Python's heap; pages nobody has touched take no room."""

    def __init__(self, size: int) -> None:
        """Raises MemoryError."""
        self.size = size = max(size, mmap.PAGESIZE)
        try:
            if hasattr(mmap, "MAP_PRIVATE"):
                self._map = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            else:
                self._map = mmap.mmap(-1, size)
        except (OSError, ValueError, OverflowError) as error:
            raise MemoryError(f"{size:,} bytes") from error
        if size >= _HUGE and hasattr(mmap, "MADV_HUGEPAGE"):
            # A kernel built without huge pages refuses the advice.
            with suppress(OSError):
                self._map.madvise(mmap.MADV_HUGEPAGE)
        self.bytes = memoryview(self._map)
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self._map))


def reserved(size: int, least: int) -> Buffer:
    """A buffer of `size` bytes, or as much as the system promises. Raises MemoryError below `least`."""
    while True:
        try:
            return Buffer(size)
        except MemoryError:
            if size <= least:
                raise
            size = max(size // 2, least)


class Stores:
    """What is kept of every state: its words, the number of the state it came from, and the step taken."""

    def __init__(self, words: int, choice: int, most: int) -> None:
        """Room for up to `most` states, less if the system does not promise that much. `choice`: bytes of a step."""
        self._words = words
        self.each = 8 * words + 4 + choice
        self._choice = choice
        most = min(most, _IDS)
        while True:
            try:
                self.states = Buffer(8 * words * most)
                self.parents = Buffer(4 * most)
                self.choices = Buffer(choice * most)
                break
            except MemoryError:
                if most < 1 << 16:
                    raise
                most //= 2
        self.capacity = most

    def put_first(self, state: int) -> None:
        """Store state 0."""
        self.states.bytes[: 8 * self._words] = state.to_bytes(8 * self._words, "little")

    def state(self, n: int) -> int:
        """State number n as one integer."""
        size = 8 * self._words
        return int.from_bytes(self.states.bytes[n * size : (n + 1) * size], "little")

    def link(self, n: int, width: int) -> int:
        """Parent of state n times `width`, plus the step."""
        parent = int.from_bytes(self.parents.bytes[4 * n : 4 * n + 4], "little")
        size = self._choice
        return parent * width + int.from_bytes(self.choices.bytes[size * n : size * n + size], "little")


class States(Sequence[int]):
    """The states found, as a sequence of integers made when they are asked for."""

    def __init__(self, stores: Stores, count: int) -> None:
        self._stores = stores
        self._count = count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, n: int) -> int: ...

    @overload
    def __getitem__(self, n: slice) -> list[int]: ...

    def __getitem__(self, n: int | slice) -> int | list[int]:
        if isinstance(n, slice):
            return [self._stores.state(k) for k in range(*n.indices(self._count))]
        if not -self._count <= n < self._count:
            raise IndexError(n)
        return self._stores.state(n % self._count)


class Links(States):
    """How the states were reached, as in `Store.links`."""

    def __init__(self, stores: Stores, count: int, width: int) -> None:
        super().__init__(stores, count)
        self._width = width

    @overload
    def __getitem__(self, n: int) -> int: ...

    @overload
    def __getitem__(self, n: slice) -> list[int]: ...

    def __getitem__(self, n: int | slice) -> int | list[int]:
        if isinstance(n, slice):
            return [self._stores.link(k, self._width) for k in range(*n.indices(self._count))]
        if not -self._count <= n < self._count:
            raise IndexError(n)
        return self._stores.link(n % self._count, self._width)
