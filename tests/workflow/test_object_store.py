"""Results and tables in an object store: whole or absent, also where a writer dies half-way."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import fsspec
import pytest

from gnomon.catalog.versions import VersionReader
from gnomon.datamodel.errors import StoreError, StudyError
from gnomon.datamodel.study import Study
from gnomon.workflow import batch as parts
from gnomon.workflow import object_store
from gnomon.workflow.batch import Batch, TaskList
from gnomon.workflow.object_store import MANIFEST, ObjectStore
from gnomon.workflow.plan import Names, plan_ports
from gnomon.workflow.run import gather, run
from gnomon.workflow.seals import SEAL
from gnomon.workflow.store import Result, Store
from gnomon.workflow.tasks import task_lines, write_tasks
from small_tables import cutout, observation, ship


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """Address of a real server of the S3 protocol on this machine."""
    from moto.server import ThreadedMotoServer  # slow to import

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "an-id")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "SECRET")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        fsspec.filesystem("s3", skip_instance_cache=True).mkdir("runs")
        yield "s3://runs"
    server.stop()


@pytest.fixture(params=["file", pytest.param("s3", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a place of one test alone."""
    if request.param == "file":
        return f"file://{tmp_path}/elsewhere"
    return f"{request.getfixturevalue('s3')}/{tmp_path.name}"


@pytest.fixture
def result() -> Result:
    return Result(observation(), ship(), cutout())


def fail_at(monkeypatch: pytest.MonkeyPatch, place: ObjectStore, name: str) -> None:
    """A connection that breaks at one file."""
    files: Any = place._files
    put = files.put_file

    def breaking(own: str, there: str, **more: Any) -> None:
        if Path(own).name == name:
            raise ConnectionError("connection reset")
        put(own, there, **more)

    monkeypatch.setattr(files, "put_file", breaking)


def test_another_machine_finds_a_result_whole(url: str, tmp_path: Path, result: Result) -> None:
    one = Store(tmp_path / "one", ObjectStore(url))
    one.put("a" * 16, result)
    other = Store(tmp_path / "other", ObjectStore(url))
    assert other.get("b" * 16) is None
    found = other.get("a" * 16)
    assert found is not None
    assert found.detections.equals(result.detections)
    assert other.evidence("a" * 16).equals(one.evidence("a" * 16))
    assert other.names() == {"a" * 16}
    other.remove("a" * 16)
    assert Store(tmp_path / "third", ObjectStore(url)).get("a" * 16) is None


