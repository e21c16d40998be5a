"""The examples run on the sample day and say what they should."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.mark.skipif(not os.environ.get("SEAGLASS_SAMPLE"), reason="skipped: SEAGLASS_SAMPLE names no sample day")
def test_the_notebook_runs_on_the_sample_day(tmp_path):
    import nbformat
    from nbclient import NotebookClient

    book = nbformat.read(EXAMPLES / "swot_drifters_sst.ipynb", as_version=4)
    assert not any(c.get("outputs") for c in book.cells), "the notebook is kept without its results"
    NotebookClient(book, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [o for c in book.cells for o in c.get("outputs", [])]
    said = "".join(o.get("text", "") for o in outputs if o.output_type == "stream" and o.name == "stdout")
    assert "11513 drifter rows, 4082040 SWOT pixels in 6 passes" in said
    task_line = next(line for line in said.splitlines() if " tasks: " in line)
    assert task_line.count(task_line.split("hash ")[1][:16]) == 2, task_line
    figures = [o.data["image/png"] for o in outputs if o.output_type == "display_data"]
    assert len(figures) == 3 and all(len(base64.b64decode(f)) > 10_000 for f in figures)
    if keep := os.environ.get("SEAGLASS_FIGURES"):
        for k, f in enumerate(figures):
            Path(keep, f"figure{k}.png").write_bytes(base64.b64decode(f))
