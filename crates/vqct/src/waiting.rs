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
    let error = match env::current_exe() {
        Ok(program) => {
            let mut arguments = env::args_os();
            let mut command = Command::new(program);
            if let Some(name) = arguments.next() {
                command.arg0(name);
            }
            command.args(arguments).env(POLICIES[0], "passive").exec()
        }
        Err(error) => error,
    };
    eprintln!("warning: expected a restart with {}=passive, got: {error}; OpenMP threads spin", POLICIES[0]);
}

/// Other platforms cannot replace a process: threads wait as OpenMP's default is.
#[cfg(not(unix))]
pub(crate) fn wait_passively() {}
