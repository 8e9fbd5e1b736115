"""Sweeps: the design, the runs on many processes or a cluster, one file of all results."""
