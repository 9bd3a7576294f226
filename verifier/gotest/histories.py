"""Tests of `linearizable`: the calls of a history, made by goroutines on the model's own code, and judged in Go.

The schedule is forced inside the methods as everywhere. What the calls gave is not compared with what was predicted:
the test itself looks for an order of them that a sequential map explains, and fails if there is none.
"""

from __future__ import annotations

from verifier.golang.clients import RANGE, Client, declarations
from verifier.golang.parse import parse_package
from verifier.gotest.gofile import quoted
from verifier.gotest.naming import Rename
from verifier.gotest.turns import Made
from verifier.pipeline.load import Front
from verifier.program.monitor import Operation

JUDGE = """\
// An event is a call of the history: what it gave, and when it began and ended.
type event struct {
	who, text, method, key, value, old, gave string

	begins, ends int
}

// explained says whether the calls that are not done yet have an order that a sequential map explains, given what is
// in it. A call that has ended comes before those that begin later.
func explained(done []bool, contents map[string]string) bool {
	first := 0 // the end of the call that ends first
	for i, c := range history {
		if !done[i] && c.ends > 0 && (first == 0 || c.ends < first) {
			first = c.ends
		}
	}
	if first == 0 {
		return true
	}
	for i, c := range history {
		if done[i] || c.begins == 0 || c.begins > first {
			continue
		}
		after, gives := sequential(contents, c)
		if c.ends > 0 && gives != c.gave {
			continue
		}
		done[i] = true
		ok := explained(done, after)
		done[i] = false
		if ok {
			return true
		}
	}
	return false
}

// sequential gives what is in a map after a call, and what the call gives, when nobody else calls.
func sequential(contents map[string]string, c event) (after map[string]string, gives string) {
	after = map[string]string{}
	for key, value := range contents {
		after[key] = value
	}
	have, ok := contents[c.key]
	same := ok && have == c.old
	switch c.method {
	case "Load":
		gives = word(have, ok)
	case "Store":
		after[c.key] = c.value
	case "LoadOrStore":
		gives = have + " loaded"
		if !ok {
			after[c.key], gives = c.value, "stored"
		}
	case "LoadAndDelete":
		delete(after, c.key)
		gives = word(have, ok)
	case "Delete":
		delete(after, c.key)
	case "Swap":
		after[c.key], gives = c.value, word(have, ok)
	case "CompareAndSwap":
		if gives = fmt.Sprint(same); same {
			after[c.key] = c.value
		}
	case "CompareAndDelete":
		if gives = fmt.Sprint(same); same {
			delete(after, c.key)
		}
	case "Clear":
		after = map[string]string{}
	}
	return after, gives
}

func word(value string, ok bool) string {
	if !ok {
		return "absent"
	}
	return value
}

// listed shows the history, a call a line.
func listed() string {
	text := ""
	for _, c := range history {
		if c.begins == 0 {
			continue
		}
		during := fmt.Sprintf("%d to %d", c.begins, c.ends)
		if c.ends == 0 {
			during, c.gave = fmt.Sprintf("%d on", c.begins), "?"
		}
		text += fmt.Sprintf("\\n\\t%-10s %-9s %s", c.who, during, c.text)
		if c.gave != "" {
			text += " = " + c.gave
		}
	}
	return text
}
"""

CALL = """\
var clock atomic.Int64

// call makes the n-th call of the history.
func call(n int, do func() string) {
	history[n].begins = int(clock.Add(1))
	history[n].gave = do()
	history[n].ends = int(clock.Add(1))
}
"""

_FOUND = """\
func found(value VALUE, ok bool) string {
	return word(said(value), ok)
}
"""

_STORED = """\
func stored(value VALUE, loaded bool) string {
	if loaded {
		return said(value) + " loaded"
	}
	return "stored"
}
"""


_RANGED = """\
// ranged gives what Range yields for a key.
func ranged(key KEY) string {
	gave := "absent"
	MAP.Range(func(k KEY, v VALUE) bool {
		if k == key && gave != "absent" {
			gave = "twice"
		} else if k == key {
			gave = said(v)
		}
		return true
	})
	return gave
}
"""


def shared(front: Front, client: Client, rename: Rename) -> str:
    """What the clients share, as Go: the map, the keys and the values."""
    document = front.document
    decls = parse_package([s.text for s in document.sources], document.declare)
    rows = [row for row in declarations(client.asked, decls).value.split("; ") if row.startswith("var ")]
    names = _names(client, rename)
    for long, short in names.items():
        rows = [row.replace(f"var {long} ", f"var {short} ") for row in rows]
    return "\n".join(rows) + "\n"


