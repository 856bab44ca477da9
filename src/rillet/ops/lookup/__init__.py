"""Tables that map keys to values: storage, records, initializers, public classes."""
