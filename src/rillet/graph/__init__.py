"""Graphs: `ir` holds them, `trace` makes them, `passes` rewrite them."""
