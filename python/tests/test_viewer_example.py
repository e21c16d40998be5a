"""The notebook about the viewer runs, and its pictures show something."""

from __future__ import annotations

import os

import pytest
from notebooks import raw, run, said, undrawn


@pytest.mark.skipif(not os.environ.get("SEAGLASS"), reason="skipped: SEAGLASS names no program")
def test_the_notebook_of_the_viewer_runs(tmp_path):
    book = run("viewer", tmp_path)
    if undrawn(book):
        return
    text = said(book)
    assert "5 frames; the first and the last differ in most of the picture" in text, text
    # The top of the hill, and by the formula its mean over the cells from 60 to 62 W and 37 to 39 N.
    assert "0.400000 m at -61.0, 38.0" in text, text
    pictures = raw(book)
    assert len(pictures) == 2 and all(len(data) > 5_000 for _, data in pictures)
