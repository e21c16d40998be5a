"""The notebook about the viewer runs, and its pictures show something."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.mark.skipif(not os.environ.get("SEAGLASS"), reason="skipped: SEAGLASS names no program")
def test_the_notebook_of_the_viewer_runs(tmp_path):
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    book = nbformat.read(EXAMPLES / "viewer.ipynb", as_version=4)
    assert not any(c.get("outputs") for c in book.cells), "the notebook is kept without its results"
    try:
        NotebookClient(book, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    except CellExecutionError as e:
        if "Nothing can be drawn" in str(e):
            print("no graphics adapter")
            return
        raise
    outputs = [o for c in book.cells for o in c.get("outputs", [])]
    said = "".join(o.get("text", "") for o in outputs if o.output_type == "stream")
    assert "5 frames; the first and the last differ in most of the picture" in said, said
    # The top of the hill, and by the formula its mean over the cells from 60 to 62 W and 37 to 39 N.
    assert "0.400000 m at -61.0, 38.0" in said, said
    pictures = [o.data["image/png"] for o in outputs if "image/png" in o.get("data", {})]
    assert len(pictures) == 2 and all(len(base64.b64decode(p)) > 5_000 for p in pictures)
    if keep := os.environ.get("SEAGLASS_FIGURES"):
        for k, p in enumerate(pictures):
            Path(keep, f"viewer{k}.png").write_bytes(base64.b64decode(p))
