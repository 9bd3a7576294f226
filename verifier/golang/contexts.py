"""The package context, as Go of its own: what it does with channels, locks and atomics is explored like the rest.

Written after context/context.go of Go 1.27: Err (464) waits for Done to be closed, cancel (550) is done by whoever is
first and closes Done, a child is told by its parent (propagateCancel, 476). A deadline is a goroutine that cancels at
any time. Names are those of the package: `context_X` below is `context.X`, which no model can declare.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from verifier.golang import syntax as ast
from verifier.golang.parse import parse_declarations
from verifier.golang.walk import parts
from verifier.model.document import Text
from verifier.records import fields, is_dataclass
from verifier.source import LIBRARY, Span

_ALWAYS = """
type context_Context interface {
	Done() <-chan struct{}
	Err() error
}
type context_CancelFunc func()
type context_emptyCtx bool

func (context_emptyCtx) Done() <-chan struct{} { return nil }
func (context_emptyCtx) Err() error            { return nil }
func context_Background() context_Context      { return context_emptyCtx(false) }
func context_TODO() context_Context            { return context_emptyCtx(true) }

var context_Canceled = errors.New("context canceled")
var context_DeadlineExceeded = errors.New("context deadline exceeded")

func (c *context_cancelCtx) Done() <-chan struct{} { return c.done }
func (c *context_cancelCtx) Err() error {
	why := c.why.Load()
	if why == 0 {
		return nil
	}
	<-c.done
	if why == 1 {
		return context_Canceled
	}
	return context_DeadlineExceeded
}
func context_WithCancel(parent context_Context) (context_Context, context_CancelFunc) {
	c := context_newCancelCtx(parent)
	return c, func() { c.cancel(1) }
}
func context_WithTimeout(parent context_Context, timeout time.Duration) (context_Context, context_CancelFunc) {
	c := context_newCancelCtx(parent)
	go c.cancel(2)
	return c, func() { c.cancel(1) }
}
"""

# Nothing is ever sent: with room in the buffer a close is a fact that any number of receives see, each in its own step.
_ALONE = """
type context_cancelCtx struct {
	done chan struct{}
	why  atomic.Int32
}

func (c *context_cancelCtx) cancel(why int32) {
	if c.why.CompareAndSwap(0, why) {
		close(c.done)
	} else {
		<-c.done
	}
}
func context_newCancelCtx(parent context_Context) *context_cancelCtx {
	if parent == nil {
		panic("cannot create context from nil parent")
	}
	return &context_cancelCtx{done: make(chan struct{}, 1)}
}
"""

_FAMILY = """
type context_cancelCtx struct {
	done        chan struct{}
	why         atomic.Int32
	mu          sync.Mutex
	first, next *context_cancelCtx
}

func (c *context_cancelCtx) cancel(why int32) {
	c.mu.Lock()
	if c.why.Load() != 0 {
		c.mu.Unlock()
		return
	}
	c.why.Store(why)
	close(c.done)
	for k := c.first; k != nil; k = k.next {
		k.cancel(why)
	}
	c.first = nil
	c.mu.Unlock()
}
func (p *context_cancelCtx) adopt(c *context_cancelCtx) {
	p.mu.Lock()
	if why := p.why.Load(); why != 0 {
		c.cancel(why)
	} else {
		c.next = p.first
		p.first = c
	}
	p.mu.Unlock()
}
func context_newCancelCtx(parent context_Context) *context_cancelCtx {
	if parent == nil {
		panic("cannot create context from nil parent")
	}
	c := &context_cancelCtx{done: make(chan struct{}, 1)}
	if p, ok := parent.(*context_cancelCtx); ok {
		p.adopt(c)
	} else if parent.Done() != nil {
		panic("a parent context of a type of its own is not modelled")
	}
	return c
}
"""


class Needed(Exception):
    """A model uses the package: its declarations have to be there."""


def declarations(nodes: Iterable[object]) -> tuple[ast.Decl, ...]:
    """The package for a model of these declarations and bodies: with children only where a context has a parent."""
    value = _ALWAYS + (_FAMILY if any(map(_has_child, nodes)) else _ALONE)
    lines = value.split("\n")
    made = parse_declarations(Text(value, LIBRARY, 1, tuple(1 for _ in lines)))
    return tuple(map(_named, made))


def _has_child(node: object) -> bool:
    """Whether some context is derived from another one than `context.Background()` written there."""
    if isinstance(node, ast.Call) and _member(node.fun).startswith("With") and node.args:
        first = node.args[0]
        return not (isinstance(first, ast.Call) and _member(first.fun) in ("Background", "TODO"))
    return any(map(_has_child, parts(node)))


def _member(e: ast.Expr) -> str:
    package = isinstance(e, ast.Selector) and isinstance(e.x, ast.Ident) and e.x.name == "context"
    return e.name.name if package and isinstance(e, ast.Selector) else ""


Node = TypeVar("Node")


def _named(node: Node) -> Node:
    """A copy in which `context_X` is called `context.X`."""
    if isinstance(node, tuple):
        return tuple(map(_named, node))  # type: ignore[return-value]
    if isinstance(node, ast.Ident):
        return ast.Ident(node.span, node.name.replace("context_", "context."))  # type: ignore[return-value]
    if not is_dataclass(node) or isinstance(node, Span | type):
        return node
    return type(node)(*(_named(getattr(node, f.name)) for f in fields(node)))
