//! What the decoder reads: the codes of an image's positions.

use tch::{Tensor, nn};
use vq_transformer::{Dropout, InputError, Linear, Norm};

use crate::block::EncoderBlock;
use crate::neighbourhood::Neighbourhood;
use crate::{CaptionConfig, CaptionError};

/// The positions of images, ready to be read by a [`CaptionDecoder`](crate::CaptionDecoder).
#[derive(Debug)]
pub struct Memory {
    /// `[B, P, M]`, on the autograd graph of the codes.
    pub states: Tensor,
}

/// Codes to the module's width, with the place of each position.
///
/// The norm is there because codes of different quantizers differ in size by orders of magnitude.
///
/// Parameters: `projection`, `norm_in`, `neighbourhoods.{i}` for each of them, `rows`, `[max_rows, M]`, `columns`,
/// `[max_columns, M]`, `blocks.{i}` for each encoder layer, `norm_out`.
#[derive(Debug)]
pub(crate) struct Source {
    projection: Linear,
    norm_in: Norm,
    neighbourhoods: Vec<Neighbourhood>,
    rows: Tensor,
    columns: Tensor,
    blocks: Vec<EncoderBlock>,
    norm_out: Norm,
    channels: i64,
}

impl Source {
    pub(crate) fn new(path: &nn::Path, channels: i64, config: &CaptionConfig) -> Self {
        let width = config.width;
        let places = |name: &str, count| path.randn(name, &[count, width], 0.0, 0.02);
        Self {
            projection: Linear::new(&(path / "projection"), channels, width),
            norm_in: Norm::new(&(path / "norm_in"), width),
            neighbourhoods: (0..config.neighbourhoods)
                .map(|layer| Neighbourhood::new(&(path / "neighbourhoods" / layer), width))
                .collect(),
            rows: places("rows", config.max_rows),
            columns: places("columns", config.max_columns),
            blocks: (0..config.encoder_layers)
                .map(|layer| EncoderBlock::new(&(path / "blocks" / layer), config))
                .collect(),
            norm_out: Norm::new(&(path / "norm_out"), width),
            channels,
        }
    }

    /// Codes `[B, C, H, W]` to `[B, P, M]`.
    pub(crate) fn forward(&self, op: &'static str, codes: &Tensor, dropout: Dropout) -> Result<Memory, CaptionError> {
        let [height, width] = self.check(op, codes)?;
        let kind = codes.kind();
        let cells = self.norm_in.forward(&self.projection.forward(&codes.permute([0, 2, 3, 1]))); // [B, H, W, M]
        let cells = self.neighbourhoods.iter().fold(cells, |cells, layer| layer.forward(&cells, dropout));
        let rows = self.rows.narrow(0, 0, height).unsqueeze(1).to_kind(kind);
        let columns = self.columns.narrow(0, 0, width).to_kind(kind);
        let states = dropout.apply(&(cells + (rows + columns)).flatten(1, 2)); // [B, P, M]
        let states = self.blocks.iter().fold(states, |states, block| block.forward(&states, dropout));
        Ok(Memory { states: self.norm_out.forward(&states) })
    }

    /// Height and width of the grid.
    fn check(&self, op: &'static str, codes: &Tensor) -> Result<[i64; 2], CaptionError> {
        if !codes.is_floating_point() {
            let got = format!("{:?}", codes.kind());
            return Err(InputError::Kind { op, what: "codes", expected: "Float, Double, Half or BFloat16", got }.into());
        }
        let (rows, columns) = (self.rows.size()[0], self.columns.size()[0]);
        match codes.size()[..] {
            [batch, channels, height, width]
                if batch >= 1
                    && channels == self.channels
                    && (1..=rows).contains(&height)
                    && (1..=columns).contains(&width) =>
            {
                Ok([height, width])
            }
            _ => {
                let expected = format!("[B, {}, 1..={rows}, 1..={columns}]", self.channels);
                Err(InputError::Shape { op, what: "codes", expected, got: codes.size() }.into())
            }
        }
    }
}
