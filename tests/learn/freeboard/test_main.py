"""`make train-freeboard` from shards to weights, in small."""

from functools import partial
from pathlib import Path

import pytest

from gnomon.freeboard.trained import load_posterior
from gnomon.learn.freeboard import __main__ as command
from gnomon.learn.freeboard.hulls import make_shards


@pytest.fixture
def _small(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GNOMON_SHARDS", "3")
    monkeypatch.setenv("GNOMON_STEPS", "2")
    monkeypatch.setattr(command, "make_shards", partial(make_shards, tankers=3))


@pytest.mark.usefixtures("_small")
@pytest.mark.slow
def test_training_ends_with_weights_that_load_and_the_same_seed_with_the_same():
    command.main("models/one")
    for state in Path("build/freeboard").glob("*.state"):
        state.unlink()
    command.main("models/two")
    one, two = (load_posterior(Path(f"models/{name}")).model for name in ("one", "two"))
    assert one.digest == two.digest
    assert one.gsd_range_m == (0.3, 10.0)


@pytest.mark.usefixtures("_small")
def test_weights_are_not_overwritten():
    Path("models/one").mkdir(parents=True)
    with pytest.raises(SystemExit, match="never overwritten"):
        command.main("models/one")
