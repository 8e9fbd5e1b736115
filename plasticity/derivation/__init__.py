"""The symbolic engine behind `plasticity.derive`: local optimal-control problems and beliefs as states."""
