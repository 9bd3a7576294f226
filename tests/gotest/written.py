"""Small models written into a directory."""

from __future__ import annotations

from pathlib import Path


def model(tmp_path: Path, declare: str, goroutines: str, rest: str = "") -> str:
    path = tmp_path / "m.yaml"
    text = f'model: m\ngo: "1.27"\ndeclare: |\n{_in(declare, 2)}\ngoroutines:\n{_in(goroutines, 2)}\n{rest}'
    path.write_text(text, encoding="utf-8")
    return str(path)


def _in(text: str, depth: int) -> str:
    return "\n".join(" " * depth + row for row in text.strip("\n").split("\n"))


UNCHECKED = """
type Map struct {
  mu sync.Mutex
  m  map[string]int
}
func NewMap() *Map { return &Map{m: map[string]int{}} }
func (m *Map) LoadOrStore(k string, v int) (int, bool) {
  m.mu.Lock()
  old, ok := m.m[k]
  m.mu.Unlock()
  if ok { return old, true }
  m.mu.Lock()
  m.m[k] = v
  m.mu.Unlock()
  return v, false
}"""


CHECKED = UNCHECKED.replace("m.mu.Unlock()\n  if ok", "defer m.mu.Unlock()\n  if ok").replace(
    "  m.mu.Lock()\n  m.m[k] = v\n  m.mu.Unlock()\n", "  m.m[k] = v\n"
)


def clients(tmp_path: Path, declare: str, rest: str = "") -> str:
    path = model(tmp_path, declare, "").replace("goroutines:", "")
    text = Path(path).read_text(encoding="utf-8").replace("goroutines:\n", "linearizable:\n  type: Map\n")
    more = "  keys: 1\n  values: 1\n  goroutines: 2\n  calls: 1\n  operations: [LoadOrStore]\n"
    Path(path).write_text(f"{text.rstrip()}\n{more}{rest}", encoding="utf-8")
    return path
