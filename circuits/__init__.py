"""Neurons and synapses wired into circuits, and the engines that run them."""

from typing import TYPE_CHECKING

from plasticity.support.lazy import export

if TYPE_CHECKING:
    from circuits.actor import actor as actor
    from circuits.balanced_ei import balanced_ei as balanced_ei
    from circuits.escape_rate_neuron import escape_rate_neuron as escape_rate_neuron
    from circuits.feedforward_rate import feedforward_rate as feedforward_rate
    from circuits.feedforward_spiking import feedforward_spiking as feedforward_spiking
    from circuits.network.circuit import Circuit as Circuit
    from circuits.network.connectivity import all_to_all as all_to_all
    from circuits.network.connectivity import at_random as at_random
    from circuits.network.deprecated import RateCircuit as RateCircuit
    from circuits.network.deprecated import RatePopulation as RatePopulation
    from circuits.network.deprecated import RateProjection as RateProjection
    from circuits.network.deprecated import RateRun as RateRun
    from circuits.network.phase import Phase as Phase
    from circuits.network.population import Population as Population
    from circuits.network.projection import Feedback as Feedback
    from circuits.network.projection import Projection as Projection
    from circuits.network.run_record import Run as Run
    from circuits.network.run_state import RunState as RunState
    from circuits.network.sources import poisson_source as poisson_source
    from circuits.network.stimulus import Stimulus as Stimulus
    from circuits.neurons.escape_rate import escape_rate as escape_rate
    from circuits.neurons.escape_rate import spike_source as spike_source
    from circuits.neurons.integrate_and_fire import conductance_lif as conductance_lif
    from circuits.neurons.integrate_and_fire import lif as lif
    from circuits.neurons.integrate_and_fire import pulse_lif as pulse_lif
    from circuits.neurons.model import NeuronModel as NeuronModel
    from circuits.neurons.rate_unit import RateUnit as RateUnit
    from circuits.neurons.readout import critic as critic
    from circuits.neurons.readout import readout as readout
    from circuits.neurons.two_compartment import two_compartment as two_compartment
    from circuits.pairing import pairing as pairing
    from circuits.recurrent_lif import recurrent_lif as recurrent_lif
    from circuits.recurrent_rate import recurrent_rate as recurrent_rate
    from circuits.running.catalogue import load as load
    from circuits.running.catalogue import names as names
    from circuits.running.dataset import as_dataset as as_dataset
    from circuits.running.estimate import estimate as estimate
    from circuits.running.repeat import run_arguments as run_arguments
    from circuits.running.run import build as build
    from circuits.running.run import run as run
    from circuits.running.state_file import read_state as read_state
    from circuits.running.state_file import write_state as write_state

__all__ = export(__name__, catalogue=True)
