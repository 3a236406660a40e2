"""The project's own files: one version, a lock without addresses, a citation, a change log."""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~ ;]", name)[0]).lower()


def test_the_version_stands_in_one_place() -> None:
    version = PROJECT["version"]
    assert importlib.metadata.version("gnomon") == version
    assert version not in read("CITATION.cff")
    for path in (ROOT / "pipeline" / "gnomon").rglob("*.py"):
        assert f'"{version}"' not in path.read_text(encoding="utf-8"), path


def test_the_change_log_has_this_version_and_an_unreleased_section() -> None:
    heads = re.findall(
        r"^## \[(.+?)\](?: - (\d{4}-\d\d-\d\d))?$", read("CHANGELOG.md"), re.MULTILINE
    )
    assert heads[0] == ("Unreleased", "")
    assert heads[1][0] == PROJECT["version"]
    dates = [day for _, day in heads[1:]]
    assert all(dates)
    assert dates == sorted(dates, reverse=True)


def test_every_target_of_make_says_what_it_does() -> None:
    makefile = read("Makefile")
    phony = re.search(r"\.PHONY: (.*?)\n\n", makefile, re.DOTALL)
    assert phony
    described = set(re.findall(r"^([a-z-]+):.*## \S", makefile, re.MULTILINE))
    silent = set(phony[1].replace("\\\n", " ").split()) - described
    assert silent == {"page-packages"}


def test_the_lock_has_hashes_and_no_address() -> None:
    lock = read("configs/requirements.lock")
    assert not re.search(r"https?:|file:|index|find-links|@", lock)
    blocks = re.split(r"\n(?=[a-z])", lock)[1:]
    assert all("--hash=sha256:" in block for block in blocks)
    assert not re.search(r"^(torch|nvidia|triton|cuda)", lock, re.MULTILINE)


def test_the_lock_has_every_dependency_within_its_bounds() -> None:
    pinned = dict(
        re.findall(
            r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", read("configs/requirements.lock"), re.MULTILINE
        )
    )
    locked = {canonical(name): version for name, version in pinned.items()}
    for requirement in PROJECT["dependencies"]:
        name = canonical(requirement)
        if name in ("torch", "torchvision"):
            continue
        least = re.search(r">=([\d.]+)", requirement)
        assert least
        found, asked = ([int(n) for n in v.split(".")[:3]] for v in (locked[name], least[1]))
        assert found >= asked, f"{name} {locked[name]} is below {least[1]}"


def test_what_is_locked_drops_torch_and_keeps_markers_and_hashes() -> None:
    import sys

    sys.path.insert(0, str(ROOT / "docs" / "scripts"))
    from lock import locked

    resolved = (
        "affine==3.0.1 \\\n    --hash=sha256:aa\n"
        "nvidia-cublas==1 ; sys_platform == 'linux' \\\n    --hash=sha256:bb\n"
        "torch==2.14.1 \\\n    --hash=sha256:cc\n"
        "zipp==4.1.2 ; python_full_version < '3.12' \\\n    --hash=sha256:dd\n"
    )
    kept = [line for line in locked(resolved).splitlines() if not line.startswith("#")]
    assert kept == [
        "affine==3.0.1 \\", "    --hash=sha256:aa",
        "zipp==4.1.2 ; python_full_version < '3.12' \\", "    --hash=sha256:dd",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("found", "complaints", "code", "words"),
    [
        ("", "trace\nrequests.exceptions.ConnectionError: no route", 0, "nothing is checked"),
        ("", "requests.exceptions.ProxyError: refused", 0, "nothing is checked"),
        ("", "ERROR: the lock is broken", 1, "pip-audit failed: ERROR: the lock is broken"),
        ("[]", "", 1, "pip-audit failed: no output"),
        (
            '{"dependencies": [{"name": "a", "skip_reason": "not found"}]}', "", 0,
            "skipped: the service knows none of 1 packages, nothing is checked",
        ),
        (
            '{"dependencies": [{"name": "a", "vulns": []}, {"name": "b", "skip_reason": "?"}]}',
            "", 0,
            "1 of 2 packages looked up, 0 known vulnerabilities; unknown to the service: b",
        ),
        (
            '{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "X-1"}]}]}', "", 1,
            "X-1, mended in no version yet\n1 of 1 packages looked up, 1 known vulnerabilities",
        ),
    ],
)  # fmt: skip
def test_an_audit_passes_only_what_was_looked_up(
    found: str, complaints: str, code: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "docs" / "scripts")
    from audit import verdict

    line, status = verdict(found, complaints)
    assert status == code
    assert line.endswith(words)


def test_the_citation_has_the_fields_of_its_format() -> None:
    """Those that Citation File Format 1.2.0 requires, and the types that it allows.

    cffconvert, the format's own validator, needs an older jsonschema than STAC's validation does.
    """
    cited = yaml.safe_load(read("CITATION.cff"))
    assert cited["cff-version"] == "1.2.0"
    assert cited["type"] in ("software", "dataset")
    assert {"message", "title", "authors"} <= cited.keys()
    assert all("name" in who or "family-names" in who for who in cited["authors"])
    assert cited["license"] == PROJECT["license"]
    for work in cited["references"]:
        assert {"type", "title", "authors"} <= work.keys()
        assert work["type"] in ("article", "book", "data", "report", "software", "website")


@pytest.mark.parametrize(
    "form", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("[!c]*.yml")), ids=lambda p: p.stem
)
def test_an_issue_form_asks_for_something(form: Path) -> None:
    asked = yaml.safe_load(form.read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= asked.keys()
    kinds = {"markdown", "textarea", "input", "dropdown", "checkboxes"}
    assert all(part["type"] in kinds for part in asked["body"])
    names = [part["id"] for part in asked["body"]]
    assert len(names) == len(set(names))
    assert any(part.get("validations", {}).get("required") for part in asked["body"])


def test_every_promise_of_security_has_its_test() -> None:
    lines = (ROOT / "SECURITY.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and "| test |" not in line]
    assert len(rows) > 15
    for row in rows:
        named = 0
        for part in row.rpartition(" | ")[2].split("[")[1:]:
            path = re.search(r"\]\((tests/[\w/]+\.py)\)", part)
            assert path, row
            text = (ROOT / path[1]).read_text(encoding="utf-8")
            for name in re.findall(r"`(test_\w+)`", part):
                assert f"def {name}(" in text, name
                named += 1
        assert named, row
