"""Compare learning rules with measurements: published data, fits, scores, figures, reports."""

from plasticity.lazy import export

__all__ = export(
    __name__,
    {
        "Comparison": "compare",
        "Fit": "fit",
        "as_dataset": "fit",
        "check_dataset": "data_record",
        "compare": "compare",
        "fit": "fit",
        "report": "report",
    },
)
