//! Codebooks: where codes come from and how they learn.

mod check;
mod cvq;
mod ema;
mod fixed;
mod kmeans;
mod learned;
mod projected;
mod projection;
mod random_rows;
mod revival;
mod scatter;
mod shared;
mod simvq;

pub use self::cvq::{Anchor, CvqCodebook, CvqConfig};
pub use self::ema::{CodebookInit, EmaCodebook, EmaConfig};
pub use self::fixed::FixedCodebook;
pub use self::kmeans::{Clusters, kmeans};
pub use self::learned::LearnedCodebook;
pub use self::projected::ProjectedCodebook;
pub use self::revival::{RevivalConfig, RevivalSource};
pub use self::scatter::{ClusterSums, scatter_sums};
pub use self::shared::SharedCodebook;
pub use self::simvq::{SimVqCodebook, SimVqConfig};
