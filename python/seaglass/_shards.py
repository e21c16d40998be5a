"""`seaglass colocate` as a task."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from ._engine import ColocationError

#: A scheduler holds more with ease, but each shard reads the outlines of all files.
MOST = 1000
#: Exit code when granules could not be read; the rest is done, and the outcome names them.
_INCOMPLETE = 3


def call(what: str, program: str, job: str, threads: int, shard: str | None) -> dict[str, Any]:
    """Runs the program; gives what it says as JSON."""
    command = [program, "colocate", what, job, "--threads", str(threads), "--json"]
    if shard is not None:
        command += ["--shard", shard]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as e:
        raise ColocationError(
            f"the program {program} cannot be started on a worker ({(e.strerror or str(e)).lower()});"
            " install it there, or say program=..."
        ) from e
    if done.returncode in (0, _INCOMPLETE):
        try:
            said: dict[str, Any] = json.loads(done.stdout)
        except ValueError:
            # Nothing could be read at all: the sentence is on standard error.
            pass
        else:
            return said
    raise ColocationError(_sentence(done.stderr) or f"{program} colocate {what} ended with {done.returncode}")


def _sentence(text: str) -> str:
    for line in text.splitlines():
        try:
            error = json.loads(line)["error"]
        except (ValueError, KeyError, TypeError):
            continue
        return f"{error['message']} ({error['file']})" if error.get("file") else str(error["message"])
    return (text.strip().splitlines() or [""])[-1]
