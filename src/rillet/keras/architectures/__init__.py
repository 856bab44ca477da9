"""Networks that are known by name, as tables of their blocks.

`keras.applications` shows them. `building` has what they share: inputs, layers with
their usual names, heads, weights.
"""
