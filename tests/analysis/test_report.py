"""Reports: complete, self-contained, and written whole or not at all."""

import re
from html.parser import HTMLParser

import pytest

from analysis.compare import compare
from analysis.datasets import load
from analysis.fit import fit
from analysis.fitted_run import as_dataset
from analysis.leave_out import leave_out
from analysis.posterior import posterior
from analysis.recover import recover
from analysis.report import report
from plasticity.errors import InputError
from plasticity.pages.markdown import markdown


@pytest.fixture(scope="module")
def comparison():
    pair = fit("pair_stdp", "sjostrom_2001", free=["A_plus", "A_minus", "tau_plus"], n_starts=2)
    bounded = fit("triplet_stdp", "sjostrom_2001", free=["tau_y"], bounds={"tau_y": (1e-3, 1e-2)})
    return compare([pair, bounded, fit("derived_bcm", "sjostrom_2001")])


@pytest.fixture(scope="module")
def files(comparison, tmp_path_factory):
    return report(comparison, tmp_path_factory.mktemp("reports") / "new" / "folder")


def test_names_of_a_data_set_cannot_break_a_figure_or_a_page(tmp_path):
    names = ["<script>alert(1)</script>", "[x](javascript:alert(1))", "$x_{$", "a | b\n# c"]
    data = load("sjostrom_2001").isel(protocol=slice(4))
    data = data.assign_coords(protocol=("protocol", names, data.protocol.attrs))
    files = report(compare(fit("pair_stdp", data), data), tmp_path)
    text = files.markdown.read_text(encoding="utf-8")
    for name in names:
        assert f"| {markdown(name)} | " in text
    page = Loads()
    page.feed(files.page.read_text(encoding="utf-8"))
    assert all(address.startswith("data:image/png;base64,") for address in page.fetched)


class Loads(HTMLParser):
    """Addresses that a browser would fetch to show the page, and its images' descriptions."""

    def __init__(self):
        super().__init__()
        self.fetched, self.descriptions, self.header_cells = [], [], 0

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.fetched += [attrs[key] for key in ("src", "srcset", "data", "poster") if key in attrs]
        self.fetched += [attrs["href"]] if tag in ("link", "base") else []
        self.fetched += [tag] if tag in ("script", "iframe", "object", "embed") else []
        self.descriptions += [attrs["alt"]] if tag == "img" else []
        self.header_cells += tag == "th" and "scope" in attrs


def test_all_parts_exist_and_nothing_else(files):
    assert sorted(p.name for p in files.page.parent.iterdir()) == [
        "figure.png",
        "report.html",
        "report.md",
        "residuals.png",
    ]
    assert files.figure.read_bytes()[:4] == b"\x89PNG"


def test_page_loads_nothing_from_outside(files):
    text = files.page.read_text(encoding="utf-8")
    page = Loads()
    page.feed(text)
    assert len(page.fetched) == 2
    assert all(address.startswith("data:image/png;base64,") for address in page.fetched)
    assert not re.search(r"url\(|@import", text)
    assert "−29.0 ± 8.0" in page.descriptions[0]
    assert page.header_cells > 10
    assert '<html lang="en">' in text
    assert "@media print" in text


@pytest.mark.parametrize("part", ["markdown", "page"])
def test_report_says_what_a_reader_needs(files, comparison, part):
    text = getattr(files, part).read_text(encoding="utf-8")
    data = comparison.data.attrs
    needed = [
        "mean over protocols of ((data − model)/standard error)²",
        "Sjöström PJ, Turrigiano GG, Nelson SB (2001)",
        "https://doi.org/10.1016/S0896-6273(01)00542-6",
        data["provenance"],
        data["caveat"],
        data["rights"],
        data["protocol_convention"],
        "Pfister, Jean-Pascal; Gerstner, Wulfram (2006). Triplets of Spikes",
        "triplet_stdp: tau_y ended on its bound 0.01 s",
        *comparison.scores[0].run.attrs["assumptions"].splitlines(),
        *(f"{score.error:.3f}" for score in comparison.scores),
    ]
    for phrase in needed:
        assert phrase in text


