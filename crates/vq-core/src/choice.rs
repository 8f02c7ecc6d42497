//! A code chosen for certain that learns as if all were chosen a little.

use tch::Tensor;

/// The codes `[N, D]` of ids `[N]`, bit for bit, where `probabilities` `[N, K]` stand in for the choice in the backward
/// pass (straight-through Gumbel-softmax, arXiv 1611.01144, section 2.2; index backpropagation, arXiv 2412.02692,
/// algorithm 1).
///
/// It is `(hard - sg(soft) + soft) E` without the one-hot `[N, K]`: the upstream gradient `g` gives `g.e` to the
/// probability of each code `e`, and goes to the code that was chosen.
pub(crate) fn choose(probabilities: &Tensor, ids: &Tensor, codes: &Tensor) -> Tensor {
    let chosen = Tensor::embedding(codes, ids, -1, false, false);
    let mixture = probabilities.matmul(&codes.detach());
    chosen + (&mixture - mixture.detach())
}
