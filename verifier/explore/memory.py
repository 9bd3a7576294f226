"""How much memory a search may take when nobody says: most of the machine, so that the system never kills it."""

from __future__ import annotations

import os
from pathlib import Path

_SHARE = 0.7
_UNKNOWN = 4 << 30
"""Taken for the machine's memory where it cannot be found out."""
_GROUPS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""Where Linux says how much a container may use."""


def default_limit() -> int:
    """Bytes: 70 % of the machine's memory, or of what a container allows."""
    return int(_SHARE * min([_machine(), *(limit for limit in map(_limit, _GROUPS) if limit)]))


def _machine() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return _UNKNOWN


def _limit(path: Path) -> int:
    """The number in a file; 0 when there is none."""
    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return 0
    return int(text) if text.isdigit() else 0
