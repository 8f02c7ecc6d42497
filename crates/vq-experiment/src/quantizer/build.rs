//! Quantizers, from their keys.

use codebook_prior::PriorGraph;
use tch::{Tensor, nn};
use transfer_net::TransferNet;
use vq_core::{
    BsqQuantizer, Codebook, CvqCodebook, EmaCodebook, FsqConfig, FsqQuantizer, GroupedQuantizer, GumbelQuantizer,
    IbqQuantizer, LearnedCodebook, LfqQuantizer, MatchConfig, NearestConfig, NearestQuantizer, ProductPart,
    ProductQuantizer, ProjectedCodebook, Quantizer, ResidualQuantizer, SharedCodebook, SimVqCodebook,
};

use super::words::two_groups;
use super::{ProductPartConfig, QuantizerConfig, StageCodebooks};
use crate::ConfigError;
use crate::error::check_value;

/// A quantizer, and its codebooks.
pub struct BuiltQuantizer {
    /// The quantizer.
    pub quantizer: Box<dyn Quantizer>,
    /// The codebooks that it uses; freezing them fixes its codes.
    pub codebooks: Vec<SharedCodebook>,
}

impl QuantizerConfig {
    /// Registers the parameters under `path` and builds the quantizer.
    ///
    /// # Errors
    /// [`ConfigError::Value`] if codes are words and `prior` is none, or parts cannot be combined; those of the quantizer.
    pub fn build(&self, path: &nn::Path, prior: Option<&PriorGraph>) -> Result<BuiltQuantizer, ConfigError> {
        let mut codebooks = Vec::new();
        let quantizer = self.build_into(path, prior, &mut codebooks)?;
        Ok(BuiltQuantizer { quantizer, codebooks })
    }

    fn build_into(
        &self,
        path: &nn::Path,
        prior: Option<&PriorGraph>,
        codebooks: &mut Vec<SharedCodebook>,
    ) -> Result<Box<dyn Quantizer>, ConfigError> {
        let words =
            || prior.ok_or_else(|| ConfigError::value("quantizer.prior", "words for a quantizer of words", "none"));
        let root = path / "codebook";
        let mut shared = |codebook: Box<dyn Codebook>| {
            let codebook = SharedCodebook::new(codebook);
            codebooks.push(codebook.clone());
            Box::new(codebook)
        };
        Ok(match self {
            Self::Vqct { transfer, codebook_dim, top_k, matching, word_groups, .. } => {
                let prior = words()?;
                let network = TransferNet::new(&(path / "transfer"), prior, *codebook_dim, transfer)?;
                let (groups, codebook) = word_groups.of(prior, *top_k, Box::new(network));
                Box::new(GroupedQuantizer::new(shared(codebook), groups, matching.clone())?)
            }
            Self::Grouped { codebook_sizes, codebook_dim, top_k, matching } => {
                let learned = LearnedCodebook::new(&root, codebook_sizes.iter().sum(), *codebook_dim)?;
                let groups = two_groups(*codebook_sizes, *top_k);
                Box::new(GroupedQuantizer::new(shared(Box::new(learned)), groups, matching.clone())?)
            }
            Self::Vq { codebook_size, codebook_dim, matching } => {
                let learned = LearnedCodebook::new(&root, *codebook_size, *codebook_dim)?;
                nearest(shared(Box::new(learned)), matching)?
            }
            Self::Cvq { codebook_size, codebook_dim, cvq, matching } => {
                let moving = CvqCodebook::new(&root, *codebook_size, *codebook_dim, cvq.clone())?;
                nearest(shared(Box::new(moving)), matching)?
            }
            Self::Ema { codebook_size, codebook_dim, ema, matching } => {
                let averaged = EmaCodebook::new(&root, *codebook_size, *codebook_dim, ema.clone())?;
                nearest(shared(Box::new(averaged)), matching)?
            }
            Self::VqganLc { codebook_dim, matching, .. } => {
                let prior = words()?;
                let shape = [prior.len() as i64, prior.embedding_dim() as i64];
                let frozen = Tensor::from_slice(&prior.vectors_f32()).view(shape).to_device(path.device());
                let projected = ProjectedCodebook::new(&root, &frozen, *codebook_dim)?;
                nearest(shared(Box::new(projected)), matching)?
            }
            Self::Simvq { codebook_size, codebook_dim, simvq, matching } => {
                let layered = SimVqCodebook::new(&root, *codebook_size, *codebook_dim, simvq.clone())?;
                nearest(shared(Box::new(layered)), matching)?
            }
            Self::Ibq { codebook_size, codebook_dim, ibq } => {
                let learned = LearnedCodebook::normal(&root, *codebook_size, *codebook_dim)?;
                Box::new(IbqQuantizer::new(shared(Box::new(learned)), ibq.clone())?)
            }
            Self::Gumbel { codebook_size, codebook_dim, gumbel } => {
                let learned = LearnedCodebook::normal(&root, *codebook_size, *codebook_dim)?;
                Box::new(GumbelQuantizer::new(&(path / "gumbel"), shared(Box::new(learned)), gumbel.clone())?)
            }
            Self::Fsq { levels, bound } => {
                Box::new(FsqQuantizer::new(FsqConfig { levels: levels.clone(), bound: *bound })?)
            }
            Self::Lfq { lfq } => Box::new(LfqQuantizer::new(lfq.clone())?),
            Self::Bsq { bsq } => Box::new(BsqQuantizer::new(bsq.clone())?),
            Self::Residual { stages, codebook_size, codebook_dim, codebooks: kind, residual, matching } => {
                check_value("quantizer.stages", *stages >= 1, "at least 1", stages)?;
                let mut stage = |path: &nn::Path| {
                    Ok::<_, ConfigError>(shared(Box::new(LearnedCodebook::new(path, *codebook_size, *codebook_dim)?)))
                };
                let one = match kind {
                    StageCodebooks::Shared => Some(stage(&root)?),
                    StageCodebooks::Separate => None,
                };
                let mut all = Vec::new();
                for number in 0..*stages {
                    let codebook = match &one {
                        Some(one) => one.clone(),
                        None => stage(&(&root / number))?,
                    };
                    all.push(nearest(codebook, matching)?);
                }
                Box::new(ResidualQuantizer::new(all, residual.clone())?)
            }
            Self::Product { parts } => {
                let mut all = Vec::new();
                for ProductPartConfig { name, quantizer } in parts {
                    let words = matches!(quantizer, Self::Vqct { .. } | Self::VqganLc { .. });
                    check_value("quantizer.parts", !words, "parts whose codes are not words", name)?;
                    let fits = !name.is_empty() && !name.contains('.');
                    check_value("quantizer.parts", fits, "names without `.`", format!("`{name}`"))?;
                    let quantizer = quantizer.build_into(&(path / name.as_str()), None, codebooks)?;
                    all.push(ProductPart { name: name.clone(), quantizer });
                }
                Box::new(ProductQuantizer::new(all)?)
            }
        })
    }
}

fn nearest(codebook: Box<SharedCodebook>, matching: &MatchConfig) -> Result<Box<dyn Quantizer>, ConfigError> {
    let config = NearestConfig { matching: matching.clone(), ..Default::default() };
    Ok(Box::new(NearestQuantizer::new(codebook, config)?))
}
