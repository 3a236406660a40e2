"""Look the versions of a lock up among known vulnerabilities, with pip-audit.

pip-audit calls a package that its service does not know skipped, and then says that it found no
vulnerability. Here what was not looked up is counted, and where nothing could be, that is what the
one line says: it is not a pass. What the lock leaves out (torch, torchvision) is not looked up.
"""

import json
import subprocess
import sys
from pathlib import Path

NOT_REACHED = ("ConnectionError", "ProxyError", "Timeout", "ServiceError", "ConnectTimeout")


def main(lock: str) -> int:
    """Audit a lock; 1 if a version is vulnerable, or pip-audit fails otherwise than by network."""
    options = ["--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
    tool = Path(sys.executable).with_name("pip-audit")
    done = subprocess.run(  # noqa: S603 - our own tool, beside this Python
        [tool, "--requirement", lock, *options], capture_output=True, text=True, check=False
    )
    line, code = verdict(done.stdout, done.stderr)
    sys.stdout.write(f"{line}\n")
    return code


def verdict(found: str, complaints: str) -> tuple[str, int]:
    """What to print, and the exit status.

    Parameters
    ----------
    found
        JSON of pip-audit; empty if it failed.
    complaints
        What it wrote to standard error.

    """
    try:
        packages = json.loads(found)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = (complaints.strip().splitlines() or ["no output"])[-1]
        if any(name in last for name in NOT_REACHED):
            return (
                "skipped: the service cannot be reached, nothing is checked",
                0,
            )
        return f"pip-audit failed: {last}", 1
    missed = [one["name"] for one in packages if "skip_reason" in one]
    if len(missed) == len(packages):
        return f"skipped: the service knows none of {len(packages)} packages, nothing is checked", 0
    lines = [
        f"{one['name']} {one['version']}: {fault['id']}, mended in "
        f"{', '.join(fault.get('fix_versions') or ()) or 'no version yet'}"
        for one in packages
        for fault in one.get("vulns", ())
    ]
    known = f"{len(packages) - len(missed)} of {len(packages)} packages looked up"
    unknown = f"; unknown to the service: {', '.join(missed)}" if missed else ""
    lines.append(f"{known}, {len(lines)} known vulnerabilities{unknown}")
    return "\n".join(lines), int(len(lines) > 1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
