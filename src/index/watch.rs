//! What changes in a folder while it is open: told by the system where it can, else by looking again and again.

use std::path::{Path, PathBuf};

use crossbeam::channel::Sender;
use notify::event::EventKind;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

/// Changes that may wait; beyond this a full walk is due anyway.
pub(crate) const WAITING: usize = 4096;

/// One thing that has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Something at this path was made, changed or removed.
    At(PathBuf),
    /// Changes were missed.
    Missed,
}

/// A watch on a folder and all below it, for as long as it lives.
pub(crate) struct Watch {
    _system: RecommendedWatcher,
}

impl Watch {
    /// Has the system tell of changes; `None` where it cannot: on network shares it does not hear what others write, and
    /// every system has a limit of folders watched.
    pub fn start(root: &Path, tell: Sender<Change>, wake: impl Fn() + Send + 'static) -> Option<Self> {
        if is_shared(root) {
            return None;
        }
        let heard = move |event: notify::Result<notify::Event>| {
            let changes: Vec<Change> = match event {
                Ok(e) if e.need_rescan() => vec![Change::Missed],
                Ok(e) if matches!(e.kind, EventKind::Access(_)) => Vec::new(),
                Ok(e) => e.paths.into_iter().map(Change::At).collect(),
                Err(e) => {
                    log::warn!("changes of the folder were missed: {e}");
                    vec![Change::Missed]
                }
            };
            for change in changes {
                // Full: the receiver sees that, too, and walks.
                if tell.try_send(change).is_err() {
                    break;
                }
            }
            wake();
        };
        let mut system = notify::recommended_watcher(heard).map_err(|e| log::warn!("{}: {e}", root.display())).ok()?;
        if let Err(e) = system.watch(root, RecursiveMode::Recursive) {
            log::warn!("{} is looked at again and again, as the system cannot tell of changes: {e}", root.display());
            return None;
        }
        Some(Self { _system: system })
    }
}

/// Whether a folder lies on another machine.
fn is_shared(root: &Path) -> bool {
    if root.as_os_str().as_encoded_bytes().starts_with(br"\\") {
        return true;
    }
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    kind_of_mount(&mounts, root).is_some_and(|kind| is_of_network(&kind))
}

/// File systems of other machines, as Linux names them.
fn is_of_network(kind: &str) -> bool {
    const NAMES: &[&str] = &["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "gpfs", "beegfs"];
    NAMES.contains(&kind) || ["fuse.sshfs", "fuse.rclone", "fuse.glusterfs", "fuse.s3fs"].contains(&kind)
}

/// Kind of the file system that holds a path (`proc_pid_mountinfo(5)`: fields up to a lone `-`, then the kind).
fn kind_of_mount(mounts: &str, path: &Path) -> Option<String> {
    let of_line = |line: &str| {
        let (place, rest) = line.split_once(" - ")?;
        let point = place.split(' ').nth(4)?.replace("\\040", " ");
        path.starts_with(&point).then(|| (point.len(), rest.split(' ').next().unwrap_or_default().to_owned()))
    };
    mounts.lines().filter_map(of_line).max_by_key(|(len, _)| *len).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_told_apart() {
        // Lines in the form of proc_pid_mountinfo(5).
        let mounts = "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
                      90 21 0:50 / /data rw - nfs4 server:/export rw\n\
                      91 21 0:51 / /data/my\\040disk rw - ext4 /dev/sdb1 rw\n";
        let kind = |p: &str| kind_of_mount(mounts, Path::new(p)).unwrap();
        assert_eq!(kind("/srv/x"), "ext4");
        assert_eq!(kind("/data/swot"), "nfs4");
        assert_eq!(kind("/data/my disk/swot"), "ext4");
        assert_eq!(kind("/database"), "ext4");
        assert!(is_of_network("nfs4") && is_of_network("cifs") && !is_of_network("ext4") && !is_of_network("tmpfs"));
    }
}
