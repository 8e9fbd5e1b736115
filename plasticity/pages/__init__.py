"""Pages about a rule: card, report of its cost, mathematical notation."""
