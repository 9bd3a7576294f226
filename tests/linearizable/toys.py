"""Small Go types made at random: maps over a few atomic words or under a mutex, many with one mistake."""

from __future__ import annotations

import random

HEAD = """model: toy
declare: |
  type Key int
  type Value int
  type Map struct {{
    mu sync.Mutex
    v [{keys}]atomic.Int64
    n [{keys}]int64
  }}
{methods}
linearizable:
  {{type: Map, keys: {keys}, values: {values}, goroutines: {goroutines}, calls: {calls}, operations: [{names}]}}
bounds: {{int: [0, 3]}}
"""

ATOMIC = {
    "Load": (
        "(k Key) (Value, bool)",
        "x := m.v[k].Load()\n    return Value(x), x != 0",
    ),
    "Store": ("(k Key, v Value)", "m.v[k].Store(int64(v))"),
    "Swap": ("(k Key, v Value) (Value, bool)", "x := m.v[k].Swap(int64(v))\n    return Value(x), x != 0"),
    "LoadAndDelete": ("(k Key) (Value, bool)", "x := m.v[k].Swap(0)\n    return Value(x), x != 0"),
    "Delete": ("(k Key)", "m.v[k].Store(0)"),
    "LoadOrStore": (
        "(k Key, v Value) (Value, bool)",
        """for {
      x := m.v[k].Load()
      if x != 0 {
        return Value(x), true
      }
      if m.v[k].CompareAndSwap(0, int64(v)) {
        return v, false
      }
    }""",
    ),
    "CompareAndSwap": ("(k Key, old, new Value) bool", "return m.v[k].CompareAndSwap(int64(old), int64(new))"),
    "CompareAndDelete": ("(k Key, old Value) bool", "return m.v[k].CompareAndSwap(int64(old), 0)"),
}
"""Signature and body of each method, over atomic words: right ones."""

WRONG = {
    "Load": [
        "if m.v[k].Load() == 0 {\n      return 0, false\n    }\n    return Value(m.v[k].Load()), true",
        "x := m.v[0].Load()\n    return Value(x), x != 0",
        "m.v[k].Load()\n    x := m.v[k].Load()\n    return Value(x), x != 0",
    ],
    "Store": [
        "m.v[k].Store(0)\n    m.v[k].Store(int64(v))",
        "if m.v[k].Load() == 0 {\n      m.v[k].Store(int64(v))\n    }",
        "m.v[k].CompareAndSwap(m.v[k].Load(), int64(v))",
    ],
    "Swap": ["x := m.v[k].Load()\n    m.v[k].Store(int64(v))\n    return Value(x), x != 0"],
    "LoadAndDelete": [
        "x := m.v[k].Load()\n    m.v[k].Store(0)\n    return Value(x), x != 0",
        "x := m.v[k].Load()\n    m.v[k].CompareAndSwap(x, 0)\n    return Value(x), x != 0",
    ],
    "Delete": ["x := m.v[k].Load()\n    m.v[k].CompareAndSwap(x, 0)", "m.v[0].Store(0)"],
    "LoadOrStore": [
        """x := m.v[k].Load()
    if x != 0 {
      return Value(x), true
    }
    m.v[k].Store(int64(v))
    return v, false""",
        """x := m.v[k].Load()
    if x == 0 {
      m.v[k].CompareAndSwap(0, int64(v))
      return v, false
    }
    return Value(x), true""",
        """if m.v[k].CompareAndSwap(0, int64(v)) {
      return v, false
    }
    x := m.v[k].Load()
    return Value(x), true""",
    ],
    "CompareAndSwap": [
        """if m.v[k].Load() != int64(old) {
      return false
    }
    m.v[k].Store(int64(new))
    return true""",
    ],
    "CompareAndDelete": [
        """if m.v[k].Load() != int64(old) {
      return false
    }
    m.v[k].Store(0)
    return true""",
    ],
}
"""Bodies that are wrong for some clients, some of them for one alone; one or two of them happen to be right."""

LOCKED = {
    "Load": "x := m.n[k]\n    UNLOCK\n    return Value(x), x != 0",
    "Store": "m.n[k] = int64(v)\n    UNLOCK",
    "Swap": "x := m.n[k]\n    GAP\n    m.n[k] = int64(v)\n    UNLOCK\n    return Value(x), x != 0",
    "LoadAndDelete": "x := m.n[k]\n    GAP\n    m.n[k] = 0\n    UNLOCK\n    return Value(x), x != 0",
    "Delete": "m.n[k] = 0\n    UNLOCK",
    "LoadOrStore": """x := m.n[k]
    if x != 0 {
      UNLOCK
      return Value(x), true
    }
    GAP
    m.n[k] = int64(v)
    UNLOCK
    return v, false""",
    "CompareAndSwap": """if m.n[k] != int64(old) {
      UNLOCK
      return false
    }
    GAP
    m.n[k] = int64(new)
    UNLOCK
    return true""",
}
"""Bodies under a mutex; in a wrong one it is let go in the gap."""


def toy(rng: random.Random, goroutines: int, calls: int) -> tuple[str, str]:
    """The text of a model whose clients are of that many goroutines and calls, and the method that may be wrong."""
    locked = rng.random() < 0.3
    keys = rng.choice((1, 1, 2))
    known = LOCKED if locked else ATOMIC
    writes = [n for n in known if n in ("Store", "Swap", "LoadOrStore")]
    names = list(dict.fromkeys([rng.choice(writes), "Load", *rng.sample(list(known), 2)]))
    wrong = rng.choice(names) if rng.random() < 0.7 else ""
    methods = []
    for name in names:
        signature, body = ATOMIC[name]
        if locked:
            gap = "m.mu.Unlock()\n    m.mu.Lock()" if name == wrong else ""
            body = "m.mu.Lock()\n    " + LOCKED[name].replace("UNLOCK", "m.mu.Unlock()").replace(
                "    GAP\n", gap and f"    {gap}\n"
            )
        elif name == wrong:
            body = rng.choice(WRONG[name])
        methods.append(f"  func (m *Map) {name}{signature} {{\n    {body}\n  }}")
    text = HEAD.format(
        keys=keys,
        values=rng.choice((1, 2, 2)),
        methods="\n".join(methods),
        goroutines=goroutines,
        calls=calls,
        names=", ".join(names),
    )
    if keys == 1 and rng.random() < 0.5:
        # A word by itself is read without an index to look at.
        text = text.replace("v [1]atomic.Int64", "v atomic.Int64").replace("m.v[k]", "m.v").replace("m.v[0]", "m.v")
    return text, wrong
