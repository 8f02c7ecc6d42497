//! `vqct caption`.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use tch::Tensor;
use vlt_caption::{BeamConfig, Caption, Memory, SampleConfig};
use vq_core::Mode;
use vq_pipeline::CaptionHead;

use crate::input::{LoadedTokenizer, TokenizerArgs, load_image_at};
use crate::tokens::{self, Header};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    tokenizer: TokenizerArgs,
    /// Image files, or `emoji:NAME` for an embedded one.
    #[arg(value_name = "IMAGE", required_unless_present = "tokens")]
    images: Vec<String>,
    /// Caption the images of a token file that `vqct tokenize` wrote with the same checkpoint.
    #[arg(long, value_name = "FILE", conflicts_with = "images")]
    tokens: Option<PathBuf>,
    /// The number of beams of beam search; 1: greedy decoding.
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "sample")]
    beams: i64,
    /// The exponent of the length penalty of beam search; 0 ranks by probability alone.
    #[arg(long, value_name = "ALPHA", default_value_t = 0.6)]
    length_penalty: f64,
    /// Sample captions, with this seed.
    #[arg(long, value_name = "SEED")]
    sample: Option<u64>,
    /// Divides log-probabilities before sampling: lower values sharpen the distribution, higher ones flatten it.
    #[arg(long, value_name = "T", default_value_t = 1.0, requires = "sample")]
    temperature: f64,
    /// Sample among the K likeliest tokens.
    #[arg(long, value_name = "K", requires = "sample")]
    top_k: Option<i64>,
    /// Sample among the fewest likeliest tokens whose probabilities sum to P.
    #[arg(long, value_name = "P", default_value_t = 1.0, requires = "sample")]
    top_p: f64,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let loaded = args.tokenizer.load()?;
    let Some(head) = &loaded.state.captions else {
        bail!(
            "caption: expected a checkpoint of a run with a `captions` table, got one that was trained without captions"
        );
    };
    let _no_gradients = tch::no_grad_guard();
    match &args.tokens {
        Some(path) => {
            let layout = loaded.state.tokenizer.layout();
            for tokens in tokens::read(path, &Header::new(&loaded.sha256, layout), layout)? {
                let codes = loaded.state.tokenizer.codes(&tokens.ids.to_device(loaded.device))?;
                print_line!("{}: {}", tokens.image, args.caption(head, &codes)?);
            }
        }
        None => {
            for image in &args.images {
                print_line!("{image}: {}", args.caption(head, &codes_of(image, &loaded)?)?);
            }
        }
    }
    Ok(())
}

/// Codes `[1, C, H, W]` of an image at the size of training, to which the position embeddings of the caption decoder
/// belong.
fn codes_of(image: &str, loaded: &LoadedTokenizer) -> Result<Tensor> {
    let pixels = load_image_at(image, loaded)?;
    Ok(loaded.state.tokenizer.quantize(&pixels, Mode::Eval)?.quantized.codes)
}

impl Args {
    /// The caption of codes `[1, C, H, W]`.
    fn caption(&self, head: &CaptionHead, codes: &Tensor) -> Result<String> {
        let memory = head.translator.encode(codes, Mode::Eval)?;
        let caption = self.decode(head, &memory)?.into_iter().next().context("caption: expected one, got none")?;
        Ok(head.language().vocabulary().decode(&caption.ids)?)
    }

    fn decode(&self, head: &CaptionHead, memory: &Memory) -> Result<Vec<Caption>> {
        let captioner = head.captioner()?;
        Ok(match (self.sample, self.beams) {
            (Some(seed), _) => {
                let Self { temperature, top_k, top_p, .. } = *self;
                captioner.sample(memory, &[seed], &SampleConfig { temperature, top_k, top_p })?
            }
            (None, 1) => captioner.greedy(memory)?,
            (None, beams) => captioner.beam(memory, &BeamConfig { beams, length_penalty: self.length_penalty })?,
        })
    }
}
