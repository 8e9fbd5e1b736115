"""Engine for circuits of rate neurons."""
