"""What Go says when it panics for other reasons than a primitive's: the reports must say the same."""

from __future__ import annotations

from ..case import Case, case


def says(name: str, declare: str, body: str) -> Case:
    """A program of one goroutine that panics."""
    return case("message", f"says-{name}", declare, body)


CASES = (
    says("nil-dereference", "type T struct{ f int }\nvar p *T", "p.f = 1"),
    says("nil-pointer-read", "var p *int", "_ = *p"),
    says("index", "var a [2]int", "i := rand.Intn(1) + 2\na[i] = 1"),
    says("slice-index", "var s = []int{1, 2}", "i := rand.Intn(1) + 2\ns[i] = 1"),
    says("slice-bounds", "var s = []int{1, 2}", "i := rand.Intn(1) + 3\ns = s[:i]"),
    says("divide", "var n int", "d := rand.Intn(1)\nn = 1 / d"),
    says("shift", "var n int", "d := rand.Intn(1) - 1\nn = 1 << d"),
    says("make-length", "var s []int", "d := rand.Intn(1) - 1\ns = make([]int, d)"),
    says("make-capacity", "var s []int", "d := rand.Intn(1) + 1\ns = make([]int, d+1, d)"),
    says("nil-func", "var f func()", "f()"),
    says("assertion", "var v any = 1", "_ = v.(bool)"),
    says("assertion-nil", "var v any", "_ = v.(bool)"),
    says("assertion-pointer", "type T struct{ f int }\nvar x T\nvar v any = &x", "_ = v.(*int)"),
    says("string", "", 'panic("boom")'),
    says("number", "", "panic(7)"),
    says("bool", "", "panic(true)"),
    says("error", "", 'panic(errors.New("boom"))'),
    says("named-string", "type E string", 'panic(E("boom"))'),
    says("named-number", "type E int", "panic(E(3))"),
    says("constant", "const c = 7", "panic(c)"),
    says("nil", "", "panic(nil)"),
    says("panic-in-defer", "", 'defer func() { panic("second") }()\npanic("first")'),
    says("once-func", "", 'f := sync.OnceFunc(func() { panic("boom") })\nf()'),
    says("value-nil", "var v atomic.Value", "v.Store(nil)"),
    says("wait-group-in-go", "var wg sync.WaitGroup", 'wg.Go(func() { panic("boom") })\nwg.Wait()'),
    says("unrecovered", "", 'defer recover()\npanic("boom")'),
)
