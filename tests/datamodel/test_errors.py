"""Errors are one line, name their item, and survive the way between processes."""

import inspect
import pickle

import pytest

from gnomon.datamodel import errors

KINDS = [
    kind
    for kind in vars(errors).values()
    if inspect.isclass(kind) and issubclass(kind, errors.GnomonError)
]


def test_an_asset_error_names_item_and_asset_in_one_line():
    error = errors.AssetError("S2B_52TGN", "B04", "cannot be opened; look at its address")
    assert str(error) == "S2B_52TGN, B04: cannot be opened; look at its address"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_errors_come_back_whole_from_another_process(kind):
    error = kind("item", "asset", "why") if kind is errors.AssetError else kind("what, and where")
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert vars(again) == vars(error)
