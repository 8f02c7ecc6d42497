//! Captions at random.

use tch::Tensor;
use vq_transformer::{SampleConfig, Uniform};

use crate::caption::Caption;
use crate::config::check_option;
use crate::greedy::{Choice, reals};
use crate::{CaptionError, Captioner, Memory};

impl Captioner<'_> {
    /// Draws a caption for each image, from a generator of its own that `seeds`, one for each image, start: the caption
    /// of an image does not depend on the others of its batch.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if an option makes no sense or there is not one seed for each image;
    /// [`CaptionError::NotFinite`] if the module's scores are no numbers.
    pub fn sample(&self, memory: &Memory, seeds: &[u64], config: &SampleConfig) -> Result<Vec<Caption>, CaptionError> {
        config.check()?;
        let images = memory.states.size()[0];
        let expected = format!("to be {images}, one for each image");
        check_option("Captioner::sample", "seeds", seeds.len() as i64 == images, &expected, seeds.len())?;
        let mut generators: Vec<Uniform> = seeds.iter().map(|seed| Uniform::new(*seed)).collect();
        self.walk(memory, |next| {
            let uniform: Vec<f64> = generators.iter_mut().map(Uniform::draw).collect();
            let ids: Vec<i64> = config.draw(next, &uniform).iter().map(|drawn| drawn.token).collect();
            let chosen = next.gather(1, &Tensor::from_slice(&ids).unsqueeze(1).to_device(next.device()), false);
            Choice { ids, log_probabilities: reals(&chosen.squeeze_dim(1)) }
        })
    }
}
