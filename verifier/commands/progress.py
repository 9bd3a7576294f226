"""One line on a terminal that says how far a long exploration is; nothing in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

_EVERY = 0.2
_QUIET = 0.5


class Progress:
    """Call it with (states, transitions, frontier); `erase` when a result is about to be printed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, label: str = "") -> None:
        self.clock = clock
        self.label = label
        self.start = clock()
        self.shown_at = self.start + _QUIET - _EVERY
        self.width = 0

    def __call__(self, states: int, transitions: int, frontier: int) -> None:
        """Draw the line anew when it is time to."""
        now = self.clock()
        if now - self.shown_at < _EVERY:
            return
        self.shown_at = now
        rate = states / max(now - self.start, 1e-9)
        self.show(f"{self.label}{states:,} states  {rate:,.0f} states/s  frontier {frontier:,}")

    def show(self, text: str) -> None:
        """Draw a line of text."""
        sys.stderr.write(f"\r{text:<{self.width}}")
        sys.stderr.flush()
        self.width = max(self.width, len(text))

    def erase(self) -> None:
        """Remove the line."""
        if self.width:
            sys.stderr.write(f"\r{'':<{self.width}}\r")
            sys.stderr.flush()
            self.width = 0


def for_terminal(quiet: bool = False, label: str = "") -> Progress | None:
    """A progress line when standard error is a terminal and nobody asked for silence; a label is shown at once."""
    if quiet or not sys.stderr.isatty():
        return None
    line = Progress(label=label)
    if label:
        line.show(label.rstrip())
    return line
