//! How figures are called and drawn.

use super::axis::Scale;

/// Figures in the order in which people look at them; those that are not here follow.
const ORDER: [&str; 8] =
    ["psnr", "ssim", "usage", "loss", "reconstruction", "codebook", "learning_rate", "images_per_second"];

/// Sorts figures of one kind: known ones first, then others by name, and those of groups last.
pub(crate) fn sort_names(names: &mut [&str]) {
    let rank = |name: &str| match ORDER.iter().position(|known| *known == name) {
        // Speed and rate are no figures of quality: they come after those that are not known here.
        Some(place) if place < ORDER.len() - 2 => place,
        Some(place) => place + 1,
        None if name.contains('/') => ORDER.len() + 2,
        None => ORDER.len() - 2,
    };
    names.sort_by(|one, other| rank(one).cmp(&rank(other)).then_with(|| one.cmp(other)));
}

/// How a figure is shown.
pub(crate) struct Look {
    pub(crate) title: String,
    pub(crate) unit: &'static str,
    pub(crate) scale: Scale,
}

impl Look {
    /// Of a figure in a record of a kind; one that is not known here shows under its own name.
    pub(crate) fn of(kind: &str, name: &str) -> Self {
        let (title, unit, scale) = match (kind, name) {
            ("train", "loss") => ("Total loss", "", Scale::LogIfWide),
            ("train", "reconstruction") => ("Reconstruction loss", "weighted", Scale::LogIfWide),
            ("train", "codebook") => ("Codebook loss", "", Scale::LogIfWide),
            ("train", "learning_rate") => ("Learning rate", "", Scale::FromZero),
            ("train", "images_per_second") => ("Speed", "images/s", Scale::FromZero),
            ("validation", "psnr") => ("PSNR", "dB, validation", Scale::Tight),
            ("validation", "ssim") => ("SSIM", "validation", Scale::Tight),
            ("validation", "ms_ssim") => ("MS-SSIM", "validation", Scale::Tight),
            ("train", "perceptual") => ("LPIPS", "", Scale::LogIfWide),
            ("train", "ms_ssim") => ("1 - MS-SSIM", "", Scale::LogIfWide),
            ("train", "laplacian") => ("Laplacian pyramids", "L1", Scale::LogIfWide),
            ("train", "adversarial") => ("Generator's loss", "of the game", Scale::Tight),
            ("train", "adaptive_weight") => ("Adaptive weight", "", Scale::LogIfWide),
            ("train", "discriminator") => ("Discriminator's loss", "", Scale::Tight),
            ("train", "logits_real") => ("Mean logit of originals", "", Scale::Tight),
            ("train", "logits_fake") => ("Mean logit of reconstructions", "", Scale::Tight),
            ("train", "discriminator_gradient_norm") => ("Discriminator's gradient norm", "", Scale::LogIfWide),
            ("train", "r1") => ("R1 penalty", "", Scale::LogIfWide),
            ("train", "lecam") => ("LeCAM term", "", Scale::LogIfWide),
            ("validation", "usage") => ("Codes used", "share of all, validation", Scale::FromZero),
            ("generation", "nats_per_id") => ("Nats an id", "validation", Scale::Tight),
            ("generation", "perplexity") => ("Perplexity", "of an id, validation", Scale::LogIfWide),
            ("train", "nats_per_id") => ("Nats an id", "without smoothing", Scale::LogIfWide),
            ("validation", name) => return Self::named(name, "validation", Scale::Tight),
            (_, name) => return Self::named(name, "", Scale::LogIfWide),
        };
        Self { title: title.into(), unit, scale }
    }

    fn named(name: &str, unit: &'static str, scale: Scale) -> Self {
        let words = name.replace('_', " ").replace('/', " · ");
        let mut letters = words.chars();
        let title = letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect());
        Self { title, unit, scale }
    }
}
