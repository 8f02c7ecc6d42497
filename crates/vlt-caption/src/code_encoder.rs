//! The encoder of an image's codes.

use tch::{Tensor, nn};
use vq_nn::{AttentionMask, Block, BlockInputs, Dropout, InputError, LayerNorm, Linear};

use crate::config::CaptionConfig;
use crate::error::CaptionError;
use crate::memory::Memory;
use crate::neighbourhood::Neighbourhood;

/// Projects codes to the module's width and adds embeddings of row and column.
///
/// The first norm is there because codes of different quantizers differ in scale by orders of magnitude.
///
/// Parameters: `projection`, `norm_in`, `neighbourhoods.{i}` for each convolution, `rows`, `[max_rows, M]`, `columns`,
/// `[max_columns, M]`, `blocks.{i}` for each encoder layer, `norm_out`.
#[derive(Debug)]
pub(crate) struct CodeEncoder {
    projection: Linear,
    norm_in: LayerNorm,
    neighbourhoods: Vec<Neighbourhood>,
    rows: Tensor,
    columns: Tensor,
    blocks: Vec<Block>,
    norm_out: LayerNorm,
    channels: i64,
}

impl CodeEncoder {
    pub(crate) fn new(path: &nn::Path, channels: i64, config: &CaptionConfig) -> Self {
        let width = config.width;
        let positions = |name: &str, count| path.randn(name, &[count, width], 0.0, 0.02);
        let block = config.encoder_block();
        Self {
            projection: Linear::new(&(path / "projection"), channels, width),
            norm_in: LayerNorm::new(&(path / "norm_in"), width),
            neighbourhoods: (0..config.neighbourhoods)
                .map(|layer| Neighbourhood::new(&(path / "neighbourhoods" / layer), width))
                .collect(),
            rows: positions("rows", config.max_rows),
            columns: positions("columns", config.max_columns),
            blocks: (0..config.encoder_layers).map(|layer| Block::new(&(path / "blocks" / layer), &block)).collect(),
            norm_out: LayerNorm::new(&(path / "norm_out"), width),
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
        let inputs = BlockInputs { memory: None, mask: AttentionMask::Full, dropout };
        let states = self.blocks.iter().fold(states, |states, block| block.forward(&states, None, &inputs));
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
