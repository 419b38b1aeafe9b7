"""The year of daily files that the bench imports."""

import json
from pathlib import Path

from benchmarks.imports import NAMES, write_year


def test_a_year_is_written_as_json_writes_it(tmp_path: Path) -> None:
    assert write_year(tmp_path / "year", repositories=3, days=4) == 12
    files = sorted((tmp_path / "year").iterdir())
    texts = [file.read_text() for file in files]
    days = [json.loads(text) for text in texts]

    assert [file.stem for file in files] == [day["collectedAt"][:10] for day in days]
    assert texts == [json.dumps(day, indent=2) for day in days]
    assert [len(day["repos"]) for day in days] == [3] * 4
    assert {tuple(entry) for day in days for entry in day["repos"].values()} == {NAMES}
    assert len({json.dumps(day["repos"]) for day in days}) > 1
