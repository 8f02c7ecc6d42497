//! A quantizer whose loss is NaN at given passes.

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};

use tch::{Device, Tensor, nn};
use vq_core::{
    CoreError, Layout, LearnedCodebook, Mode, NearestConfig, NearestQuantizer, Quantized, QuantizedBatch, Quantizer,
    UpdateStats,
};
use vq_experiment::Experiment;
use vq_pipeline::TokenizerState;

/// Plain VQ whose loss is NaN at the training passes in `bad`, which count from 1.
#[derive(Debug)]
struct Poisoned {
    inner: NearestQuantizer,
    bad: RangeInclusive<u64>,
    passes: AtomicU64,
}

impl Quantizer for Poisoned {
    fn layout(&self) -> &Layout {
        self.inner.layout()
    }

    fn quantize_masked(&self, latents: &Tensor, mask: Option<&Tensor>, mode: Mode) -> Result<Quantized, CoreError> {
        let quantized = self.inner.quantize_masked(latents, mask, mode)?;
        let pass = self.passes.fetch_add(u64::from(mode == Mode::Train), Ordering::SeqCst) + 1;
        match mode == Mode::Train && self.bad.contains(&pass) {
            true => Ok(Quantized { loss: quantized.loss * f64::NAN, ..quantized }),
            false => Ok(quantized),
        }
    }

    fn lookup(&self, indices: &Tensor) -> Result<Tensor, CoreError> {
        self.inner.lookup(indices)
    }

    fn update(&mut self, seen: &QuantizedBatch<'_>) -> Result<UpdateStats, CoreError> {
        self.inner.update(seen)
    }
}

/// A tokenizer with a [`Poisoned`] quantizer.
pub(crate) fn poisoned(experiment: &Experiment, bad: RangeInclusive<u64>) -> TokenizerState {
    let quantizer = |path: &nn::Path| {
        let codebook = LearnedCodebook::new(&(path / "codebook"), 24, 4)?;
        let inner = NearestQuantizer::new(Box::new(codebook), NearestConfig::default())?;
        Ok(Box::new(Poisoned { inner, bad, passes: AtomicU64::new(0) }) as Box<dyn Quantizer>)
    };
    TokenizerState::with_quantizer(experiment, Device::Cpu, quantizer).unwrap()
}
