//! The blocks of Inception-v3.

use tch::{Tensor, nn};

use super::frozen_conv::{FrozenConv, FrozenConvShape as Shape};
use super::weights::Weights;
use crate::ModelError;

/// A branch of a block: optional pooling, then named convolutions.
struct BranchPlan {
    pool: Option<Pool>,
    chain: Vec<(&'static str, Shape)>,
    /// Convolutions that each read the end of the chain; their outputs are concatenated.
    fork: Vec<(&'static str, Shape)>,
}

/// Pooling with a 3x3 window.
#[derive(Debug, Clone, Copy)]
enum Pool {
    /// The mean over the pixels of the window that lie in the image.
    Mean,
    /// The maximum.
    Max,
    /// The maximum at every second position, without padding.
    Halving,
}

impl Pool {
    fn forward(self, input: &Tensor) -> Tensor {
        match self {
            Self::Mean => input.avg_pool2d(3, 1, 1, false, false, None),
            Self::Max => input.max_pool2d(3, 1, 1, 1, false),
            Self::Halving => input.max_pool2d(3, 2, 0, 1, false),
        }
    }
}

fn branch(chain: &[(&'static str, Shape)]) -> BranchPlan {
    BranchPlan { pool: None, chain: chain.to_vec(), fork: Vec::new() }
}

fn forked(chain: &[(&'static str, Shape)], fork: &[(&'static str, Shape)]) -> BranchPlan {
    BranchPlan { fork: fork.to_vec(), ..branch(chain) }
}

fn pooled(pool: Pool, chain: &[(&'static str, Shape)]) -> BranchPlan {
    BranchPlan { pool: Some(pool), ..branch(chain) }
}

/// `Mixed_5b` to `5d`, 35x35.
fn mixed_5(pool: i64) -> Vec<BranchPlan> {
    let same = Shape::same;
    vec![
        branch(&[("branch1x1", same(64, [1, 1]))]),
        branch(&[("branch5x5_1", same(48, [1, 1])), ("branch5x5_2", same(64, [5, 5]))]),
        branch(&[
            ("branch3x3dbl_1", same(64, [1, 1])),
            ("branch3x3dbl_2", same(96, [3, 3])),
            ("branch3x3dbl_3", same(96, [3, 3])),
        ]),
        pooled(Pool::Mean, &[("branch_pool", same(pool, [1, 1]))]),
    ]
}

/// `Mixed_6a`, 35x35 to 17x17.
fn mixed_6a() -> Vec<BranchPlan> {
    vec![
        branch(&[("branch3x3", Shape::valid(384, 2))]),
        branch(&[
            ("branch3x3dbl_1", Shape::same(64, [1, 1])),
            ("branch3x3dbl_2", Shape::same(96, [3, 3])),
            ("branch3x3dbl_3", Shape::valid(96, 2)),
        ]),
        pooled(Pool::Halving, &[]),
    ]
}

/// `Mixed_6b` to `6e`, 17x17.
fn mixed_6(inner: i64) -> Vec<BranchPlan> {
    let same = Shape::same;
    vec![
        branch(&[("branch1x1", same(192, [1, 1]))]),
        branch(&[
            ("branch7x7_1", same(inner, [1, 1])),
            ("branch7x7_2", same(inner, [1, 7])),
            ("branch7x7_3", same(192, [7, 1])),
        ]),
        branch(&[
            ("branch7x7dbl_1", same(inner, [1, 1])),
            ("branch7x7dbl_2", same(inner, [7, 1])),
            ("branch7x7dbl_3", same(inner, [1, 7])),
            ("branch7x7dbl_4", same(inner, [7, 1])),
            ("branch7x7dbl_5", same(192, [1, 7])),
        ]),
        pooled(Pool::Mean, &[("branch_pool", same(192, [1, 1]))]),
    ]
}

/// `Mixed_7a`, 17x17 to 8x8.
fn mixed_7a() -> Vec<BranchPlan> {
    vec![
        branch(&[("branch3x3_1", Shape::same(192, [1, 1])), ("branch3x3_2", Shape::valid(320, 2))]),
        branch(&[
            ("branch7x7x3_1", Shape::same(192, [1, 1])),
            ("branch7x7x3_2", Shape::same(192, [1, 7])),
            ("branch7x7x3_3", Shape::same(192, [7, 1])),
            ("branch7x7x3_4", Shape::valid(192, 2)),
        ]),
        pooled(Pool::Halving, &[]),
    ]
}

/// `Mixed_7b` and `7c`, 8x8.
fn mixed_7(pool: Pool) -> Vec<BranchPlan> {
    let same = Shape::same;
    vec![
        branch(&[("branch1x1", same(320, [1, 1]))]),
        forked(
            &[("branch3x3_1", same(384, [1, 1]))],
            &[("branch3x3_2a", same(384, [1, 3])), ("branch3x3_2b", same(384, [3, 1]))],
        ),
        forked(
            &[("branch3x3dbl_1", same(448, [1, 1])), ("branch3x3dbl_2", same(384, [3, 3]))],
            &[("branch3x3dbl_3a", same(384, [1, 3])), ("branch3x3dbl_3b", same(384, [3, 1]))],
        ),
        pooled(pool, &[("branch_pool", same(192, [1, 1]))]),
    ]
}

/// The network without its head.
#[derive(Debug)]
pub(super) struct Stages {
    /// Three convolutions at 147x147, two at 71x71, each group followed by max pooling.
    stem: [Vec<FrozenConv>; 2],
    blocks: Vec<Block>,
}

impl Stages {
    pub(super) fn new(root: &nn::Path, weights: &Weights) -> Result<Self, ModelError> {
        let stem = |inputs: i64, chain: &[(&'static str, Shape)]| convolutions(root, inputs, chain, weights);
        let first = [
            ("Conv2d_1a_3x3", Shape::valid(32, 2)),
            ("Conv2d_2a_3x3", Shape::valid(32, 1)),
            ("Conv2d_2b_3x3", Shape::same(64, [3, 3])),
        ];
        let second = [("Conv2d_3b_1x1", Shape::same(80, [1, 1])), ("Conv2d_4a_3x3", Shape::valid(192, 1))];
        let stem = [stem(3, &first)?, stem(64, &second)?];
        let blocks = [
            ("Mixed_5b", mixed_5(32)),
            ("Mixed_5c", mixed_5(64)),
            ("Mixed_5d", mixed_5(64)),
            ("Mixed_6a", mixed_6a()),
            ("Mixed_6b", mixed_6(128)),
            ("Mixed_6c", mixed_6(160)),
            ("Mixed_6d", mixed_6(160)),
            ("Mixed_6e", mixed_6(192)),
            ("Mixed_7a", mixed_7a()),
            ("Mixed_7b", mixed_7(Pool::Mean)),
            ("Mixed_7c", mixed_7(Pool::Max)),
        ];
        let mut channels = 192;
        let blocks = blocks.into_iter().map(|(name, branches)| {
            let block = Block::new(&(root / name), channels, branches, weights)?;
            channels = block.outputs;
            Ok(block)
        });
        Ok(Self { stem, blocks: blocks.collect::<Result<_, ModelError>>()? })
    }

    /// Prepared images `[B, 3, 299, 299]` to `[B, 2048, 8, 8]`.
    pub(super) fn forward(&self, images: &Tensor) -> Tensor {
        let stem =
            self.stem.iter().fold(images.shallow_clone(), |maps, chain| Pool::Halving.forward(&run(chain, maps)));
        self.blocks.iter().fold(stem, |maps, block| block.forward(&maps))
    }
}

/// Parallel branches whose outputs are concatenated along the channels.
#[derive(Debug)]
struct Block {
    branches: Vec<Branch>,
    outputs: i64,
}

/// A branch with its weights.
#[derive(Debug)]
struct Branch {
    pool: Option<Pool>,
    chain: Vec<FrozenConv>,
    fork: Vec<FrozenConv>,
}

impl Block {
    fn new(path: &nn::Path, inputs: i64, branches: Vec<BranchPlan>, weights: &Weights) -> Result<Self, ModelError> {
        let mut outputs = 0;
        let mut built = Vec::with_capacity(branches.len());
        for BranchPlan { pool, chain, fork } in branches {
            let end = chain.last().map_or(inputs, |(_, shape)| shape.outputs);
            let fork_outputs: i64 = fork.iter().map(|(_, shape)| shape.outputs).sum();
            outputs += if fork.is_empty() { end } else { fork_outputs };
            let chain = convolutions(path, inputs, &chain, weights)?;
            let parallel = fork.iter().map(|&(name, shape)| FrozenConv::new(path, name, end, shape, weights));
            built.push(Branch { pool, chain, fork: parallel.collect::<Result<_, _>>()? });
        }
        Ok(Self { branches: built, outputs })
    }

    fn forward(&self, input: &Tensor) -> Tensor {
        let mut maps = Vec::with_capacity(self.branches.len() + 2);
        for Branch { pool, chain, fork } in &self.branches {
            let start = pool.map_or_else(|| input.shallow_clone(), |pool| pool.forward(input));
            let end = run(chain, start);
            match fork[..] {
                [] => maps.push(end),
                _ => maps.extend(fork.iter().map(|convolution| convolution.forward(&end))),
            }
        }
        Tensor::cat(&maps, 1)
    }
}

/// Convolutions in sequence.
fn convolutions(
    path: &nn::Path,
    mut inputs: i64,
    chain: &[(&'static str, Shape)],
    weights: &Weights,
) -> Result<Vec<FrozenConv>, ModelError> {
    let layers = chain.iter().map(|&(name, shape)| {
        let layer = FrozenConv::new(path, name, inputs, shape, weights);
        inputs = shape.outputs;
        layer
    });
    layers.collect()
}

fn run(chain: &[FrozenConv], input: Tensor) -> Tensor {
    chain.iter().fold(input, |maps, convolution| convolution.forward(&maps))
}
