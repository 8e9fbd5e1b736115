"""Running a scenario: its parameters, its options on the command line, its expected cost."""
