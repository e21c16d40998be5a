"""Table of `cargo xtask bench coloc`: python run.py PROGRAM SEAGLASS PYTHON FOLDER [TASK...]. The hashes
by way of the command line, Python and Dask follow (`ways.py`).

PROGRAM is the engine's bench example, SEAGLASS the application, PYTHON an interpreter with the wheel, FOLDER holds the work sets (made here when they are missing). Every run is a
process of its own on one thread (the engine also on two); CPU seconds are of the search with everything it needs built
first, reading excluded. Pairs are compared with `reference.json`. The prototype and typhon are those of the project's
benchmark folder, when it lies beside the repository and Python has what it needs.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[3] / "shared" / "bench" / "coloc"
REFERENCE = json.loads((HERE / "reference.json").read_text())
# Scenario names and methods of the other programs; None where they have none.
PEERS = {
    "A": ["scipy", "prototype:blocks", "typhon:typhon"],
    "A20": ["scipy", "prototype:blocks", "typhon:typhon"],
    "B": ["pykdtree", "prototype:tiles", "typhon:typhon"],
    "Ball": ["prototype:tiles"],
    "C1d": [],
    "C1": [],
    "C2": ["pykdtree", "prototype:tiles"],
    "D": ["scipy", "prototype:blocks", "typhon:typhon"],
}


def json_line(command, **environment):
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})
    lines = [l for l in done.stdout.splitlines() if l.startswith("{")]
    if done.returncode != 0 or not lines:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise RuntimeError(f"{' '.join(map(str, command))}: {last}")
    return [json.loads(l) for l in lines]


def peer(name, task, folder):
    """CPU seconds, peak MB, pairs, hash of another program."""
    if ":" in name:
        kind, method = name.split(":")
        if not (SHARED / "methods.py").exists():
            raise RuntimeError("the project's benchmark folder is not beside the repository")
        found = json_line([sys.executable, "-B", str(SHARED / "methods.py"), task, method], COLOC_DATA=str(folder), NUMBA_CACHE_DIR=str(folder / "numba"))[-1]
        return kind, found["cpu"], found["peak_mb"], found["n"], found["sum64"]
    found = json_line([sys.executable, str(HERE / "peers.py"), name, task, str(folder)])[-1]
    return name, found["cpu_s"], found["peak_mb"], found["pairs"], found["sum64"]


def check_inputs(folder):
    wrong = []
    for name, columns in REFERENCE["inputs"].items():
        for column, expected in columns.items():
            data = np.load(folder / f"{name}.{column}.npy", mmap_mode="r")
            if hashlib.sha256(np.ascontiguousarray(data).tobytes()).hexdigest() != expected:
                wrong.append(f"{name}.{column}")
    print("inputs: as in the reference" if not wrong else f"inputs differ from the reference (another libm?): {', '.join(wrong)}; hashes below may differ too")


def ways(seaglass, python, folder, chosen):
    """The same by the command line, Python and Dask; whether all went well."""
    tasks = [t for t in chosen if t not in ("C1", "C1d", "live")]
    if chosen and not tasks:
        return True
    return subprocess.run([python, HERE / "ways.py", folder, seaglass, *tasks]).returncode == 0


def main():
    program, seaglass, python, folder, *chosen = sys.argv[1:]
    folder = Path(folder)
    subprocess.run([sys.executable, str(HERE / "gen.py"), str(folder)], check=True)
    check_inputs(folder)
    wrong = 0
    print(f"{'task':5} {'metric':6} {'program':10} {'threads':>7} {'CPU s':>8} {'wall s':>8} {'peak MB':>8} {'pairs':>9} {'hash':16}  against ours")
    for task in [t for t in PEERS if not chosen or t in chosen]:
        ours = None
        for threads in ("1", "2"):
            for f in json_line([program, str(folder), threads, task]):
                pairs, sum64 = REFERENCE["answers"][task][f["metric"]]
                right = (f["pairs"], f["sum64"]) == (pairs, sum64)
                wrong += not right
                if threads == "1" and f["metric"] == "S":
                    ours = f["cpu_s"]
                note = "" if right else f"expected {pairs} {sum64}"
                print(f"{task:5} {f['metric']:6} {'seaglass':10} {threads:>7} {f['cpu_s']:8.3f} {f['wall_s']:8.3f} {f['peak_mb']:8.0f} {f['pairs']:9} {f['sum64']}  {note}", flush=True)
        for name in PEERS[task]:
            try:
                title, cpu, peak, pairs, sum64 = peer(name, task, folder)
            except RuntimeError as e:
                print(f"{task:5} {'S':6} {name:10} not run: {e}")
                continue
            same = "" if sum64 == REFERENCE["answers"][task]["S"][1] else "other pairs"
            print(f"{task:5} {'S':6} {title:10} {1:>7} {cpu:8.3f} {'':8} {peak:8.0f} {pairs:9} {sum64}  {cpu / ours:5.1f} x {same}", flush=True)
    if not chosen or "live" in chosen:
        for threads in ("1", "2"):
            for f in json_line([program, str(folder), threads, "live"]):
                print(f"live  10^7 candidates, nearest {f['nearest']}, {threads} thread(s): mean {f['mean_ms']} ms, worst {f['worst_ms']} ms, CPU {f['cpu_ms']} ms a frame")
    ways_agree = ways(seaglass, python, folder, chosen)
    if wrong:
        sys.exit(f"{wrong} runs found other pairs than the reference")
    if not ways_agree:
        sys.exit("the command line, Python or Dask failed or found other pairs: see above")


main()
