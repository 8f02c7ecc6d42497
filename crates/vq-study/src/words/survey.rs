//! The words of a set of images.

use std::collections::BTreeMap;

use image::RgbImage;
use image::imageops::crop_imm;
use tch::{Device, Tensor};
use vq_core::{Mode, Slot};
use vq_pipeline::{TokenizerState, to_rgb};

use super::{CodeWord, CodeWords, Nearness};
use crate::StudyError;

/// Images that are kept whole, with the heat maps of their words.
const KEPT_IMAGES: usize = 16;
/// Words of an image whose heat map is kept.
const KEPT_WORDS: usize = 24;
/// Patches that are kept of each word, from different images.
const KEPT_PATCHES: usize = 8;
/// Positions around a patch that are cut with it.
const AROUND: u32 = 1;

/// Accumulates the words that images choose: how often each is chosen, and where.
pub struct CodeSurvey<'a> {
    state: &'a TokenizerState,
    words: CodeWords<'a>,
    requested: Vec<CodeWord>,
    uses: BTreeMap<i64, Uses>,
    images: Vec<SurveyedImage>,
    seen: usize,
}

#[derive(Default)]
struct Uses {
    count: u64,
    images: usize,
    patches: Vec<Patch>,
}

/// A part of an image whose central position chose a word.
#[derive(Debug, Clone)]
pub struct Patch {
    /// The image's name.
    pub image: String,
    /// The position with its neighbours.
    pub picture: RgbImage,
}

/// How often a word was chosen, and examples.
#[derive(Debug, Clone)]
pub struct WordUse {
    /// The word.
    pub word: CodeWord,
    /// How many ids of all images are the word.
    pub count: u64,
    /// How many images have the word.
    pub images: usize,
    /// Examples from different images.
    pub patches: Vec<Patch>,
}

/// An image, and its words.
#[derive(Debug, Clone)]
pub struct SurveyedImage {
    /// Its name.
    pub name: String,
    /// The image as the tokenizer gets it.
    pub original: RgbImage,
    /// Its reconstruction from its ids alone.
    pub reconstruction: RgbImage,
    /// Rows of positions.
    pub height: usize,
    /// Positions of a row.
    pub width: usize,
    /// The words of each position, row by row.
    pub positions: Vec<Vec<String>>,
    /// Heat maps of the requested words and of those that it chose most often.
    pub heats: Vec<WordHeat>,
}

/// The heat map of a word in an image.
#[derive(Debug, Clone)]
pub struct WordHeat {
    /// The word.
    pub word: CodeWord,
    /// Positions that chose it.
    pub chosen: u64,
    /// For each position, row by row, how near it is to choosing the word: 1 where it is chosen, 0 at the farthest.
    pub heat: Vec<f64>,
}

impl<'a> CodeSurvey<'a> {
    /// A survey of no image yet; the heat maps of `requested` words are always kept.
    ///
    /// # Errors
    /// [`StudyError::Pipeline`] if codes are not words, or a requested word is not a code.
    pub fn new(state: &'a TokenizerState, requested: &[String]) -> Result<Self, StudyError> {
        let words = CodeWords::of(state)?;
        let found: Result<Vec<Vec<CodeWord>>, StudyError> = requested.iter().map(|word| words.find(word)).collect();
        let requested = found?.into_iter().flatten().collect();
        Ok(Self { state, words, requested, uses: BTreeMap::new(), images: Vec::new(), seen: 0 })
    }

