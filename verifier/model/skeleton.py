"""The model that `verify new NAME` starts a user with: commented, and SAFE as it stands."""

from __future__ import annotations

import re

from verifier.model.fields import MODEL, Line

_TEMPLATE = """\
# Check it:         verify {file}
# See what it does: verify show {file}
# Every key:        verify schema
model: {name}
title: A map of users guarded by one sync.RWMutex
about: |
  What the code stands for, and which question this model answers.
go: "1.27"

# Package-level Go. Imports are implicit.
declare: |
  type User struct{{ Age int }}
  var mu sync.RWMutex
  var users = map[string]*User{{}}

# Each role is a goroutine body; `count` of them run at once, in every possible order.
goroutines:
  writer:
    count: 2
    body: |
      mu.Lock()
      users["alice"] = &User{{Age: 30}}
      mu.Unlock()
  reader:
    count: 2
    body: |
      mu.RLock()
      reading:                      // a label names a position, for at() below
      u := users["alice"]
      mu.RUnlock()
      if u != nil {{
        _ = u.Age
      }}

# Reached in some state; if not, the check would be worth nothing.
sometimes:
  two readers inside: at(reader, reading) >= 2

# True once every goroutine has returned.
finally:
  alice is stored: users["alice"] != nil

# What the file should come to: it is its own test.
expect: {{race: safe, fatal: safe, panic: safe, deadlock: safe}}
"""


def is_name(name: str) -> bool:
    """Whether `name` can be the name of a model."""
    shape = next(field.shape for field in MODEL.fields if field.name == "model")
    assert isinstance(shape, Line)
    return re.fullmatch(shape.pattern, name) is not None


def text(name: str, file: str) -> str:
    """The text of a new model called `name` that is going to stand in `file`."""
    return _TEMPLATE.format(name=name, file=file)
