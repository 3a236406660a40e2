"""Make a lock from what uv resolved: versions and hashes, and no address of any index.

CUDA's own packages go with PyPI's build of torch and are left out with it: each processor and GPU
has its own build, and one that is installed is left as it is.
"""

import re
import sys
from pathlib import Path

HEAD = """\
# Versions and the hashes of their files: `make lock` writes this, `make locked` installs it. The
# tests were run with those for Python 3.11; those for later Pythons were resolved only. torch and
# torchvision are not here, because each processor and GPU has its own build: one that is installed
# already is left as it is.
"""
LEFT_OUT = re.compile(r"^(nvidia-|cuda-|torch|triton)", re.IGNORECASE)


def locked(resolved: str) -> str:
    """Requirements with hashes, without torch and what only torch's builds need."""
    blocks = re.split(r"\n(?=[A-Za-z0-9])", resolved.strip())
    kept = [block for block in blocks if not LEFT_OUT.match(block)]
    return HEAD + "\n".join(kept) + "\n"


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    target.write_text(locked(source.read_text(encoding="utf-8")), encoding="utf-8")
