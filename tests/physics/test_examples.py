"""The examples of docs/physics.md give the numbers that stand beside them."""

import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "physics.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_the_examples_run_and_their_numbers_are_true(block, capsys) -> None:
    names: dict[str, Any] = {}
    if "from gnomon" not in block:
        exec(BLOCKS[0], names)  # the second block goes on from the first
    exec(block, names)
    for line in block.splitlines():
        code, _, comment = line.partition("  # ")
        number = re.match(r"-?\d+(\.\d+)?( %)?", comment)
        if number is None:
            continue
        expected, percent = number[0].removesuffix(" %"), number[2] is not None
        value = eval(code.partition(" = ")[2] or code, names)
        digits = len(expected.partition(".")[2])
        assert round(float(value) * (100 if percent else 1), digits) == float(expected), line
    printed = capsys.readouterr().out
    assert not printed or "diesel 417760 134048" in printed
