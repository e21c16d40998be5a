"""Files that are there completely or not at all."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ._engine import ColocationError


def _sentence(path: Path, e: OSError) -> ColocationError:
    reason = {28: "the disk is full; make room and run again", 13: "permission is denied; choose another folder"}
    why = reason.get(e.errno or 0, (e.strerror or str(e)).lower())
    return ColocationError(f"{path} cannot be written: {why}")


def write_with(path: Path, write: Callable[[str], Any]) -> None:
    """Lets `write` make a file under another name, and gives it its own when it is on the disk."""
    aside = path.with_name(f".{path.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.writing")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(str(aside))
        with aside.open("rb") as f:
            os.fsync(f.fileno())
        os.replace(aside, path)
    except OSError as e:
        raise _sentence(path, e) from e
    finally:
        aside.unlink(missing_ok=True)


def write_atomic(path: Path, data: bytes) -> None:
    """Writes a file."""
    write_with(path, lambda name: Path(name).write_bytes(data))
