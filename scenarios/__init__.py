"""Experiments as scripts: each file is one question, its parameters and the run that answers it."""

from typing import TYPE_CHECKING

from plasticity.support.lazy import export

if TYPE_CHECKING:
    from scenarios import brain_computer_interface as brain_computer_interface
    from scenarios import change_points as change_points
    from scenarios import choices as choices
    from scenarios import competitive_stdp as competitive_stdp
    from scenarios import controllability as controllability
    from scenarios import digits as digits
    from scenarios import distal_reward as distal_reward
    from scenarios import double_well as double_well
    from scenarios import horizon as horizon
    from scenarios import infer_assumptions as infer_assumptions
    from scenarios import inhibitory_balance as inhibitory_balance
    from scenarios import large_network as large_network
    from scenarios import motor_adaptation as motor_adaptation
    from scenarios import named_rules as named_rules
    from scenarios import pairing_frequency as pairing_frequency
    from scenarios import partial_control as partial_control
    from scenarios import place_field_plateaus as place_field_plateaus
    from scenarios import random_feedback as random_feedback
    from scenarios import spike_timing as spike_timing
    from scenarios import synapse_sizes as synapse_sizes
    from scenarios import task_sequence as task_sequence
    from scenarios import theory_check as theory_check
    from scenarios import unsupervised_digits as unsupervised_digits
    from scenarios import voltage_rule as voltage_rule
    from scenarios import which_rule_when as which_rule_when
    from scenarios.running.parameters import parameter as parameter
    from scenarios.running.run import load as load
    from scenarios.running.run import names as names
    from scenarios.running.run import run as run
    from scenarios.sweeps.design import random_points as random_points
    from scenarios.sweeps.sweep import sweep as sweep

__all__ = export(__name__, catalogue=True)
