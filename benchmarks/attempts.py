"""Running tools so that one that is missing or fails is named and does not take the others with it."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.child import ChildFailed
from benchmarks.workload import Run


@dataclass(frozen=True)
class Setting:
    """What was asked for on the command line, and which peers are absent, each with the reason."""

    everything: bool = False
    quick: bool = False
    tlc: str | None = None
    absent: Mapping[str, str] = field(default_factory=dict)

    def repeats(self, usual: int) -> int:
        """How often a cheap measurement is made; the median counts."""
        return 1 if self.quick else usual


class Attempts:
    """Runs of one table: what they gave, and in `wrong` what failed."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.wrong: list[str] = []

    def peer(self, name: str, call: Callable[[Path], tuple[Run, ...]], repeats: int = 1) -> tuple[Run, ...]:
        """What a peer gave, in a folder of its own; nothing when it is absent or fails."""
        if name in self.setting.absent:
            return ()
        return self._runs(name, call, repeats)

    def own(self, call: Callable[[], Run], repeats: int = 1) -> tuple[Run, ...]:
        """What we gave; nothing when we fail."""
        return self._runs("verify", lambda _: (call(),), repeats)

    def _runs(self, name: str, call: Callable[[Path], tuple[Run, ...]], repeats: int) -> tuple[Run, ...]:
        _progress(f"{name} …")
        made: list[tuple[Run, ...]] = []
        try:
            for _ in range(repeats):
                with tempfile.TemporaryDirectory() as folder:
                    made.append(call(Path(folder)))
        except ChildFailed as failed:
            self.wrong.append(f"{name} failed: {' '.join(str(failed).split())[:300]}")
            return ()
        finally:
            _progress("")
        return tuple(median(same) for same in zip(*made, strict=True))

    def agree(self, runs: tuple[Run, ...], what: str, expected: int | None = None) -> None:
        """Note when tools that must count the same do not."""
        counts = {r.states for r in runs} | ({expected} if expected is not None else set())
        if len(counts) > 1:
            told = ", ".join(f"{r.tool} ({r.setting}) {r.states:,}" for r in runs)
            wanted = f"; expected {expected:,}" if expected is not None else ""
            self.wrong.append(f"{what}: counts differ: {told}{wanted}")


def median(runs: tuple[Run, ...]) -> Run:
    """The run in the middle by CPU time: one that happened, not a mixture of several."""
    return sorted(runs, key=lambda r: r.whole)[len(runs) // 2]


def absence(setting: Setting, *peers: str) -> tuple[str, ...]:
    """A note for each of these peers that is missing."""
    return tuple(f"missing: {peer}: {setting.absent[peer]}" for peer in peers if peer in setting.absent)


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()
