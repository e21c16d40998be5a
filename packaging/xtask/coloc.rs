//! `cargo xtask bench coloc [TASK…]`: the colocation engine on the reference work sets, beside what else there is.

use crate::shell::{Result, cargo, command, root, run, target};
use crate::system::venv;

/// What makes the work sets and the other ways. numba and typhon serve the project's own prototype runs.
const PACKAGES: &[&str] = &["numpy==2.4.6", "scipy==1.17.1", "pykdtree==1.4.3", "numba==0.68.1", "typhon==0.10.0"];

/// Builds the engine's bench program and prints the table of `packaging/bench/coloc/run.py`; fails when a hash differs
/// from the reference.
pub fn bench(tasks: &[String]) -> Result<()> {
    run(cargo().args(["build", "--release", "--package", "seaglass-coloc", "--example", "bench"]))?;
    let program = target().join("release").join("examples").join(format!("bench{}", std::env::consts::EXE_SUFFIX));
    let python = venv("bench-coloc", PACKAGES)?;
    let script = root().join("packaging").join("bench").join("coloc").join("run.py");
    run(command(python).arg(script).arg(program).arg(target().join("bench").join("coloc")).args(tasks))
}
