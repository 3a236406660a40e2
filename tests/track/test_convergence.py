"""R-hat and effective size: against chains whose own are known, and the published formulae."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, rankdata

from gnomon.track.convergence import EFFECTIVE_SIZE_MIN, R_HAT_MAX, Convergence, convergence

CHAINS = 4


def numbered(chains: np.ndarray) -> np.ndarray:
    """Number of the chain of each draw, of (chains, draws)."""
    return np.repeat(np.arange(len(chains)), chains.shape[1])


def of(chains: np.ndarray) -> Convergence:
    return convergence(chains.ravel(), numbered(chains))


def autoregressive(rng: np.random.Generator, draws: int, memory: float) -> np.ndarray:
    """Stationary AR(1) chains of standard deviation one: (chains, draws)."""
    noise = rng.normal(0, np.sqrt(1 - memory**2), (CHAINS, draws))
    noise[:, 0] = rng.normal(size=CHAINS)
    for n in range(1, draws):
        noise[:, n] += memory * noise[:, n - 1]
    return noise


def published_r_hat(chains: np.ndarray) -> float:
    """Equations 3, 4, 6 and 14 and section 4 of Vehtari and others (2021), by loops."""
    half = chains.shape[1] // 2
    parts = [part for chain in chains for part in (chain[:half], chain[-half:])]
    middle = float(np.median(np.concatenate(parts)))
    found = []
    for values in (parts, [abs(part - middle) for part in parts]):
        ranks = rankdata(np.concatenate(values)).reshape(len(values), half)
        z = norm.ppf((ranks - 3 / 8) / (ranks.size + 1 / 4))
        means = [float(row.mean()) for row in z]
        grand = sum(means) / len(means)
        between = half / (len(z) - 1) * sum((mean - grand) ** 2 for mean in means)
        within = sum(
            sum((v - m) ** 2 for v in row) / (half - 1) for row, m in zip(z, means, strict=True)
        )
        within /= len(z)
        found.append(np.sqrt(((half - 1) / half * within + between / half) / within))
    return max(found)


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.9])
def test_the_effective_size_of_autoregressive_chains_is_known(memory: float) -> None:
    """N (1 - memory) / (1 + memory), of the mean (Geyer 1992, Statistical Science 7)."""
    draws = 2000
    chains = autoregressive(np.random.default_rng(1), draws, memory)
    expected = CHAINS * draws * (1 - memory) / (1 + memory)
    found = of(chains)
    assert found.effective_size == pytest.approx(expected, rel=0.15)
    assert found.r_hat < 1.02
    assert not found.preliminary


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.floats(0.5, 40), st.integers(10, 60))
def test_r_hat_of_counts_is_the_published_one(seed: int, mean: float, draws: int) -> None:
    """Counts are tied; chains that are one draw short are compared over what all have."""
    rng = np.random.default_rng(seed)
    chains = rng.poisson(mean + rng.uniform(0, mean, (CHAINS, 1)), (CHAINS, draws)).astype(float)
    chains[0, 0], chains[1, 0] = chains.max() + 1, chains.max() + 2  # in no half all the same
    # A draw of its own at the end of the first two chains, as where draws are no multiple of four.
    longer = np.r_[chains[0], 999.0, chains[1], 999.0, chains[2], chains[3]]
    number = np.repeat(np.arange(CHAINS), [draws + 1, draws + 1, draws, draws])
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = published_r_hat(chains)
    assert convergence(longer, number).r_hat == pytest.approx(expected, nan_ok=True)


@given(st.integers(0, 10_000))
def test_r_hat_depends_on_ranks_alone(seed: int) -> None:
    chains = np.random.default_rng(seed).gamma(0.5, 1.0, (CHAINS, 50))
    assert of(chains).effective_size == pytest.approx(of(np.exp(chains)).effective_size)


@pytest.mark.parametrize("count", [0.0, 7.0])
def test_chains_that_all_say_the_same_agree(count: float) -> None:
    found = of(np.full((CHAINS, 50), count))
    assert found == Convergence(1.0, 200.0, 200)
    assert found.note is None


def test_chains_that_disagree_are_preliminary() -> None:
    rng = np.random.default_rng(3)
    apart = rng.poisson(20 + 8 * np.arange(CHAINS)[:, None], (CHAINS, 100)).astype(float)
    for chains in (apart, np.repeat(np.arange(4.0)[:, None], 50, 1)):
        found = of(chains)
        assert found.r_hat > 1.5
        assert found.effective_size < 15
        assert found.preliminary
    assert not of(rng.poisson(20, (CHAINS, 100)).astype(float)).preliminary


def test_chains_that_agree_in_mean_and_not_in_spread_are_preliminary() -> None:
    rng = np.random.default_rng(4)
    spread = np.array([1.0, 1.0, 1.0, 6.0])[:, None]
    chains = np.round(30 + spread * rng.normal(size=(CHAINS, 100)))
    assert of(chains).r_hat > R_HAT_MAX


@pytest.mark.parametrize(
    ("r_hat", "size", "preliminary"),
    [
        (1.0, EFFECTIVE_SIZE_MIN, False),
        (R_HAT_MAX, 400.0, False),
        (1.0, EFFECTIVE_SIZE_MIN - 1, True),
        (R_HAT_MAX + 0.001, 400.0, True),
        (np.inf, 4.5, True),
    ],
)
def test_either_makes_a_result_preliminary_and_the_note_has_the_remedy(
    r_hat: float, size: float, preliminary: bool
) -> None:
    found = Convergence(r_hat, size, 400)
    assert found.preliminary == preliminary
    assert (found.note is not None) == preliminary
    if found.note:
        assert found.note.startswith("preliminary: ")
        assert "raise draws, now 400, under [track]" in found.note
        assert "; " not in found.note  # which separates notes
