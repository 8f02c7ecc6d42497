//! K-means.

use tch::Tensor;

use crate::scatter::{ClusterSums, scatter_sums};
use crate::{CoreError, Distance, Search, nearest_codes};

/// What k-means found.
#[derive(Debug)]
pub struct Clusters {
    /// `[K, D]`; of length one if the distance is [`Distance::Cosine`].
    pub means: Tensor,
    /// `[K]`, how many vectors were nearest to each mean in the last round, before the means moved; of the kind of the
    /// means. Zero if there was no round.
    pub counts: Tensor,
}

/// Lloyd's algorithm (IEEE Transactions on Information Theory 28, 1982) from given means: `rounds` times, each vector
/// goes to the nearest mean, and each mean moves to the middle of its vectors.
///
/// `vectors` is `[N, D]`, `start` is `[K, D]`; both are taken as `distance` sees them.
/// For [`Distance::Cosine`] this is spherical k-means: a mean is scaled to length one.
/// A mean to which no vector goes stays where it is; so does one whose vectors cancel out, if only directions count.
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
            let ids = nearest_codes(&vectors, &means, Search { k: 1, distance })?.indices.flatten(0, 1);
            let found = scatter_sums(&vectors, &ids, means.size()[0])?;
            let ClusterSums { counts: own, sums } = found;
            let moved = distance.prepare(&(&sums / own.clamp_min(1).unsqueeze(1)));
            let stays = match distance {
                Distance::L2 => own.eq(0),
                Distance::Cosine => sums.eq(0).all_dim(1, false),
            };
            means = means.where_self(&stays.unsqueeze(1), &moved);
            counts = own;
        }
        Ok(Clusters { means, counts })
    })
}
