"""What comes with gnomon is found in the repository and in an installed wheel."""

from pathlib import Path

from gnomon.datamodel import shipped as module
from gnomon.datamodel.ports import read_ports
from gnomon.datamodel.shipped import shipped


def test_the_ports_that_come_with_gnomon_can_be_read():
    assert "vostochny" in read_ports(shipped("configs") / "ports.geojson")


def test_folders_beside_the_package_come_first(tmp_path, monkeypatch):
    """A wheel carries them inside of the package, a repository two floors above it."""
    package = tmp_path / "pipeline" / "gnomon"
    (package / "datamodel").mkdir(parents=True)
    monkeypatch.setattr(module, "__file__", str(package / "datamodel" / "shipped.py"))
    assert shipped("configs") == tmp_path / "configs"
    (package / "configs").mkdir()
    assert shipped("configs") == package / "configs"


def test_weights_lie_beside_their_card():
    for weights in shipped("models").glob("*/weights.safetensors"):
        assert Path(weights.parent / "model.toml").is_file()
