"""Engine for circuits of spiking neurons, on Brian2."""
