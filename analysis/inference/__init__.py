"""Inference of the assumptions of a learner from its path: family of learners, likelihood, mode, posterior, checks."""
