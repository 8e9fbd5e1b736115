"""What lessons use of marimo, for notebooks in other kernels: text, tables, figures and sliders, by ipywidgets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any


def md(text: str) -> Any:
    """Text in Markdown, to show."""
    from IPython.display import Markdown

    return Markdown(text)


def show(item: Any) -> None:
    """Show anything but None, in the middle of a cell, too."""
    from IPython.display import display

    if item is not None:
        display(item)


def vstack(items: Iterable[Any]) -> None:
    """Show one item under the other."""
    for item in items:
        show(item)


def follow(*sliders: Any) -> Callable[[Callable[[], Any]], None]:
    """Decorator: show what a function returns, again whenever a slider is moved."""
    from ipywidgets import interactive_output

    def shown(draw: Callable[[], Any]) -> None:
        show(interactive_output(lambda **_: show(draw()), {f"slider_{i}": s for i, s in enumerate(sliders)}))

    return shown


def _slider(start: float, stop: float, step: float, value: float, label: str, show_value: bool = True) -> Any:
    from ipywidgets import FloatSlider, IntSlider

    kind = IntSlider if all(isinstance(number, int) for number in (start, stop, step, value)) else FloatSlider
    options = {"description": label, "style": {"description_width": "initial"}, "readout": show_value}
    return kind(min=start, max=stop, step=step, value=value, continuous_update=False, **options)


def _table(rows: Iterable[dict[str, str]], label: str = "", selection: None = None) -> Any:
    """Table in Markdown."""
    rows = list(rows)
    names = list(rows[0]) if rows else []
    lines = [label, "", f"| {' | '.join(names)} |", f"|{' --- |' * len(names)}"]
    return md("\n".join([*lines, *(f"| {' | '.join(' '.join(v.split()) for v in row.values())} |" for row in rows)]))


def _plotly(figure: Any) -> Any:
    return figure


ui = SimpleNamespace(slider=_slider, table=_table, plotly=_plotly)
