//! NVRTC, with which the tests compile every CUDA kernel, on machines without a GPU too.

use std::env;

use anyhow::Result;

use crate::wheels::Wheels;
use crate::workspace::Workspace;

/// Name below `.libtorch`; the tests of `vq-core` look there.
const FOLDER: &str = "nvrtc-13.0.88";

const NVRTC: Wheels = Wheels {
    name: "NVRTC 13.0",
    requirements: include_str!("../requirements/nvrtc.txt"),
    needed_mib: 600,
    otherwise: "leave out the tests of vq-core",
};

/// Installs it unless it is there. Other platforms than that of the wheel have no test that needs it.
pub(crate) fn ensure(workspace: &Workspace) -> Result<()> {
    if (env::consts::OS, env::consts::ARCH) != ("linux", "x86_64") {
        return Ok(());
    }
    NVRTC.ensure(&workspace.libtorch().join(FOLDER), |_| Ok(()))
}
