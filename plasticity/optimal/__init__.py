"""Numerical optimal control: Riccati equations, paths, escape from minima."""
