//! Retrieval of captions by images and of images by captions.

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use crate::EvalError;

/// Largest difference of two similarities that are a tie.
const TIE: f64 = 1e-12;
/// Rows of the similarity matrix in memory at once.
const ROWS: i64 = 256;

/// Recall at 1, 5 and 10 and the median rank of retrieval by cosine similarity, in both directions (Karpathy and
/// Fei-Fei 2015).
///
/// The rank of a query is 1 plus the number of wrong candidates that are at least as similar as its best right one.
/// A tie therefore counts against the query, so a constant embedding retrieves nothing.
/// Similarities are f64, and two within 1e-12 of each other are a tie.
/// All captions of an image are right for it; a caption has one right image.
///
/// Letters: `N` images, `M` captions, `D` dimensions.
#[derive(Debug, Default)]
pub struct Retrieval {
    /// Each `[n, D]`, `Double`, of length 1.
    images: Vec<Tensor>,
    /// Each `[m, D]`, `Double`, of length 1.
    captions: Vec<Tensor>,
    /// The image of each caption.
    image_of: Vec<i64>,
}

/// Result of [`Retrieval::compute`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetrievalScores {
    /// Images as queries: any of their captions is right.
    pub image_to_text: Ranking,
    /// Captions as queries.
    pub text_to_image: Ranking,
}

/// Ranks of the right candidates.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ranking {
    /// Share of queries of rank 1, in `0..=1`.
    pub recall_at_1: f64,
    /// Share of queries of rank 5 or better.
    pub recall_at_5: f64,
    /// Share of queries of rank 10 or better.
    pub recall_at_10: f64,
    /// Median of the ranks, which begin at 1; the mean of the middle two if their number is even.
    pub median_rank: f64,
}

impl Retrieval {
    /// Adds images and their captions.
    ///
    /// `images` is `[N, D]` and `captions` `[M, D]`, both floating-point, with rows of any length but 0; `image_of` holds
    /// for each caption the row of its image in `images`.
    ///
    /// # Errors
    /// [`EvalError::Input`] if the shapes do not fit each other or earlier batches, a row is zero or not finite, a
    /// caption's image does not exist, or an image has no caption.
    pub fn update(&mut self, images: &Tensor, captions: &Tensor, image_of: &[usize]) -> Result<(), EvalError> {
        let dimensions = match (&images.size()[..], &captions.size()[..]) {
            (&[_, d], &[m, other]) if d == other && m as usize == image_of.len() => d,
            (images, captions) => {
                let got = format!("{images:?}, {captions:?} and {} indices", image_of.len());
                return refuse("images [N, D], captions [M, D] and M indices", got);
            }
        };
        if let Some(earlier) = self.images.first().map(|batch| batch.size()[1])
            && earlier != dimensions
        {
            return refuse("the dimensions of earlier batches", format!("{dimensions} after {earlier}"));
        }
        let count = images.size()[0] as usize;
        let mut has_caption = vec![false; count];
        for (caption, &image) in image_of.iter().enumerate() {
            match has_caption.get_mut(image) {
                Some(has_caption) => *has_caption = true,
                None => return refuse("an image's row", format!("{image} of {count} for caption {caption}")),
            }
        }
        if let Some(image) = has_caption.iter().position(|has_caption| !has_caption) {
            return refuse("a caption for every image", format!("none for image {image}"));
        }
        let (images, captions) = (directions("images", images)?, directions("captions", captions)?);
        let before: i64 = self.images.iter().map(|batch| batch.size()[0]).sum();
        self.image_of.extend(image_of.iter().map(|&image| before + image as i64));
        self.images.push(images);
        self.captions.push(captions);
        Ok(())
    }

