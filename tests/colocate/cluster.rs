//! The walk-through of `docs/colocation-at-scale.md` for SLURM, word for word, with stand-ins for `srun` and `sbatch`
//! that do in turn what a cluster does at once.

#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::support::{Table, job, run, side};

/// Leaves out the options and does the rest.
const SRUN: &str = r#"#!/bin/sh
while [ "${1#-}" != "$1" ]; do shift; done
exec "$@"
"#;

/// Runs every element of the array, the last first, and one of them twice, as a requeued one is; with `--wrap` the
/// command itself. What a dependency waits for has ended.
const SBATCH: &str = r#"#!/bin/sh
set -e
while [ "${1#-}" != "$1" ]; do
    if [ "$1" = --wrap ]; then exec sh -c "$2"; fi
    shift
done
last=$(sed -n 's/^#SBATCH --array=1-//p' "$1")
for k in $(seq "$last" -1 1) 2; do
    SLURM_ARRAY_TASK_ID=$k bash "$1" >> shards.log
done
echo 4711
"#;

#[test]
fn the_slurm_walk_through_does_what_it_says() {
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/colocation-at-scale.md")).unwrap();
    let script = text.split("## SLURM").nth(1).unwrap().split("```sh").nth(1).unwrap().split("```").next().unwrap();
    assert!(script.contains("--array=1-64") && script.contains("sbatch --dependency"), "{script}");
    let dir = tempfile::tempdir().unwrap();
    let bin = dir.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let program = format!("#!/bin/sh\nexec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_seaglass"));
    for (name, text) in [("srun", SRUN), ("sbatch", SBATCH), ("seaglass", program.as_str())] {
        std::fs::write(bin.join(name), text).unwrap();
        std::fs::set_permissions(bin.join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let sides = [side("drifters", "gdp6h*", "fields = ['temp']"), side("sst", "*L2P_GHRSST*", "fields = ['sst_best']")];
    let mut spec = job(dir.path(), "10 km", "3 h", "kind = 'nearest'", &sides);
    spec.run.slab = Some("20 min".into());
    spec.run.cache = Some(dir.path().join("outlines"));
    std::fs::write(dir.path().join("job.toml"), spec.to_toml().unwrap()).unwrap();
    let path = std::env::var("PATH").unwrap();
    let out = Command::new("bash")
        .args(["-e", "-c", script])
        .current_dir(dir.path())
        .env("PATH", format!("{}:{path}", bin.display()))
        .output()
        .unwrap();
    assert!(out.status.success(), "{}\n{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    let whole = tempfile::tempdir().unwrap();
    let (one, table) = run(job(whole.path(), "10 km", "3 h", "kind = 'nearest'", &sides));
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(one.rows > 0 && said.contains(&one.pairs_sum64.unwrap()), "{said}");
    assert_eq!(Table::read(&spec.output.path).content(), table.content());
}