def _names(client: Client, rename: Rename) -> dict[str, str]:
    keys = {v.name: rename(f"key{name.upper()}") for v, name in zip(client.keys, client.key_names, strict=True)}
    values = {v.name: rename(f"value{name}") for v, name in zip(client.values, client.value_names, strict=True)}
    return keys | values


def functions(made: tuple[Made, ...], rename: Rename) -> dict[str, str]:
    """The Go function of every client, by the client's name."""
    return {name: rename(name) for name in dict.fromkeys(m.goroutine for m in made)}


def parts(front: Front, client: Client, made: tuple[Made, ...], rename: Rename) -> list[str]:
    """The clients with their calls, the history, and what judges it."""
    out: list[str] = []
    for who, function in functions(made, rename).items():
        rows = [f"func {function}() {{"]
        for n, m in enumerate(made):
            if m.goroutine == who:
                rows.append(f"\t{rename('at')}({m.slot})")
                rows.append(f"\t{rename('call')}({n}, {made_by(client, m.operation, rename)})")
        out.append("\n".join([*rows, "}\n"]))
    out.append(
        f"var {rename('history')} = []{rename('event')}{{\n"
        + "".join(f"\t{{{event(client, m.operation, m.goroutine)}}},\n" for m in made)
        + "}\n"
    )
    return [*out, *judge(client, {m.operation.method for m in made}, rename), rename.text(CALL)]


def judge(client: Client, used: set[str], rename: Rename) -> list[str]:
    """What says which history is one of a sequential map, and shows it. `used`: the methods that are called."""
    out: list[str] = []
    names = _names(client, rename)
    value = str(client.values[0].type) if client.values else "any"
    cases = "".join(
        f"\tcase {names[v.name]}:\n\t\treturn {quoted(name)}\n"
        for v, name in zip(client.values, client.value_names, strict=True)
    )
    said = f"func {rename('said')}(value {value}) string {{\n\tswitch value {{\n{cases}\t}}\n"
    said += "\treturn fmt.Sprint(value)\n}\n"
    if used & {"Load", "LoadAndDelete", "Swap"}:
        out.append(rename.text(_FOUND).replace("VALUE", value))
    if RANGE in client.callees:
        key, name = str(client.keys[0].type), client.map.name
        out.append(rename.text(_RANGED).replace("KEY", key).replace("VALUE", value).replace("MAP", name))
    if "LoadOrStore" in used:
        out.append(rename.text(_STORED).replace("VALUE", value))
    if used & {"Load", "LoadAndDelete", "Swap", "LoadOrStore"}:
        out.append(f"// {rename('said')} gives a value the name it has in the history.\n{said}")
    return [*out, rename.text(JUDGE)]


def verdict(rename: Rename) -> list[str]:
    """What the test says in the end."""
    return [
        f"if {rename('explained')}(make([]bool, len({rename('history')})), map[string]string{{}}) {{",
        '\tt.Log("an order of the calls explains what they gave")',
        "\treturn",
        "}",
        f't.Fatalf("not linearizable: no order of these calls explains what they gave%s", {rename("listed")}())',
    ]


def event(client: Client, o: Operation, who: str = "") -> str:
    """The fields of the event that a call is."""
    fields = {
        "who": who,
        "text": o.text,
        "method": o.method,
        "key": client.key_names[o.key] if o.key >= 0 else "",
        "value": client.value_names[o.value - 1] if o.value else "",
        "old": client.value_names[o.old - 1] if o.old else "",
    }
    return ", ".join(f"{k}: {quoted(v)}" for k, v in fields.items() if v)


def made_by(client: Client, o: Operation, rename: Rename) -> str:
    """A call as a Go function that returns what it gave."""
    names = _names(client, rename)
    key = [names[client.keys[o.key].name]] if o.key >= 0 else []
    old = [names[client.values[o.old - 1].name]] if o.old else []
    value = [names[client.values[o.value - 1].name]] if o.value else []
    if client.callees[client.operations.index(o)] == RANGE:
        return f"func() string {{ return {rename('ranged')}({key[0]}) }}"
    call = f"{client.map.name}.{o.method}({', '.join(key + old + value)})"
    match o.method:
        case "Load" | "LoadAndDelete" | "Swap":
            return f"func() string {{ return {rename('found')}({call}) }}"
        case "LoadOrStore":
            return f"func() string {{ return {rename('stored')}({call}) }}"
        case "CompareAndSwap" | "CompareAndDelete":
            return f"func() string {{ return fmt.Sprint({call}) }}"
    return f'func() string {{ {call}; return "" }}'
