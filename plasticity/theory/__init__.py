"""Symbolic derivation of learning rules."""