def test_a_result_without_its_seal_does_not_count_and_is_put_again(
    url: str, tmp_path: Path, result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, name = ObjectStore(url), "a" * 16
    fail_at(monkeypatch, place, SEAL)
    with pytest.raises(StoreError, match=r"cannot be written \(connection reset\)"):
        Store(tmp_path / "one", place).put(name, result)
    other = Store(tmp_path / "other", ObjectStore(url))
    assert other.get(name) is None
    assert other.names() == set()
    # The machine that made it has it, and lets the others see it when it is asked next.
    assert Store(tmp_path / "one", ObjectStore(url)).find(name) is not None
    assert other.get(name) is not None


def test_a_damaged_result_is_made_again_for_all(url: str, tmp_path: Path, result: Result) -> None:
    name = "a" * 16
    Store(tmp_path / "one", ObjectStore(url)).put(name, result)
    files, root = fsspec.core.url_to_fs(url)
    files.pipe_file(f"{root}/store/{name}/detections.parquet", b"damaged")
    other = Store(tmp_path / "other", ObjectStore(url))
    assert other.get(name) is None
    assert other.damaged == (f"{name}: detections.parquet does not match its checksum",)
    other.put(name, result)
    assert Store(tmp_path / "third", ObjectStore(url)).get(name) is not None


def tables(folder: Path, text: str) -> list[Path]:
    folder.mkdir(exist_ok=True)
    for name in ("visits.parquet", "run.json"):
        (folder / name).write_text(f"{name} {text}")
    return [folder / "visits.parquet", folder / "run.json"]


def test_tables_count_all_at_once(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read() -> set[str]:
        files, root = fsspec.core.url_to_fs(url, use_listings_cache=False)
        chosen = json.loads(files.cat_file(f"{root}/{MANIFEST}"))
        return {files.cat_file(f"{root}/{chosen['folder']}/{name}").decode().split()[1]
                for name in chosen["sha256"]}  # fmt: skip

    assert ObjectStore(url).put_tables(tables(tmp_path / "run", "old")).startswith(url)
    broken = ObjectStore(url)
    fail_at(monkeypatch, broken, "run.json")
    with pytest.raises(StoreError, match="connection reset"):
        broken.put_tables(tables(tmp_path / "run", "new"))
    assert read() == {"old"}
    for text in ("new", "newer"):
        ObjectStore(url).put_tables(tables(tmp_path / "run", text))
        assert read() == {text}
    files, root = fsspec.core.url_to_fs(url, use_listings_cache=False)
    left = {files.cat_file(path).decode().split()[1] for path in files.find(f"{root}/tables")}
    assert left == {"new", "newer"}  # and the one before, for whoever is reading it


def test_what_is_no_place_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StudyError, match="has keys in it; give them by the environment"):
        ObjectStore("s3://id:SECRET@bucket/run")
    with pytest.raises(StudyError, match="name one as s3://bucket/run"):
        ObjectStore("nowhere://bucket/run")

    def lacking(*_: object, **__: object) -> None:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(object_store, "url_to_fs", lacking)
    with pytest.raises(StudyError, match=r"pip install 'gnomon\[s3\]'"):
        ObjectStore("s3://bucket/run")


@pytest.mark.slow
def test_machines_that_share_no_disk_give_the_tables_of_one(
    s3: str, sea: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = Study.model_validate(
        {"name": "test", "catalog": {"url": str(sea)}, "load": {"enabled": False}}
    )
    url = f"{s3}/machines"
    with TaskList(tmp_path / "planner", ObjectStore(url)) as listed:
        for found in plan_ports(study, Names(study), VersionReader(study.catalog)):
            listed.add(found)
        count = write_tasks(listed.texts({}, str), tmp_path / "tasks.jsonl")
    for number in range(1, count + 1):
        own = Batch(study, tmp_path / f"machine-{number % 2}", remote=ObjectStore(url))
        (line,) = task_lines(f"{tmp_path / 'tasks.jsonl'}:{number}")
        assert not own.do(line).failed
    monkeypatch.setattr(parts, "observe", None)  # what one machine made another does not make
    other = Batch(study, tmp_path / "another", remote=ObjectStore(url))
    assert other.do(task_lines(f"{tmp_path / 'tasks.jsonl'}:1")[0]).what == "was there"
    results = gather(study, tmp_path / "last", remote=ObjectStore(url))
    assert len(results.failed) == 0
    run(study, tmp_path / "whole")
    for name in ("detections", "observations", "visits"):
        one, whole = (tmp_path / folder / f"{name}.parquet" for folder in ("last", "whole"))
        assert one.read_bytes() == whole.read_bytes()
    files, root = fsspec.core.url_to_fs(url, use_listings_cache=False)
    folder = json.loads(files.cat_file(f"{root}/{MANIFEST}"))["folder"]
    with files.open(f"{root}/{folder}/detections.parquet", "rb") as file:
        (tmp_path / "fetched.parquet").write_bytes(file.read())
    (rows,) = duckdb.sql(f"select count(*) from '{tmp_path}/fetched.parquet'").fetchone() or (0,)
    assert rows == len(results.detections) > 0
    every = (files.cat_file(path) for path in files.find(root))
    assert not any(b"SECRET" in content or b"an-id" in content for content in every)
