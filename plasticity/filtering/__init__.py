"""Numerical filters: what the best observer believes, to check and to use beside the beliefs in a synapse."""
