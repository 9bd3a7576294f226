"""What lowering leaves open for linking: places, tables and families are numbered when all code is known."""

from __future__ import annotations

from verifier.golang.lower.values import Address, Region
from verifier.records import dataclass


@dataclass(frozen=True, slots=True)
class FamilyKey:
    """A family to be filled in when places are known: base (region or sort), the path with holes, the leaf."""

    base: Region | str
    path: tuple[str | int | tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class PlaceKey:
    """A constant pointer to be numbered: a place of sort `sort`."""

    address: Address
    sort: str


@dataclass(frozen=True, slots=True)
class TableKey:
    """A computed address to be tabulated: from the base's index to place numbers of `sort`."""

    base: Region | str
    path: tuple[str | int | tuple[str, int], ...]
    sort: str


@dataclass(frozen=True, slots=True)
class LengthKey:
    """The lengths of the arrays behind slices of a sort, by place number."""

    sort: str


@dataclass(frozen=True, slots=True)
class OrdinalKey:
    """The ordinal of the running instance of a template."""


@dataclass(frozen=True, slots=True)
class SegmentKey:
    """First (or last) value of a dynamic type's segment in the interface domain."""

    type: str
    last: bool = False


Pending = FamilyKey | PlaceKey | TableKey | LengthKey | OrdinalKey | SegmentKey
