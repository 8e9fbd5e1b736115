"""All of steersman under one name: ``import steersman as sm``.

The public names of `plasticity` are here as they are (``sm.derive``), with those of `circuits` and `analysis` that are
not used twice; ``sm.circuits.run`` and ``sm.scenarios.run`` run a circuit and a scenario.
"""

from typing import TYPE_CHECKING

from plasticity.support import lazy

if TYPE_CHECKING:
    import analysis as analysis
    import circuits as circuits
    import plasticity as plasticity
    import scenarios as scenarios
    from analysis import AssumptionSet as AssumptionSet
    from analysis import Comparison as Comparison
    from analysis import Experiment as Experiment
    from analysis import Fit as Fit
    from analysis import Inference as Inference
    from analysis import Model as Model
    from analysis import check_dataset as check_dataset
    from analysis import choice_learner as choice_learner
    from analysis import compare as compare
    from analysis import compare_assumptions as compare_assumptions
    from analysis import confusion as confusion
    from analysis import convergence_rate as convergence_rate
    from analysis import datasets as datasets
    from analysis import design as design
    from analysis import discriminate as discriminate
    from analysis import figures as figures
    from analysis import fit as fit
    from analysis import identifiable as identifiable
    from analysis import infer as infer
    from analysis import learning_curve as learning_curve
    from analysis import leave_out as leave_out
    from analysis import left_out_score as left_out_score
    from analysis import posterior as posterior
    from analysis import recover as recover
    from analysis import report as report
    from analysis import report_inference as report_inference
    from analysis import state_space as state_space
    from analysis import stdp_window as stdp_window
    from analysis import table as table
    from analysis import time_to_criterion as time_to_criterion
    from analysis import trial_learner as trial_learner
    from analysis import weight_moments as weight_moments
    from circuits import Circuit as Circuit
    from circuits import Feedback as Feedback
    from circuits import NeuronModel as NeuronModel
    from circuits import Phase as Phase
    from circuits import Population as Population
    from circuits import Projection as Projection
    from circuits import RateUnit as RateUnit
    from circuits import Run as Run
    from circuits import RunState as RunState
    from circuits import Stimulus as Stimulus
    from circuits import all_to_all as all_to_all
    from circuits import at_random as at_random
    from circuits import conductance_lif as conductance_lif
    from circuits import critic as critic
    from circuits import escape_rate as escape_rate
    from circuits import estimate as estimate
    from circuits import lif as lif
    from circuits import poisson_source as poisson_source
    from circuits import pulse_lif as pulse_lif
    from circuits import read_state as read_state
    from circuits import readout as readout
    from circuits import run_arguments as run_arguments
    from circuits import spike_source as spike_source
    from circuits import two_compartment as two_compartment
    from circuits import write_state as write_state
    from plasticity import CURVATURE as CURVATURE
    from plasticity import GRADIENT as GRADIENT
    from plasticity import WEIGHT as WEIGHT
    from plasticity import Assumptions as Assumptions
    from plasticity import Controllability as Controllability
    from plasticity import DivergedError as DivergedError
    from plasticity import DoubleWell as DoubleWell
    from plasticity import DualControl as DualControl
    from plasticity import FadingMemory as FadingMemory
    from plasticity import FeedbackChannel as FeedbackChannel
    from plasticity import GaussianWeight as GaussianWeight
    from plasticity import InputError as InputError
    from plasticity import Landscape as Landscape
    from plasticity import LandscapePolicy as LandscapePolicy
    from plasticity import LandscapeShape as LandscapeShape
    from plasticity import LinearGaussian as LinearGaussian
    from plasticity import MatrixFree as MatrixFree
    from plasticity import NeuronVariable as NeuronVariable
    from plasticity import Objective as Objective
    from plasticity import ObservedCurvature as ObservedCurvature
    from plasticity import OrnsteinUhlenbeck as OrnsteinUhlenbeck
    from plasticity import Parameter as Parameter
    from plasticity import Policy as Policy
    from plasticity import Quadratic as Quadratic
    from plasticity import RecurringContexts as RecurringContexts
    from plasticity import Rule as Rule
    from plasticity import ShapePosterior as ShapePosterior
    from plasticity import Signal as Signal
    from plasticity import State as State
    from plasticity import Step as Step
    from plasticity import SwitchingTask as SwitchingTask
    from plasticity import SynapseModel as SynapseModel
    from plasticity import TaskPrior as TaskPrior
    from plasticity import TrialLearner as TrialLearner
    from plasticity import UnitWarning as UnitWarning
    from plasticity import UnknownNameError as UnknownNameError
    from plasticity import Update as Update
    from plasticity import assumptions_of as assumptions_of
    from plasticity import compile_rule as compile_rule
    from plasticity import conformance as conformance
    from plasticity import critical_discount as critical_discount
    from plasticity import crossings as crossings
    from plasticity import dataset as dataset
    from plasticity import derive as derive
    from plasticity import derive_trials as derive_trials
    from plasticity import dual_control as dual_control
    from plasticity import excess as excess
    from plasticity import explain as explain
    from plasticity import export as export
    from plasticity import filters as filters
    from plasticity import fisher_information as fisher_information
    from plasticity import fisher_matrix as fisher_matrix
    from plasticity import from_expression as from_expression
    from plasticity import glossary as glossary
    from plasticity import jump as jump
    from plasticity import local as local
    from plasticity import observe as observe
    from plasticity import optimality as optimality
    from plasticity import pairing as pairing
    from plasticity import path_excess as path_excess
    from plasticity import plan as plan
    from plasticity import poisson_trains as poisson_trains
    from plasticity import policy as policy
    from plasticity import quadruplet as quadruplet
    from plasticity import replay as replay
    from plasticity import rules as rules
    from plasticity import shape_posterior as shape_posterior
    from plasticity import signals as signals
    from plasticity import simulate as simulate
    from plasticity import solve as solve
    from plasticity import step_policy as step_policy
    from plasticity import time_constant as time_constant
    from plasticity import trace as trace
    from plasticity import triplet as triplet

__all__ = lazy.export(__name__)
