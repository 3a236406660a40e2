"""The pages that say how to extend gnomon, done literally in a copy of the repository.

A block with a title is a file of that name: a diff changes it, anything else is all of it. A block
of shell is run. What a page promises must then be in what its commands wrote.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import geopandas as gpd
import pytest

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What of the repository a reader changes or runs."""
    left_out = shutil.ignore_patterns("node_modules", "__pycache__")
    for name in ("pipeline", "configs", "models"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=left_out)
    return tmp_path


def follow(page: str, folder: Path) -> str:
    """Write the files of a page, run its commands, and give what they printed."""
    printed = ""
    words = (ROOT / "docs" / page).read_text(encoding="utf-8")
    for language, title, body in BLOCK.findall(words):
        if title:
            path = folder / title
            path.parent.mkdir(parents=True, exist_ok=True)
            old = path.read_text(encoding="utf-8") if language == "diff" else ""
            text = changed(old, body) if language == "diff" else body
            path.write_text(text, encoding="utf-8")
        elif language == "sh":
            printed += run(body, folder)
    return printed


def changed(text: str, diff: str) -> str:
    """Text with one change, whose context must be there once."""
    lines = diff.splitlines(keepends=True)
    before, after = (
        "".join(line[1:] for line in lines if line[0] in signs) for signs in (" -", " +")
    )
    assert text.count(before) == 1, f"the context of this change is not there once:\n{before}"
    return text.replace(before, after)


def run(script: str, folder: Path) -> str:
    """Run a block of shell in a folder, with its own copy of the package."""
    python = f'python() {{ "{sys.executable}" "$@"; }}\n'
    gnomon = 'gnomon() { python -c "import gnomon.cli; gnomon.cli.main()" "$@"; }\n'
    settings = {"PYTHONPATH": str(folder / "pipeline"), "PATH": os.environ["PATH"]}
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    done = subprocess.run(
        ["bash", "-euc", python + gnomon + script], cwd=folder, env=settings | threads,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_port_is_added_by_data_alone(copy: Path) -> None:
    follow("add-a-port.md", copy)
    ships = gpd.read_parquet(copy / "runs" / "my-study" / "detections.parquet")
    assert set(ships.port) == {"casablanca"}
    assert {"inner basins", "roads"} >= set(ships.zone)
    assert (ships.zone == "inner basins").sum() >= 3
    (seen,) = gpd.read_parquet(copy / "runs" / "my-study" / "observations.parquet").itertuples()
    assert seen.status == "observed"
    assert "inner basins" in seen.zones


@pytest.mark.slow
def test_an_optical_sensor_is_added_by_a_profile(copy: Path) -> None:
    follow("add-an-optical-sensor.md", copy)
    ships = gpd.read_parquet(copy / "runs" / "example" / "detections.parquet")
    # The same pixels under other names: as many ships as under their own.
    run("gnomon detect configs/casablanca/catalog.json --out runs/own", copy)
    own = gpd.read_parquet(copy / "runs" / "own" / "detections.parquet")
    assert len(ships) == len(own) > 5
    assert set(ships.collection) == {"example-sr"}
    # Other tiles, where half precision rounds otherwise.
    assert ships.length_m.tolist() == pytest.approx(own.length_m.tolist(), abs=5)
    # The corner without data, by the quality layer, is no usable water.
    clear, cloudy = (
        gpd.read_parquet(copy / "runs" / name / "observations.parquet").usable_water_km2[0]
        for name in ("own", "example")
    )
    assert 0.5 * clear < cloudy < clear - 0.5


@pytest.mark.slow
def test_an_architecture_is_added_by_one_folder(copy: Path) -> None:
    before = set((copy / "pipeline").rglob("*.py"))
    printed = follow("add-an-architecture.md", copy)
    added = set((copy / "pipeline").rglob("*.py")) - before
    assert {path.parent.name for path in added} == {"largekernel"}
    model = tomllib.loads((copy / "models" / "my-largekernel" / "model.toml").read_text())
    assert model["architecture"] == "largekernel"
    assert (copy / "runs" / "largekernel" / "observations.parquet").is_file()
    first, last = map(float, re.findall(r"loss ([\d.]+) .* ([\d.]+) at the last", printed)[0])
    assert last < 0.8 * first
    assert "| network |" in printed


@pytest.mark.slow
def test_a_sensor_type_is_added_by_a_folder_and_two_lines(copy: Path) -> None:
    follow("add-a-sensor-type.md", copy)
    ships = gpd.read_parquet(copy / "runs" / "thermal" / "detections.parquet")
    assert len(ships) > 3
    assert set(ships.sensor) == {"thermal"}
    assert ships.model.str.startswith("thermal-vessel@").all()
    # A sensor that no detector reads is refused in one line.
    study = (copy / "thermal.toml").read_text(encoding="utf-8")
    (copy / "thermal.toml").write_text(study.replace("thermal =", "sar ="), encoding="utf-8")
    with pytest.raises(AssertionError, match="is for thermal scenes and not for sar"):
        run("gnomon run thermal.toml --out runs/sar", copy)
