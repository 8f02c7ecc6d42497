//! Adam with a state that can be saved, and a step that its device can skip.

use tch::{Device, Kind, Tensor, nn};
use vq_experiment::AdamConfig;
use vq_pipeline::{CheckpointFile, Trained};

use super::Gradient;
use super::flat_parameters::FlatParameters;
use crate::TrainError;

/// Elements that a step processes at a time on the CPU: 1 MiB, so that they are still in the cache for the next
/// operation.
const CPU_BLOCK: i64 = 1 << 18;

/// Adam (Kingma and Ba, arXiv 1412.6980), equal to PyTorch's; with weight decay AdamW, equal to PyTorch's.
///
/// tch's optimizer cannot save its moments, so a run could not be resumed.
/// Here parameters, gradients and moments each are one flat tensor, and a step is a few operations for any number of
/// parameters. None of them waits for the device.
#[derive(Debug)]
pub struct Adam {
    config: AdamConfig,
    parameters: FlatParameters,
    /// `[P]`.
    first: Tensor,
    /// `[P]`.
    second: Tensor,
    /// Scalar, `Double`, on the device: steps taken, since the device may skip one.
    steps: Tensor,
}

impl Adam {
    /// Optimizes every trainable variable of `store`, with moments of zero.
    /// The variables move into one tensor: raw pointers to their data become stale.
    ///
    /// # Errors
    /// [`TrainError::Torch`] if a variable cannot be moved.
    pub fn new(store: &nn::VarStore, config: AdamConfig) -> Result<Self, TrainError> {
        let parameters = FlatParameters::new(store)?;
        let (first, second) = (parameters.zeros(), parameters.zeros());
        let steps = Tensor::zeros([0_i64; 0], (Kind::Double, store.device()));
        Ok(Self { config, parameters, first, second, steps })
    }

    /// Steps taken, without skipped ones; waits for the device.
    pub fn steps(&self) -> u64 {
        self.steps.double_value(&[]) as u64
    }

    /// The gradient of a scalar by all parameters; a parameter that it does not depend on has a gradient of zero.
    /// Frees the scalar's graph.
    ///
    /// # Errors
    /// [`TrainError::Torch`] if the scalar has no graph.
    pub fn gradient(&self, scalar: &Tensor) -> Result<Gradient, TrainError> {
        self.parameters.gradient(scalar).map(Gradient::new)
    }

    /// Takes a step with the gradient, clipped as configured, unless `all_finite`, a `Bool` scalar on the device, is
    /// false: then parameters, moments and the number of steps stay unchanged.
    pub fn step(&mut self, gradient: Gradient, learning_rate: f64, all_finite: &Tensor) {
        let AdamConfig { beta1, beta2, epsilon, weight_decay, clip } = self.config;
        tch::no_grad(|| {
            let skipped = all_finite.logical_not();
            let gate = all_finite.to_kind(Kind::Float);
            let scale = clip.map(|clip| (clip / (gradient.norm() + 1e-6)).clamp_max(1.0));
            let _ = self.steps.g_add_(&all_finite.to_kind(Kind::Double));
            // If the first step is skipped, none was taken; the following has no effect then, but must not be NaN.
            let steps = self.steps.clamp_min(1.0);
            let correction = |beta: f64| -> Tensor { 1.0 - Tensor::pow_scalar(beta, &steps) };
            let spread_scale = correction(beta2).rsqrt().to_kind(Kind::Float);
            let rate = (correction(beta1).reciprocal() * -learning_rate).to_kind(Kind::Float) * &gate;
            let (weight1, weight2) = (&gate * (1.0 - beta1), &gate * (1.0 - beta2));
            let kept = 1.0 - &gate * (learning_rate * weight_decay);

            let gradient = gradient.into_flat();
            let values = self.parameters.values();
            if weight_decay > 0.0 {
                let _ = values.narrow(0, 0, self.parameters.decaying()).g_mul_(&kept);
            }
            for (offset, length) in blocks(&values) {
                let block = |flat: &Tensor| flat.narrow(0, offset, length);
                let (mut change, mut values) = (block(&gradient), block(&values));
                let (mut first, mut second) = (block(&self.first), block(&self.second));
                if let Some(scale) = &scale {
                    let _ = change.g_mul_(scale);
                }
                let _ = change.masked_fill_(&skipped, 0.0);
                let _ = first.lerp_tensor_(&change, &weight1);
                let _ = change.square_();
                let _ = second.lerp_tensor_(&change, &weight2);
                // From here on, `change` holds first / (sqrt(second / correction2) + epsilon) * -rate / correction1.
                let _ = second.sqrt_out(&change);
                let _ = change.g_mul_(&spread_scale).g_add_scalar_(epsilon);
                let _ = first.divide_out(&change.shallow_clone(), &change);
                let _ = change.g_mul_(&rate);
                let _ = values.g_add_(&change);
            }
        });
    }

    /// `[P]`, the parameters themselves.
    pub(crate) fn values(&self) -> Tensor {
        self.parameters.values()
    }

    /// Scalar, `Double`: steps taken, still on the device.
    pub(crate) fn steps_on_device(&self) -> &Tensor {
        &self.steps
    }

    /// The parts of a flat tensor by the parameters' names, each of its parameter's shape.
    pub(crate) fn views(&self, flat: &Tensor) -> Vec<(String, Tensor)> {
        self.parameters.views(flat)
    }

    /// The moments by name, `first.<parameter>` and `second.<parameter>`, each of its parameter's shape.
    pub fn state(&self) -> Vec<(String, Tensor)> {
        let moments = [("first", &self.first), ("second", &self.second)];
        let named = |(moment, flat): (&str, &Tensor)| {
            let views = self.parameters.views(flat).into_iter();
            views.map(|(name, view)| (format!("{moment}.{name}"), view)).collect::<Vec<_>>()
        };
        moments.into_iter().flat_map(named).collect()
    }

    /// Takes over the moments of the optimizer `name` of a checkpoint.
    ///
    /// # Errors
    /// [`TrainError::Pipeline`] naming the moment that is missing or has another shape.
    pub(crate) fn restore_from<E: Trained>(
        &mut self,
        name: &str,
        checkpoint: &CheckpointFile<E>,
    ) -> Result<(), TrainError> {
        let steps = checkpoint.optimizer_steps(name)?;
        self.restore(steps, |moment, shape| Ok(checkpoint.moment(name, moment, shape)?))
    }

    /// Takes over moments that `find` gives by name and shape, after `steps` steps.
    fn restore(
        &mut self,
        steps: u64,
        mut find: impl FnMut(&str, &[i64]) -> Result<Tensor, TrainError>,
    ) -> Result<(), TrainError> {
        for (name, mut slice) in self.state() {
            let saved = find(&name, &slice.size())?;
            tch::no_grad(|| slice.copy_(&saved));
        }
        let _ = self.steps.fill_(steps as f64);
        Ok(())
    }
}

/// Offset and length of the blocks of a flat tensor: small enough for the cache on the CPU, one elsewhere.
fn blocks(flat: &Tensor) -> impl Iterator<Item = (i64, i64)> {
    let total = flat.size()[0];
    let block = if flat.device() == Device::Cpu { CPU_BLOCK } else { total.max(1) };
    (0..total).step_by(block as usize).map(move |offset| (offset, block.min(total - offset)))
}
