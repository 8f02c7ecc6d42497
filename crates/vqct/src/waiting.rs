//! OpenMP threads that sleep while they wait.

use std::env;
use std::process::Command;

/// Variables that set how OpenMP threads wait; a user who sets one of them decides.
const POLICIES: [&str; 3] = ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"];

/// Restarts this process with `OMP_WAIT_POLICY=passive`, unless the environment already sets a policy.
///
/// By default, OpenMP threads spin while they wait for work, and two trainings on the same cores slow each other down
/// far more than to one half. libtorch's OpenMP reads the variable when it is loaded, before `main`.
#[cfg(unix)]
pub(crate) fn wait_passively() {
    use std::os::unix::process::CommandExt;

    if POLICIES.iter().any(|policy| env::var_os(policy).is_some()) {
        return;
    }
    let mut arguments = env::args_os();
    let Ok(program) = env::current_exe() else { return };
    let mut command = Command::new(program);
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    let error = command.args(arguments).env(POLICIES[0], "passive").exec();
    eprintln!(
        "warning: OpenMP threads spin while they wait, since the restart with {}=passive failed: {error}",
        POLICIES[0]
    );
}

#[cfg(not(unix))]
pub(crate) fn wait_passively() {}
