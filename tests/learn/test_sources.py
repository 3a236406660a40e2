"""Where chips come from: a run leads to its own catalogue, with the hosts of its study."""

import json
from pathlib import Path

import pytest

from chip_folders import truth, write_run
from gnomon.datamodel.errors import LabelError
from gnomon.learn.sources import source_of


def test_a_run_leads_where_its_own_study_led(sea: Path, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", sea, truth(sea))
    summary = {"study": {"catalog": {"url": "http://localhost:1/", "hosts": ["a.lab"]}}}
    (run / "run.json").write_text(json.dumps(summary))
    own = source_of(run, hosts=("b.lab",))
    assert (own.catalog, own.hosts) == ("http://localhost:1/", ("a.lab", "b.lab"))
    other = source_of(run, "http://other/", hosts=("b.lab",))
    assert (other.catalog, other.hosts) == ("http://other/", ("b.lab",))


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "null", '{"study": []}', '{"study": {"catalog": {"url": 1}}}', "[" * 100_000],
)
def test_a_damaged_run_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(LabelError, match=r"run\.json: cannot be read, or names no catalogue"):
        source_of(tmp_path)
