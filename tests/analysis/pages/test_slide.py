"""One panel of a figure in the size of a slide: legible, complete, and the others are gone."""

import numpy as np
import pytest
from PIL import Image

import scenarios
from analysis.figures import draw
from analysis.pages.slide import SLIDE, panel_alone, save_panel
from plasticity.errors import InputError
from scenarios.running.run import load

HEIGHT = 7.5  # inches of a slide of 16 : 9


@pytest.fixture(scope="module")
def run():
    return scenarios.run("double_well", **load("double_well").SMOKE)


@pytest.mark.parametrize("panel", [1, 2, 3])
def test_a_panel_fills_the_slide_in_one_direction_with_letters_that_a_hall_can_read(run, panel, tmp_path):
    """Ticks of 9 points on the figure are 15 at least on a slide 34 cm wide; labels are larger."""
    figure = draw(run)
    box = panel_alone(figure, panel)
    scale = min(HEIGHT * 16 / 9 / box.width, HEIGHT / box.height)
    (ax,) = (ax for ax in figure.axes if ax.get_visible() and ax.axison and not hasattr(ax, "_colorbar"))
    assert 9 * scale >= 15
    assert ax.get_xlabel()
    assert ax.get_ylabel()
    assert len(ax.get_legend().get_texts()) >= 3
    assert "When does a learner" in ax.get_title().replace("\n", " ")
    assert "(reduced run)" in ax.get_title().replace("\n", " ")
    save_panel(draw(run), panel, tmp_path / "slide.png")
    size = Image.open(tmp_path / "slide.png").size
    assert all(np.array(size) <= np.array(SLIDE) + 2)
    assert any(abs(np.array(size) - SLIDE) <= 2)


def test_a_panel_that_is_not_there_is_refused(run):
    with pytest.raises(InputError, match="--panel must be one of 1 to 3.*got 4"):
        panel_alone(draw(run), 4)
