//! The files of a packed sample.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{DynamicImage, GrayImage, Rgb, RgbImage, RgbaImage};

use super::config::PackEncoding;
use crate::shards::keys;
use crate::shards::metadata::SampleMetadata;
use crate::{DataError, LabelMap, Sample, Segmentation};

/// A file of a sample in a shard.
pub(super) struct PackedFile {
    pub(super) key: &'static str,
    pub(super) bytes: Vec<u8>,
}

/// The files of a sample.
pub(super) fn files(sample: Sample, encoding: PackEncoding) -> Result<Vec<PackedFile>, DataError> {
    let failed = |source| DataError::Encode { what: sample.id.clone(), source };
    let mut files = vec![image_file(&sample.image, encoding).map_err(failed)?];
    let captions: Vec<&String> = sample.caption.iter().chain(&sample.more_captions).collect();
    for (key, texts) in [(keys::TEXT, captions), (keys::CLASS, sample.labels.iter().collect())] {
        let text: String = texts.into_iter().filter_map(|text| line(text)).collect();
        if !text.is_empty() {
            files.push(PackedFile { key, bytes: text.into_bytes() });
        }
    }
    if let Some(Segmentation { map, .. }) = &sample.segmentation {
        files.push(PackedFile { key: keys::MAP, bytes: label_map(map).map_err(failed)? });
    }
    let sides = sample.segmentation.map(|segmentation| segmentation.sides.into_owned()).unwrap_or_default();
    let metadata = SampleMetadata { id: sample.id, boxes: sample.boxes, sides };
    let json = serde_json::to_vec(&metadata)
        .map_err(|source| DataError::Json { what: format!("the metadata of {}", metadata.id), source })?;
    files.push(PackedFile { key: keys::METADATA, bytes: json });
    Ok(files)
}

/// A text as one line with a line break; `None` if it is blank.
fn line(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.lines().map(str::trim).filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join(" ") + "\n")
}

fn image_file(image: &RgbaImage, encoding: PackEncoding) -> image::ImageResult<PackedFile> {
    match encoding {
        PackEncoding::Png => {
            let opaque = image.pixels().all(|pixel| pixel.0[3] == u8::MAX);
            let image = DynamicImage::ImageRgba8(image.clone());
            let bytes = png(&if opaque { image.into_rgb8().into() } else { image })?;
            Ok(PackedFile { key: "png", bytes })
        }
        PackEncoding::Jpeg { quality, background } => {
            let mut bytes = Vec::new();
            JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(&over(image, background))?;
            Ok(PackedFile { key: "jpg", bytes })
        }
    }
}

/// Composes an image over a background, on levels as they are stored (sRGB).
fn over(image: &RgbaImage, background: [u8; 3]) -> RgbImage {
    RgbImage::from_fn(image.width(), image.height(), |x, y| {
        let [red, green, blue, alpha] = image.get_pixel(x, y).0.map(u32::from);
        let mix = |level: u32, behind: u8| ((level * alpha + u32::from(behind) * (255 - alpha) + 127) / 255) as u8;
        Rgb([mix(red, background[0]), mix(green, background[1]), mix(blue, background[2])])
    })
}

/// A grey PNG of 8 bits if all labels fit, else of 16.
fn label_map(map: &LabelMap) -> image::ImageResult<Vec<u8>> {
    let small: Option<Vec<u8>> = map.iter().map(|&label| u8::try_from(label).ok()).collect();
    let small = small.and_then(|levels| GrayImage::from_raw(map.width(), map.height(), levels));
    png(&small.map_or_else(|| DynamicImage::ImageLuma16(map.clone()), DynamicImage::ImageLuma8))
}

/// PNG with settings of its own, not `vq-file`'s: the bytes of shards must not change.
fn png(image: &DynamicImage) -> image::ImageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::Adaptive);
    image.write_with_encoder(encoder)?;
    Ok(bytes)
}
