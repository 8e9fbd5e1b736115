"""Compare learning rules with measurements: published data, fits, scores, figures, reports."""

from plasticity.lazy import export

__all__ = export(
    __name__,
    {
        "Comparison": "compare",
        "Fit": "fit",
        "as_dataset": "fitted_run",
        "check_dataset": "data_record",
        "compare": "compare",
        "confusion": "confusion",
        "discriminate": "discriminate",
        "fit": "fit",
        "leave_out": "leave_out",
        "posterior": "posterior",
        "recover": "recover",
        "report": "report",
        "table": "table",
    },
)
