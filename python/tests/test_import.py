"""The package with nothing but what it declares to need."""

import subprocess
import sys

ALONE = """
import sys

ALLOWED = {"seaglass", "numpy", *sys.stdlib_module_names}

class Gate:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in ALLOWED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Gate())
import seaglass
import numpy as np

a = {"lon": np.array([0.0]), "lat": np.array([0.0]), "time": np.array(["2024-01-01"], "M8[us]")}
print(len(seaglass.colocate(a, a, radius="1 km", window="1 h")))
"""


def test_numpy_is_enough():
    # In isolated mode: without the current folder, where Python could find the sources in place of the wheel.
    done = subprocess.run([sys.executable, "-I", "-c", ALONE], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "1"), done.stderr