    /// Takes in an image `[1, 3, H, W]`.
    ///
    /// # Errors
    /// [`StudyError`] if it does not fit the tokenizer.
    pub fn update(&mut self, name: &str, image: &Tensor) -> Result<(), StudyError> {
        let _no_gradients = tch::no_grad_guard();
        let encoded = self.state.tokenizer.quantize(image, Mode::Eval)?;
        let ids = encoded.quantized.indices.to_device(Device::Cpu).get(0).contiguous(); // [H, W, S]
        let size = ids.size();
        let [height, width, slots] = [size[0], size[1], size[2]].map(|side| side as usize);
        let flat = Vec::<i64>::try_from(ids.view(-1))?;
        let original = to_rgb(&image.get(0))?;
        let mut counts: BTreeMap<i64, (u64, usize)> = BTreeMap::new();
        for (at, &id) in flat.iter().enumerate() {
            counts.entry(id).or_insert((0, at / slots)).0 += 1;
        }
        for (&id, &(count, position)) in &counts {
            let uses = self.uses.entry(id).or_default();
            uses.count += count;
            uses.images += 1;
            if uses.patches.len() < KEPT_PATCHES {
                let picture = patch(&original, [height, width], [position / width, position % width]);
                uses.patches.push(Patch { image: name.to_owned(), picture });
            }
        }
        self.seen += 1;
        if self.images.len() < KEPT_IMAGES {
            let reconstruction = to_rgb(&self.state.tokenizer.decode(&encoded.quantized.indices)?.get(0))?;
            let text = |&id: &i64| self.words.code(id).map_or_else(|| id.to_string(), |code| code.text);
            let positions = flat.chunks(slots).map(|ids| ids.iter().map(text).collect()).collect();
            let mut ranked: Vec<(i64, u64)> = counts.iter().map(|(&id, &(count, _))| (id, count)).collect();
            ranked.sort_by_key(|&(id, count)| (std::cmp::Reverse(count), id));
            let most = ranked.iter().take(KEPT_WORDS).filter_map(|&(id, _)| self.words.code(id));
            let requested =
                self.requested.iter().filter(|code| !ranked.iter().take(KEPT_WORDS).any(|&(id, _)| id == code.id));
            let mut heats = Vec::new();
            if let Some(live) = &encoded.quantized.live {
                let groups = self.state.tokenizer.layout().groups();
                let channels = encoded.latents.chunk(groups.len() as i64, 1); // each [1, D, H, W]
                let near =
                    |(slot, latents): (&&Slot, &Tensor)| Nearness::new(&latents.get(0), &live.codebook, &slot.codes);
                let near: Vec<Nearness> = groups.iter().zip(&channels).map(near).collect();
                for word in requested.cloned().chain(most) {
                    let near = near[word.group_index].to(word.id);
                    let near = Vec::<f64>::try_from(near.to_device(Device::Cpu).contiguous().view(-1))?;
                    let farthest = near.iter().copied().fold(-f64::MIN_POSITIVE, f64::min);
                    let chosen = counts.get(&word.id).map_or(0, |&(count, _)| count);
                    heats.push(WordHeat {
                        heat: near.iter().map(|near| 1.0 - near / farthest).collect(),
                        word,
                        chosen,
                    });
                }
            }
            self.images.push(SurveyedImage {
                name: name.to_owned(),
                original,
                reconstruction,
                height,
                width,
                positions,
                heats,
            });
        }
        Ok(())
    }

    /// The number of images.
    pub fn seen(&self) -> usize {
        self.seen
    }

    /// The first images, which are kept whole.
    pub fn images(&self) -> &[SurveyedImage] {
        &self.images
    }

    /// The most used words of a group in order, at most `most`.
    pub fn most_used(&self, group: &str, most: usize) -> Vec<WordUse> {
        let word = |(&id, uses): (&i64, &Uses)| {
            let word = self.words.code(id).filter(|code| code.group == group)?;
            Some(WordUse { word, count: uses.count, images: uses.images, patches: uses.patches.clone() })
        };
        let mut words: Vec<WordUse> = self.uses.iter().filter_map(word).collect();
        words.sort_by_key(|word| (std::cmp::Reverse(word.count), word.word.id));
        words.truncate(most);
        words
    }

    /// The words of a group that no image chose.
    pub fn dead(&self, group: &str) -> Vec<String> {
        let groups = self.state.tokenizer.layout().groups();
        let ids = groups.into_iter().filter(|slot| slot.group == group).flat_map(|slot| slot.codes.clone());
        ids.filter(|id| !self.uses.contains_key(id)).filter_map(|id| Some(self.words.code(id)?.text)).collect()
    }

    /// The names of the groups.
    pub fn groups(&self) -> Vec<String> {
        self.state.tokenizer.layout().groups().iter().map(|slot| slot.group.clone()).collect()
    }
}

/// The pixels of a position and its neighbours.
fn patch(image: &RgbImage, [rows, columns]: [usize; 2], [row, column]: [usize; 2]) -> RgbImage {
    let span = |side: u32, count: usize, at: usize| {
        let step = side / count.max(1) as u32;
        let from = (at as u32 * step).saturating_sub(AROUND * step);
        let to = ((at as u32 + 1 + AROUND) * step).min(side);
        (from, to - from)
    };
    let ((top, height), (left, width)) = (span(image.height(), rows, row), span(image.width(), columns, column));
    crop_imm(image, left, top, width, height).to_image()
}
