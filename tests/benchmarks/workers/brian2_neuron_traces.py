"""The network by hand in Brian2 with the traces in the neurons."""

from brian2_network import main

if __name__ == "__main__":
    main(in_neurons=True)
