"""The fitting problem: predictions, bounds, search, scores, synthetic data."""
