"""The built-in map, and what the runtime does to it where goroutines race; sync.Map."""

from __future__ import annotations

from verifier.model.document import Bounds

from ..case import case

M = "var m = map[string]int{}"
AB = 'var m = map[string]int{"a": 1, "b": 2}'

LUCK = "two goroutines would have to be inside the map for the same few nanoseconds"
DIES: dict[str, str] = {"fatal error: *": LUCK}
HEADER: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    ("assigns", 'm["a"] = 1', 'm["b"] = 2', DIES),
    ("assign-lookup", 'm["a"] = 1', '_ = m["b"]', DIES),
    ("assign-len", 'm["a"] = 1', "_ = len(m)", {}),
    ("assign-range", 'm["a"] = 1', "for range m {\n}", DIES),
    ("delete-lookup", 'delete(m, "c")', '_ = m["a"]', DIES),
    ("clear-len", "clear(m)", "_ = len(m)", {}),
    ("lookups", '_ = m["a"]', '_ = m["a"]', {}),
    ("reads", "for range m {\n}", '_ = len(m)\n_ = m["a"]', {}),
)


MAP = (
    *(
        case("gomap.header", f"map-{name}", AB, a, b, lowering="runtime", tight=True, rare=rare)
        for name, a, b, rare in HEADER
    ),
    case("gomap.nil-assign", "map-nil-assign", "var m map[string]int", 'm["a"] = 1'),
    case(
        "gomap.nil-assign",
        "map-nil-assign-recovered",
        "var m map[string]int\nvar got bool",
        'func() {\n  defer func() {\n    got = recover() != nil\n  }()\n  m["a"] = 1\n}()',
        shows="got",
    ),
    case(
        "gomap.nil",
        "map-nil",
        "var m map[string]int\nvar n, v, rounds int\nvar ok bool",
        'n = len(m)\nv, ok = m["a"]\ndelete(m, "a")\nclear(m)\nfor range m {\n  rounds++\n}',
        shows="n v ok rounds",
    ),
    case(
        "gomap.entries",
        "map-entries",
        f"{M}\nvar n, a, b, c int\nvar ok bool",
        'm["a"] = 1\nm["b"] = 2\nm["a"] = 3\ndelete(m, "b")\nn = len(m)\na = m["a"]\nb, ok = m["b"]\n'
        "clear(m)\nc = len(m)",
        shows="n a b ok c",
    ),
    case(
        "gomap.range",
        "map-range",
        f"{AB}\nvar first, sum, n int",
        "for _, v := range m {\n  if n == 0 {\n    first = v\n  }\n  n++\n  sum += v\n}",
        shows="first sum n",
    ),
    case(
        "gomap.range-delete",
        "map-range-delete",
        f"{AB}\nvar n int",
        'for k := range m {\n  n++\n  if k == "a" {\n    delete(m, "b")\n  } else {\n    delete(m, "a")\n  }\n}',
        shows="n",
    ),
    case(
        "gomap.range-insert",
        "map-range-insert",
        'var m = map[string]int{"a": 1}\nvar n int',
        'for range m {\n  n++\n  m["b"] = 2\n}',
        shows="n",
    ),
)

TWO = Bounds(keys=2)
"""Integer keys: a string is stored in two words, and what a reader between them makes of it is not modelled."""

PAIR = "var x, y int\nvar m = map[int]*int{1: &y}"

