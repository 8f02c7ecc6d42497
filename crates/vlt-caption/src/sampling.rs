//! Random captions.

use tch::Tensor;
use vq_nn::{SampleConfig, check_option, f64_values};
use vq_random::RandomStream;

use crate::caption::Caption;
use crate::captioner::Captioner;
use crate::error::CaptionError;
use crate::greedy::Choice;
use crate::memory::Memory;

impl Captioner<'_> {
    /// Draws a caption for each image from a random stream of its own, given by `seeds`, one for each image: the caption
    /// of an image does not depend on the others of its batch.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if an option is invalid or there is not one seed for each image;
    /// [`CaptionError::NotFinite`] if the decoder's scores are not finite.
    pub fn sample(&self, memory: &Memory, seeds: &[u64], config: &SampleConfig) -> Result<Vec<Caption>, CaptionError> {
        config.check()?;
        let images = memory.states.size()[0];
        let expected = format!("to be {images}, one for each image");
        check_option("Captioner::sample", "seeds", seeds.len() as i64 == images, &expected, seeds.len())?;
        let mut streams: Vec<RandomStream> = seeds.iter().map(|seed| RandomStream::new(*seed)).collect();
        self.decode(memory, |next| {
            let uniform: Vec<f64> = streams.iter_mut().map(RandomStream::unit).collect();
            let ids: Vec<i64> = config.sample(next, &uniform).iter().map(|sampled| sampled.token).collect();
            let chosen = next.gather(1, &Tensor::from_slice(&ids).unsqueeze(1).to_device(next.device()), false);
            Choice { ids, log_probabilities: f64_values(&chosen.squeeze_dim(1)) }
        })
    }
}
