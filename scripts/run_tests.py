"""All tests on two workers, which fill a machine of two cores with servers and browsers. A few that failed are asked
once more, alone: who fails again is broken; who passes is named as unstable, to be mended as any other fault."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

FAILED = Path("build/pytest-cache/v/cache/lastfailed")  # as pytest writes it
FEW = 5
TESTS_FAILED = 1  # pytest's exit code; any other than 0 means that they could not be run


def main(arguments: list[str]) -> int:
    FAILED.unlink(missing_ok=True)
    code = pytest("-n", "2", "--dist", "loadgroup", "--no-loadscope-reorder", *arguments)
    failed = sorted(json.loads(FAILED.read_text("utf-8"))) if FAILED.exists() else []
    if code != TESTS_FAILED or not 0 < len(failed) <= FEW:
        return code
    say(f"{len(failed)} failed beside the others and are asked once more, alone.")
    code = pytest("-n", "0", "--last-failed", "--last-failed-no-failures", "none", *arguments)
    for test in failed if code == 0 else []:
        say(f"UNSTABLE, failed once of two times: {test}")
    return code


def pytest(*arguments: str) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *arguments]).returncode


def say(text: str) -> None:
    sys.stdout.write(f"\n{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
