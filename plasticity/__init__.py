"""Derive learning rules from an objective and execute them without a network."""

from typing import TYPE_CHECKING

from plasticity.support import lazy

if TYPE_CHECKING:
    from plasticity import conformance as conformance
    from plasticity import dataset as dataset
    from plasticity import export as export
    from plasticity import filters as filters
    from plasticity import rules as rules
    from plasticity import signals as signals
    from plasticity.assumptions import Assumptions as Assumptions
    from plasticity.assumptions import assumptions_of as assumptions_of
    from plasticity.belief import FadingMemory as FadingMemory
    from plasticity.belief import GaussianWeight as GaussianWeight
    from plasticity.belief import LandscapeShape as LandscapeShape
    from plasticity.belief import LinearGaussian as LinearGaussian
    from plasticity.belief import OrnsteinUhlenbeck as OrnsteinUhlenbeck
    from plasticity.belief import RecurringContexts as RecurringContexts
    from plasticity.belief import SwitchingTask as SwitchingTask
    from plasticity.belief import TaskPrior as TaskPrior
    from plasticity.compile.brian import SynapseModel as SynapseModel
    from plasticity.compile.brian import compile_rule as compile_rule
    from plasticity.controllability import Controllability as Controllability
    from plasticity.critical_discount import critical_discount as critical_discount
    from plasticity.critical_discount import crossings as crossings
    from plasticity.derive import derive as derive
    from plasticity.errors import DivergedError as DivergedError
    from plasticity.errors import InputError as InputError
    from plasticity.errors import UnitWarning as UnitWarning
    from plasticity.errors import UnknownNameError as UnknownNameError
    from plasticity.explain import explain as explain
    from plasticity.feedback import FeedbackChannel as FeedbackChannel
    from plasticity.fisher import fisher_information as fisher_information
    from plasticity.fisher import fisher_matrix as fisher_matrix
    from plasticity.glossary import glossary as glossary
    from plasticity.landscapes import DoubleWell as DoubleWell
    from plasticity.landscapes import Landscape as Landscape
    from plasticity.landscapes import MatrixFree as MatrixFree
    from plasticity.landscapes import Quadratic as Quadratic
    from plasticity.landscapes import from_expression as from_expression
    from plasticity.local import local as local
    from plasticity.objective import Objective as Objective
    from plasticity.observed_curvature import ObservedCurvature as ObservedCurvature
    from plasticity.optimal.discrete import step_policy as step_policy
    from plasticity.optimal.dual import DualControl as DualControl
    from plasticity.optimal.dual import dual_control as dual_control
    from plasticity.optimal.policy import Policy as Policy
    from plasticity.optimal.shape import ShapePosterior as ShapePosterior
    from plasticity.optimal.shape import shape_posterior as shape_posterior
    from plasticity.optimality import excess as excess
    from plasticity.optimality import optimality as optimality
    from plasticity.optimality import path_excess as path_excess
    from plasticity.plan import plan as plan
    from plasticity.poisson import poisson_trains as poisson_trains
    from plasticity.policy import LandscapePolicy as LandscapePolicy
    from plasticity.policy import policy as policy
    from plasticity.protocols import pairing as pairing
    from plasticity.protocols import quadruplet as quadruplet
    from plasticity.protocols import triplet as triplet
    from plasticity.replay import replay as replay
    from plasticity.rule import CURVATURE as CURVATURE
    from plasticity.rule import GRADIENT as GRADIENT
    from plasticity.rule import WEIGHT as WEIGHT
    from plasticity.rule import NeuronVariable as NeuronVariable
    from plasticity.rule import Parameter as Parameter
    from plasticity.rule import Rule as Rule
    from plasticity.rule import State as State
    from plasticity.rule import Step as Step
    from plasticity.rule import Update as Update
    from plasticity.rule import jump as jump
    from plasticity.rule import time_constant as time_constant
    from plasticity.rule import trace as trace
    from plasticity.signal import Signal as Signal
    from plasticity.signal import observe as observe
    from plasticity.simulate import simulate as simulate
    from plasticity.solve import solve as solve
    from plasticity.trials import TrialLearner as TrialLearner
    from plasticity.trials import derive_trials as derive_trials

__all__ = lazy.export(__name__)
