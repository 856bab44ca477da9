"""Sums of products of sizes: what a `Size` follows from.

`sizes` computes with them. An atom is a number of a `Ledger`'s; terms are in order, so
that equal sums are equal tuples.
"""

from __future__ import annotations

#: A sum of products: for each product of atoms, in order, its factor.
Sum = tuple[tuple[tuple[int, ...], int], ...]


def added(x: Sum, y: Sum) -> Sum:
    if not y:
        return x
    if not x:
        return y
    out = dict(x)
    for product, factor in y:
        out[product] = out.get(product, 0) + factor
    return tuple(sorted([(p, c) for p, c in out.items() if c]))


def times(x: Sum, factor: int) -> Sum:
    return tuple([(p, c * factor) for p, c in x]) if factor else ()


def product(x: Sum, y: Sum) -> Sum:
    out: dict[tuple[int, ...], int] = {}
    for p, c in x:
        for q, d in y:
            both = tuple(sorted((*p, *q)))
            out[both] = out.get(both, 0) + c * d
    return tuple(sorted([(p, c) for p, c in out.items() if c]))


def evenly(x: Sum, y: Sum) -> Sum | None:
    """The quotient by a single product that divides every part; None where not."""
    if len(y) != 1:
        return None
    ((product, factor),) = y
    out = []
    for p, c in x:
        if c % factor:
            return None
        rest = [*p]
        for atom in product:
            if atom not in rest:
                return None
            rest.remove(atom)
        out.append((tuple(rest), c // factor))
    return tuple(sorted(out))
