"""Style and parts that several figures share."""