SWISS = (
    case(
        "swiss.flag",
        "map-two-writers",
        "var m = map[string]int{}\nvar done atomic.Int32\nvar n int\nvar a, b bool",
        'm["a"] = 1\nif done.Add(1) == 2 {\n  n = len(m)\n  _, a = m["a"]\n  _, b = m["b"]\n}',
        'm["b"] = 2\nif done.Add(1) == 2 {\n  n = len(m)\n  _, a = m["a"]\n  _, b = m["b"]\n}',
        shows="n a b",
        lowering="runtime",
        tight=True,
        repeat=10000,
        rare={"end n=1*": LUCK, "end n=2 a=false*": LUCK, "end n=2 a=true b=false": LUCK, "*read and map write": LUCK},
    ),
    case(
        "swiss.value-outside",
        "map-nil-value",
        f"{PAIR}\nvar isnil bool",
        "m[0] = &x",
        "for { v, ok := m[0]; if ok { isnil = v == nil; break } }",
        shows="isnil",
        lowering="runtime",
        bounds=TWO,
        tight=True,
        rare={"end isnil=true": LUCK, "fatal*": LUCK},
    ),
    case(
        "swiss.value-outside",
        "map-nil-value-of-string",
        'var x, y int\nvar m = map[string]*int{"b": &y}\nvar isnil bool',
        'm["a"] = &x',
        'for { v, ok := m["a"]; if ok { isnil = v == nil; break } }',
        shows="isnil",
        lowering="runtime",
        tight=True,
        rare={"end isnil=true": LUCK, "fatal*": LUCK},
        unmodelled={
            "panic: runtime error: invalid memory*": "a string key is stored in two words, a reader may see one"
        },
    ),
    case(
        "swiss.lookup",
        "map-reader-writer",
        "var m = map[int]int{1: 2}\nvar got int",
        "m[0] = 1; m[0] = 2; m[0] = 3",
        "for i := 0; i < 4; i++ { got = m[1] }",
        shows="got",
        lowering="runtime",
        bounds=TWO,
        tight=True,
        repeat=10000,
    ),
    case(
        "swiss.empty",
        "map-empty-readers",
        "var m = map[int]int{}\nvar ok bool",
        "delete(m, 0)\ndelete(m, 1)",
        "_, ok = m[0]\ndelete(m, 0)\n_, ok = m[1]",
        shows="ok",
        lowering="runtime",
        bounds=TWO,
        tight=True,
    ),
    case(
        "swiss.delete",
        "map-two-deletes",
        "var m = map[int]int{0: 1, 1: 2}\nvar done atomic.Int32\nvar n int",
        "delete(m, 0)\nif done.Add(1) == 2 {\n  n = len(m)\n}",
        "delete(m, 1)\nif done.Add(1) == 2 {\n  n = len(m)\n}",
        shows="n",
        lowering="runtime",
        bounds=TWO,
        tight=True,
        repeat=10000,
        rare={"end n=1": LUCK},
    ),
    case(
        "swiss.len",
        "map-len-beside-writers",
        "var m = map[int]int{}\nvar n int",
        "m[0] = 1\ndelete(m, 0)\nm[1] = 1",
        "n = len(m)\nn = len(m)",
        shows="n",
        lowering="runtime",
        bounds=TWO,
        tight=True,
    ),
    case(
        "swiss.range",
        "map-range-beside-a-writer",
        "var m = map[int]int{0: 1, 1: 2}\nvar n int",
        "m[0] = 3",
        "for range m {\n  n++\n}",
        shows="n",
        lowering="runtime",
        bounds=TWO,
        tight=True,
        repeat=10000,
    ),
    case(
        "swiss.assign",
        "map-writers-of-one-key",
        "var m = map[int]int{}\nvar done atomic.Int32\nvar n, v int",
        "m[0] = 1\nif done.Add(1) == 2 {\n  n = len(m)\n  v = m[0]\n}",
        "m[0] = 2\nif done.Add(1) == 2 {\n  n = len(m)\n  v = m[0]\n}",
        shows="n v",
        lowering="runtime",
        bounds=TWO,
        tight=True,
        repeat=10000,
        rare={"end n=2*": LUCK, "*read and map write": LUCK},
    ),
)

SM = "var m sync.Map"

