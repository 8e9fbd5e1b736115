"""Engines that run a circuit."""
