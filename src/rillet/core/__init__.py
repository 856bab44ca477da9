"""What every storey stands on: types, shapes, errors, contexts, tensors, variables."""
