"""Shards of windows: made once, found again, the same in any number."""

import numpy as np
import pytest
import torch

from gnomon.freeboard.window import CONTEXT
from gnomon.learn.freeboard.hulls import HullSamples, make_shards, shard_folder, ship_chip
from gnomon.simulate.pixels.exposures import exposures


def test_samples_hold_the_truth_of_their_chips():
    hulls = [chip for k in range(4) for chip in exposures((2, k))]
    samples = HullSamples.of(hulls)
    assert len(samples) == len(hulls)
    for row, hull in enumerate(hulls):
        assert samples.freeboard_m[row] == pytest.approx(hull.truth.freeboard_m)
        length = np.exp(samples.size[row].numpy()) * (hull.known.length_m, hull.known.beam_m)
        np.testing.assert_allclose(length, (hull.truth.length_m, hull.truth.beam_m), rtol=1e-5)
        given = 100 * samples.context[row, CONTEXT.index("log_length")].exp()
        assert given == pytest.approx(hull.known.length_m, rel=1e-4)
        expected = -1 if hull.truth.laden is None else int(hull.truth.laden)
        assert samples.laden[row] == expected
    assert ship_chip(hulls[0]).east_m == hulls[0].known.east_m


def test_an_interrupted_run_goes_on_and_ends_the_same(tmp_path):
    whole = list(make_shards(tmp_path / "a", seed=1, shards=2, tankers=2))
    list(make_shards(tmp_path / "b", seed=1, shards=1, tankers=2))
    first = (tmp_path / "b" / "0000.safetensors").stat().st_mtime_ns
    again = list(make_shards(tmp_path / "b", seed=1, shards=2, tankers=2))
    assert (tmp_path / "b" / "0000.safetensors").stat().st_mtime_ns == first
    for one, other in zip(whole, again, strict=True):
        for name, values in vars(one).items():
            torch.testing.assert_close(values, vars(other)[name], rtol=0, atol=0)


def test_shards_of_other_seeds_lie_elsewhere(tmp_path):
    assert shard_folder(tmp_path, 1) == shard_folder(tmp_path, 1)
    assert shard_folder(tmp_path, 1) != shard_folder(tmp_path, 2)


def test_joined_samples_are_taken_apart_again():
    parts = [HullSamples.of(exposures((3, k))) for k in range(2)]
    joined = HullSamples.joined(parts)
    rows = torch.arange(len(parts[0]), len(joined))
    torch.testing.assert_close(joined.take(rows).pixels, parts[1].pixels)
