"""What seasons say of the inference: whether intervals hold, how wide they are, and the bias."""

import numpy as np
from pandas import DataFrame, Series


def held(rows: DataFrame) -> Series:
    """Whether the 90 % interval contains the true number of visits, season by season."""
    return rows.visits.between(rows.visits_low, rows.visits_high)


def relative_error(found: Series, true: Series) -> float:
    """Error of the sum as a part of the truth; not a number without any."""
    return float(found.sum() / true.sum() - 1) if true.sum() > 0 else np.nan


def half_width(rows: DataFrame) -> Series:
    """Half of the 90 % interval of visits, season by season."""
    return (rows.visits_high - rows.visits_low) / 2


def relative_error_sigma(found: Series, true: Series) -> float:
    """Standard error of `relative_error`; not a number without a truth, or of one season."""
    if not true.sum() > 0:
        return np.nan
    off = found - true * (found.sum() / true.sum())
    return float(off.std() * np.sqrt(len(off)) / true.sum())