    /// Adds another accumulator, as if its batches came after these.
    ///
    /// # Errors
    /// [`EvalError::Input`] if its dimensions differ.
    pub fn merge(&mut self, other: &Self) -> Result<(), EvalError> {
        if let (Some(ours), Some(theirs)) = (self.images.first(), other.images.first())
            && ours.size()[1] != theirs.size()[1]
        {
            let got = format!("{} after {}", theirs.size()[1], ours.size()[1]);
            return Err(EvalError::input("Retrieval::merge", "the dimensions of earlier batches", got));
        }
        let before: i64 = self.images.iter().map(|batch| batch.size()[0]).sum();
        self.image_of.extend(other.image_of.iter().map(|image| before + image));
        self.images.extend(other.images.iter().map(Tensor::shallow_clone));
        self.captions.extend(other.captions.iter().map(Tensor::shallow_clone));
        Ok(())
    }

    /// The scores so far; none before the first image.
    pub fn compute(&self) -> Option<RetrievalScores> {
        if self.image_of.is_empty() {
            return None;
        }
        let (images, captions) = (joined(&self.images), joined(&self.captions)); // [N, D], [M, D]
        let image_of = Tensor::from_slice(&self.image_of).to_device(images.device()); // [M]
        let rows = Tensor::arange(images.size()[0], (Kind::Int64, images.device())); // [N]
        Some(RetrievalScores {
            image_to_text: Ranking::of(ranks(&images, &captions, &rows, &image_of)),
            text_to_image: Ranking::of(ranks(&captions, &images, &image_of, &rows)),
        })
    }
}

impl Ranking {
    fn of(mut ranks: Vec<i64>) -> Self {
        ranks.sort_unstable();
        let count = ranks.len();
        let within = |rank| ranks.iter().filter(|&&own| own <= rank).count() as f64 / count as f64;
        Self {
            recall_at_1: within(1),
            recall_at_5: within(5),
            recall_at_10: within(10),
            median_rank: (ranks[(count - 1) / 2] + ranks[count / 2]) as f64 / 2.0,
        }
    }
}

/// Rank of each query's best right candidate.
///
/// `queries` is `[Q, D]` and belongs to the images `query_of` `[Q]`; `candidates` is `[C, D]` and belongs to the images
/// `candidate_of` `[C]`.
fn ranks(queries: &Tensor, candidates: &Tensor, query_of: &Tensor, candidate_of: &Tensor) -> Vec<i64> {
    let total = queries.size()[0];
    let mut ranks = Vec::with_capacity(total as usize);
    for start in (0..total).step_by(ROWS as usize) {
        let rows = ROWS.min(total - start);
        let similarity = queries.narrow(0, start, rows).matmul(&candidates.tr()); // [rows, C]
        let right = query_of.narrow(0, start, rows).unsqueeze(1).eq_tensor(&candidate_of.unsqueeze(0)); // [rows, C]
        let best = similarity.masked_fill(&right.logical_not(), f64::NEG_INFINITY).amax([1], true); // [rows, 1]
        let ahead = similarity.ge_tensor(&(best - TIE)).logical_and(&right.logical_not());
        let block = ahead.sum_dim_intlist(1, false, Kind::Int64) + 1; // [rows]
        let block = block.to_device(Device::Cpu);
        ranks.extend((0..rows).map(|row| block.int64_value(&[row])));
    }
    ranks
}

/// The rows scaled to length 1, `[N, D]`, `Double`.
fn directions(what: &'static str, rows: &Tensor) -> Result<Tensor, EvalError> {
    let rows = rows.detach().to_kind(Kind::Double);
    let lengths = rows.square().sum_dim_intlist(1, true, Kind::Double).sqrt(); // [N, 1]
    let valid = lengths.isfinite().logical_and(&lengths.gt(0.0));
    if valid.all().int64_value(&[]) == 0 {
        let bad = valid.logical_not().to_kind(Kind::Int64).argmax(0, false).int64_value(&[0]);
        return refuse(
            "rows that are finite and not zero",
            format!("length {} in {what}, row {bad}", lengths.double_value(&[bad, 0])),
        );
    }
    Ok(rows / lengths)
}

fn joined(batches: &[Tensor]) -> Tensor {
    let device = batches[0].device();
    Tensor::cat(&batches.iter().map(|batch| batch.to_device(device)).collect::<Vec<_>>(), 0)
}

fn refuse<T>(expected: &'static str, got: String) -> Result<T, EvalError> {
    Err(EvalError::input("Retrieval::update", expected, got))
}
