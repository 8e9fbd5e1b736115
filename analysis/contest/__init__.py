"""The table of rules: which rules are fitted to which data sets, and published fits."""
