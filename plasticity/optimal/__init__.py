"""The numerical engine behind `solve`, `plan` and `critical_discount`: Riccati equations, paths, fronts."""
