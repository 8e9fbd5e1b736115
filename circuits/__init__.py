"""Neurons and synapses wired into circuits, and the engines that run them."""

from typing import TYPE_CHECKING

from plasticity.lazy import export

if TYPE_CHECKING:
    from circuits._build import build as build
    from circuits._dataset import as_dataset as as_dataset
    from circuits._escape import escape_rate as escape_rate
    from circuits._escape import spike_source as spike_source
    from circuits._members import load as load
    from circuits._members import names as names
    from circuits._neuron_model import NeuronModel as NeuronModel
    from circuits._neurons import conductance_lif as conductance_lif
    from circuits._neurons import lif as lif
    from circuits._neurons import pulse_lif as pulse_lif
    from circuits._rate_population import RatePopulation as RatePopulation
    from circuits._rate_records import RateCircuit as RateCircuit
    from circuits._rate_records import RateProjection as RateProjection
    from circuits._rate_records import RateRun as RateRun
    from circuits._rate_records import Stimulus as Stimulus
    from circuits._readers import critic as critic
    from circuits._readers import readout as readout
    from circuits._records import Circuit as Circuit
    from circuits._records import Feedback as Feedback
    from circuits._records import Population as Population
    from circuits._records import Projection as Projection
    from circuits._run import run as run
    from circuits._spiking_run import Run as Run
    from circuits._wiring import all_to_all as all_to_all
    from circuits._wiring import at_random as at_random

__all__ = export(__name__)
