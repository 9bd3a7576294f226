"""Clients of a `linearizable:` model that is SAFE: random calls, judged when all have returned, round after round."""

from __future__ import annotations

from verifier.golang.clients import Client
from verifier.gotest.histories import event, judge, made_by, shared
from verifier.gotest.naming import Rename
from verifier.pipeline.load import Front

_CALLS = """\
// An operation is a call that can be made.
type operation struct {
	event
	do func() string
}

// made makes a call. The time orders calls, and no goroutines: what does would hide races.
func made(who string, o operation) event {
	e := o.event
	e.who = who
	e.begins = clock()
	e.gave = o.do()
	e.ends = clock()
	return e
}

var begun = time.Now()

func clock() int {
	return int(time.Since(begun).Nanoseconds()) + 1
}

// client makes as many calls as there is room for.
func client(who string, calls []event) {
	for i := range calls {
		calls[i] = made(who, operations[rand.Intn(len(operations))])
	}
}

var history []event
"""


def start(client: Client, rename: Rename) -> str:
    """The Go of a round up to where all clients run: first a few calls of one client, then those of all."""
    asked = client.asked
    history, event_ = rename("history"), rename("event")
    rows = [
        f"{history} = make([]{event_}, rand.Intn(4))",
        f'{rename("client")}("first", {history})',
        f"var calls [{asked.goroutines}][{asked.calls}]{event_}",
        "for i := range calls {",
        f"\t{rename('start')}(&all, func(who string, calls []{event_}) func() {{",
        f"\t\treturn func() {{ {rename('client')}(who, calls) }}",
        '\t}(fmt.Sprintf("client%d", i+1), calls[i][:]))',
        "}",
    ]
    return "\n".join(f"\t{row}" for row in rows)


def check(client: Client, rename: Rename) -> list[str]:
    """The Go that judges a round: every key is looked at once more, then the history has an order or has none."""
    history = rename("history")
    rows = ["for _, mine := range calls {", f"\t{history} = append({history}, mine[:]...)", "}"]
    if any(name == "Load" for name, _ in client.methods):
        rows += [
            f"for _, o := range {rename('looks')} {{",
            f'\t{history} = append({history}, {rename("made")}("last", o))',
            "}",
        ]
    rows += [
        f"if !{rename('explained')}(make([]bool, len({history})), map[string]string{{}}) {{",
        '\tt.Fatalf("round %d: not linearizable: no order of these calls explains what they gave%s", n, '
        f"{rename('listed')}())",
        "}",
    ]
    return [f"\t{row}" for row in rows]


def parts(front: Front, client: Client, rename: Rename) -> list[str]:
    """What the clients share, the calls that they may make, and what judges them."""
    called = list(zip(client.callees, client.operations, strict=True))
    asked = [o for callee, o in called if callee in client.asked.operations]
    looks = [o for callee, o in called if callee == "Load"]
    out = [shared(front, client, rename)]
    for name, listed in (("operations", asked), ("looks", looks)):
        if not listed:
            continue
        rows = [f"\t{{{rename('event')}{{{event(client, o)}}}, {made_by(client, o, rename)}}},\n" for o in listed]
        out.append(f"var {rename(name)} = []{rename('operation')}{{\n{''.join(rows)}}}\n")
    out.append(rename.text(_CALLS))
    return [*out, *judge(client, {o.method for o in (*asked, *looks)}, rename)]


def reset(front: Front, client: Client, rename: Rename) -> str:
    """The statement that makes the map anew, where it is none of the model's own variables."""
    first = shared(front, client, rename).split("\n")[0]
    return f"\t{first.removeprefix('var ')}\n" if first.startswith(f"var {client.map.name} = ") else ""
