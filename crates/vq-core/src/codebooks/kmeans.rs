//! K-means.

use tch::Tensor;

use super::scatter::{ClusterSums, scatter_sums};
use crate::distance::Distance;
use crate::error::CoreError;
use crate::search::{SearchConfig, nearest_codes};

/// The result of [`kmeans`].
#[derive(Debug)]
pub struct Clusters {
    /// `[K, D]`; normalized if the distance is [`Distance::Cosine`].
    pub means: Tensor,
    /// `[K]`, the number of vectors nearest to each mean in the last round, before the means moved; of the dtype of the
    /// means. Zero if there was no round.
    pub counts: Tensor,
}

/// K-means from given initial means (Lloyd, IEEE Transactions on Information Theory 28, 1982).
///
/// In each of `rounds` rounds, each vector is assigned to the nearest mean, and each mean becomes the mean of its
/// vectors.
///
/// `vectors` is `[N, D]`, `start` is `[K, D]`.
/// With [`Distance::Cosine`] this is spherical k-means: vectors and means are normalized.
/// A mean without vectors does not move; nor, with [`Distance::Cosine`], does one whose vectors sum to zero.
///
/// # Errors
/// Those of [`nearest_codes`]; [`CoreError::Option`] if `rounds` is negative.
pub fn kmeans(vectors: &Tensor, start: &Tensor, rounds: i64, distance: Distance) -> Result<Clusters, CoreError> {
    if rounds < 0 {
        let expected = "a number of rounds >= 0".into();
        return Err(CoreError::Option { op: "kmeans", expected, got: rounds.to_string() });
    }
    tch::no_grad(|| {
        let vectors = distance.prepare(vectors);
        let mut means = distance.prepare(start);
        let mut counts = means.new_zeros([means.size().first().copied().unwrap_or(0)], (means.kind(), means.device()));
        for _ in 0..rounds {
            let ids = nearest_codes(&vectors, &means, SearchConfig { k: 1, distance })?.indices.flatten(0, 1);
            let found = scatter_sums(&vectors, &ids, means.size()[0])?;
            let ClusterSums { counts: assigned, sums } = found;
            let moved = distance.prepare(&(&sums / assigned.clamp_min(1).unsqueeze(1)));
            let unmoved = match distance {
                Distance::L2 => assigned.eq(0),
                Distance::Cosine => sums.eq(0).all_dim(1, false),
            };
            means = means.where_self(&unmoved.unsqueeze(1), &moved);
            counts = assigned;
        }
        Ok(Clusters { means, counts })
    })
}
