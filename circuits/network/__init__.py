"""Records of a circuit: populations, projections, feedback, connectivity."""
