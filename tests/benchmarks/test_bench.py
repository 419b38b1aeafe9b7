"""`make bench` still runs, and says of everything what came of it; how fast is nobody's test."""

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import bench
from benchmarks.collecting import GITHUB_TO_SQLITE
from benchmarks.neighbours import DUCKDB, JSON_FILES, PANDAS, ask
from benchmarks.plans import TINY
from benchmarks.readme import table_of, written_table
from benchmarks.results import RESULTS, document, save
from benchmarks.table import show

ROOT = Path(__file__).parents[2]
SECTION_10 = {
    *("bytes", "diff_p50", "diff_p99", "digest", "digest_every", "run", "run_lag", "run_diff"),
    *("start", "chart", "chart_lag", "collecting", "collecting_requests", "collecting_twice"),
    *("memory_idle", "memory_busy"),
    *("memory_growth", "growth_digest", "growth_run", "growth_diff_p50"),
    *("diff_ratio", "diff_query_ratio", "digest_ratio", "digest_query_ratio", "collecting_ratio"),
    *("import", "import_again", "import_bytes", "import_year", "daily_file"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


async def test_every_row_is_measured_on_a_tiny_portfolio(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = await bench(TINY, folder)
    peers = [peer for figure in figures for peer in figure.peers]
    show(figures)
    results = document(figures, quick=True)
    save(results, folder / "results.json")

    assert {figure.key for figure in figures} >= SECTION_10
    assert [figure.key for figure in figures if figure.measured is None] == []
    assert {peer.name for peer in peers} >= {JSON_FILES, PANDAS, DUCKDB, GITHUB_TO_SQLITE}
    assert [peer for peer in peers if not (peer.figure or peer.trouble)] == []
    assert [peer for peer in peers if peer.name == JSON_FILES and peer.figure is None] == []
    assert json.loads((folder / "results.json").read_text("utf-8")) == results
    assert JSON_FILES in capsys.readouterr().out
    assert table_of(results).count("\n") > len(SECTION_10)


async def test_a_peer_that_cannot_run_says_why_instead_of_a_figure(tmp_path: Path) -> None:
    told = await ask("json_files", str(tmp_path / "nowhere"), "1")
    peer = told.peer("JSON", "diff")

    assert peer.figure is None
    assert "Error" in peer.trouble


@pytest.mark.skipif(not RESULTS.exists(), reason="nobody measured yet")
def test_the_readme_shows_what_was_measured() -> None:
    results = json.loads(RESULTS.read_text("utf-8"))

    assert written_table((ROOT / "README.md").read_text("utf-8")) == table_of(results)
