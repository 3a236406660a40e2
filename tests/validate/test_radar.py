"""What is found in simulated radar: the published shares, on a part of the ships."""

from pathlib import Path

import numpy as np
import pytest

from gnomon.validate import radar
from gnomon.validate.radar import radar_trial, recall_table


@pytest.mark.slow
def test_at_sea_large_ships_are_found_in_any_wind_and_small_ones_in_calm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(radar, "WINDS_M_S", (3.0, 12.0))
    trial = radar_trial(tmp_path, scenes=1, seed=7)
    ships = trial.ships
    assert ships.found[ships.length_m >= 150].all()
    calm, rough = (ships[ships.wind_m_s == wind] for wind in (3.0, 12.0))
    assert calm.found[calm.length_m.between(50, 150)].mean() > 0.9
    assert rough.found[rough.length_m < 50].mean() < calm.found[calm.length_m < 50].mean()
    assert len(trial.false_alarms) <= 4
    assert trial.searched_km2 > 100
    error = (ships.seen_length_m - ships.length_m)[ships.found]
    assert abs(error.mean()) < 8
    within = np.abs(error) < 1.645 * ships.seen_length_sigma_m[ships.found]
    assert within.mean() > 0.86
    table = recall_table(ships)
    assert list(table.columns) == [3.0, 12.0]
    assert float(table.iloc[-1].min()) == 1


@pytest.mark.slow
def test_at_berths_long_ships_are_found_and_cranes_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The baseline's weakness is stated, and a better detector must lower it."""
    monkeypatch.setattr(radar, "WINDS_M_S", (6.0,))
    trial = radar_trial(tmp_path, scenes=1, seed=8, quays=True)
    ships = trial.ships
    assert ships.found[ships.length_m >= 150].mean() > 0.85
    assert 0.5 * len(ships) < len(trial.false_alarms) < 4 * len(ships)
    assert trial.false_alarms.quayside.mean() > 0.9
    assert trial.false_alarms.score.median() < 0.3