@pytest.mark.parametrize("part", ["markdown", "page"])
def test_uncertainty_is_reported_where_it_was_computed(part, tmp_path):
    pytest.importorskip("emcee")
    fitted = fit("pair_stdp", "wang_2005", ["A_plus", "A_minus"], n_starts=1)
    left, samples, recovery = leave_out(fitted), posterior(fitted, 8, 500), recover(fitted, 10, n_starts=1)
    run = as_dataset(fitted, left, samples, recovery)
    text = getattr(report(compare(run), tmp_path), part).read_text(encoding="utf-8")
    low, high = (float(q) for q in samples.A_plus.quantile([0.025, 0.975]))
    needed = [
        f"{left.score:.2f}".replace("-", "−"),
        f"{left.standard_error:.2f}",
        f"{low:.3g} to {high:.3g}",
        f"{100 * float(recovery.coverage[0]):.0f} %",
        "identifiable",
        "Vehtari",
        "Open markers",
    ]
    for phrase in needed:
        assert phrase in text
    # the 95 % interval of a prediction that is A_minus times a constant is that of A_minus times the constant
    scale = fitted.predictions[1] / fitted.parameters["A_minus"]
    high = float(samples.A_minus.quantile(0.975))
    assert float(run.weight_change_low[1]) == pytest.approx(scale * high, rel=0.1)  # 400 draws


def test_chains_that_did_not_mix_stand_in_the_report(tmp_path):
    pytest.importorskip("emcee")
    free = ["A3_plus", "A2_minus", "tau_y", "tau_plus", "tau_minus"]
    fitted = fit("triplet_stdp", "sjostrom_2001", free, n_starts=2)
    run = as_dataset(fitted, samples=posterior(fitted, n_walkers=12, max_steps=500))
    assert "the chains did not mix in" in report(compare(run), tmp_path).markdown.read_text(encoding="utf-8")


def test_values_in_millivolt_are_not_percent(tmp_path):
    data = load("milstein_2021")
    data = data.isel(protocol=range(20))
    free = ["tau_eligibility", "tau_instructive", "level"]
    bounds = {"tau_eligibility": (0.1, 10.0), "tau_instructive": (0.1, 10.0), "level": (1.0, 50.0)}
    run = as_dataset(fit("derived_plateau", data, free, bounds, n_starts=2))
    text = report(compare(run, data), tmp_path).markdown.read_text(encoding="utf-8")
    assert "(mV) ± standard error" in text
    assert "+7.6 ± 0.6" in text


def test_rules_stand_in_order_of_error(files, comparison):
    lines = files.markdown.read_text(encoding="utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("| rule | engine | E |"))
    labels = [line.split(" | ")[0].strip("| ") for line in lines[start + 2 : start + 5]]
    assert labels == [score.label for score in comparison.scores]
    assert labels[0] == "derived_bcm"


def test_unwritable_folder_leaves_nothing(comparison, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("here already")
    with pytest.raises(InputError, match=r"cannot write the report to .*file"):
        report(comparison, blocked)
    (tmp_path / "folder" / "report.html").mkdir(parents=True)
    with pytest.raises(InputError, match="is a folder"):
        report(comparison, tmp_path / "folder")
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["file", "folder", "report.html"]


def test_a_second_report_replaces_the_first(comparison, tmp_path):
    first = report(comparison, tmp_path)
    second = report(compare(fit("pair_stdp", "wang_2005")), tmp_path)
    assert first == second
    assert "hippocampal culture" in second.page.read_text(encoding="utf-8")
    assert len(list(tmp_path.iterdir())) == 4


def test_summary_distinguishes_a_tie_from_a_best_rule(comparison, tmp_path):
    # the derived rule is the minimal triplet rule: they tie, and E of the pair rule is 7.58 at best
    tie = compare([fit(rule, "sjostrom_2001") for rule in ("pair_stdp", "triplet_stdp", "derived_bcm")])
    text = report(tie, tmp_path / "tie").markdown.read_text(encoding="utf-8")
    assert re.search("(triplet_stdp and derived_bcm|derived_bcm and triplet_stdp) come equally close", text)
    assert "pair_stdp misses them most, by 2.8" in text
    assert re.search("AIC prefers [a-z_]+ and [a-z_]+ by 10 or more", text)
    text = report(comparison, tmp_path / "winner").markdown.read_text(encoding="utf-8")
    assert "derived_bcm comes closest to the 10 measurements: its predictions miss them by 0.6" in text
    alone = report(compare(fit("pair_stdp", "sjostrom_2001")), tmp_path / "alone").markdown.read_text("utf-8")
    assert "The predictions of pair_stdp for the 10 measurements miss them by 2.8" in alone
