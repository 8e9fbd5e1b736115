"""The explorer: one page on which assumptions are moved and the optimal learner follows (`page`), a view per file."""
