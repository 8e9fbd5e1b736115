"""Compare learning rules with measurements: published data, fits, scores, figures, reports."""

from typing import TYPE_CHECKING

from plasticity.support.lazy import export

if TYPE_CHECKING:
    from analysis import datasets as datasets
    from analysis import figures as figures
    from analysis.choice_models import choice_learner as choice_learner
    from analysis.compare import Comparison as Comparison
    from analysis.compare import compare as compare
    from analysis.confusion import confusion as confusion
    from analysis.data.check import check_dataset as check_dataset
    from analysis.discriminate import discriminate as discriminate
    from analysis.fit import Fit as Fit
    from analysis.fit import fit as fit
    from analysis.fitted_run import as_dataset as as_dataset
    from analysis.infer import infer as infer
    from analysis.inference.answer import Inference as Inference
    from analysis.inference.design import design as design
    from analysis.inference.experiment import Experiment as Experiment
    from analysis.inference.identify import identifiable as identifiable
    from analysis.inference.left_out import left_out_score as left_out_score
    from analysis.inference.page import report_inference as report_inference
    from analysis.inference.sets import AssumptionSet as AssumptionSet
    from analysis.inference.sets import compare_assumptions as compare_assumptions
    from analysis.leave_out import leave_out as leave_out
    from analysis.measures import convergence_rate as convergence_rate
    from analysis.measures import learning_curve as learning_curve
    from analysis.measures import time_to_criterion as time_to_criterion
    from analysis.measures import weight_moments as weight_moments
    from analysis.model import Model as Model
    from analysis.posterior import posterior as posterior
    from analysis.recover import recover as recover
    from analysis.report import report as report
    from analysis.stdp_window import stdp_window as stdp_window
    from analysis.table import table as table
    from analysis.trial_models import state_space as state_space
    from analysis.trial_models import trial_learner as trial_learner

__all__ = export(__name__)