SYNCMAP = (
    case(
        "syncmap.atomic",
        "syncmap-one-key",
        f"{SM}\nvar a, b bool",
        'm.Store("a", 1)\n_, a = m.Load("a")',
        'm.Delete("a")\n_, b = m.Load("a")',
        shows="a b",
    ),
    case(
        "syncmap.atomic",
        "syncmap-two-keys",
        f"{SM}\nvar a, b bool",
        'm.Store("a", 1)\nm.Store("b", 1)',
        '_, b = m.Load("b")\n_, a = m.Load("a")',
        shows="a b",
    ),
    case(
        "syncmap.order",
        "syncmap-publishes",
        f"{SM}\nvar n, got int",
        'n = 1\nm.Store("a", 1)',
        'if _, ok := m.Load("a"); ok {\n  got = n\n}',
        shows="got",
    ),
    case(
        "syncmap.order",
        "syncmap-pointee",
        f"type T struct{{ f int }}\n{SM}\nvar x T",
        'm.Store("a", &x)\nx.f = 1',
        'if v, ok := m.Load("a"); ok {\n  v.(*T).f = 2\n}',
    ),
    case(
        "syncmap.load-or-store",
        "syncmap-load-or-store",
        f"{SM}\nvar a, b int\nvar p, q bool",
        'v, loaded := m.LoadOrStore("a", 1)\na = v.(int)\np = loaded',
        'v, loaded := m.LoadOrStore("a", 2)\nb = v.(int)\nq = loaded',
        shows="a p b q",
    ),
    case(
        "syncmap.load-or-store",
        "syncmap-evaluates",
        f"{SM}\nvar calls int",
        'f := func() int {\n  calls++\n  return calls\n}\nm.LoadOrStore("a", f())\nm.LoadOrStore("a", f())',
        shows="calls",
    ),
    case(
        "syncmap.load-and-delete",
        "syncmap-load-and-delete",
        f"{SM}\nvar p, q bool",
        'm.Store("a", 1)\n_, p = m.LoadAndDelete("a")',
        '_, q = m.LoadAndDelete("a")',
        shows="p q",
    ),
    case(
        "syncmap.swap",
        "syncmap-swap",
        f"{SM}\nvar a, b bool",
        'v, ok := m.Swap("a", 1)\na = ok && v == 2',
        'v, ok := m.Swap("a", 2)\nb = ok && v == 1',
        shows="a b",
    ),
    case(
        "syncmap.cas",
        "syncmap-cas",
        f"{SM}\nvar none, a, b bool",
        'none = m.CompareAndSwap("b", nil, 1)\nm.Store("a", 1)\na = m.CompareAndSwap("a", 1, 2)',
        'b = m.CompareAndSwap("a", 1, 3)',
        shows="none a b",
    ),
    case(
        "syncmap.cad",
        "syncmap-cad",
        f"{SM}\nvar none, a, b bool",
        'none = m.CompareAndDelete("b", nil)\nm.Store("a", 1)\na = m.CompareAndDelete("a", 1)',
        'b = m.CompareAndDelete("a", 1)',
        shows="none a b",
    ),
    case(
        "syncmap.clear",
        "syncmap-clear",
        f"{SM}\nvar a, b bool",
        'm.Store("a", 1)\nm.Store("b", 1)\n_, a = m.Load("a")\n_, b = m.Load("b")',
        "m.Clear()",
        shows="a b",
    ),
    case(
        "syncmap.range",
        "syncmap-range",
        f"{SM}\nvar n, first int",
        'm.Store("a", 1)\nm.Store("b", 2)\nm.Range(func(k, v any) bool {\n  if n == 0 {\n    first = v.(int)\n  }\n'
        "  n++\n  return true\n})",
        shows="n first",
    ),
    case(
        "syncmap.range",
        "syncmap-range-no-snapshot",
        f"{SM}\nvar a, b bool",
        'm.Store("c", 0)\nm.Range(func(k, v any) bool {\n  if k == "a" {\n    a = true\n  }\n'
        '  if k == "b" {\n    b = true\n  }\n  return true\n})',
        'm.Store("a", 1)\nm.Store("b", 2)',
        shows="a b",
    ),
)

CASES = (*MAP, *SWISS, *SYNCMAP)
