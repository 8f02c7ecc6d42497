//! Event files against TensorBoard's own encoding; `tests/data/make_events.py` makes the file.

use std::path::Path;

use tempfile::TempDir;
use vq_report::{EventFile, Moment};

const GOLDEN: &[u8] = include_bytes!("../data/run.tfevents");

fn moment(step: u64, wall_time: f64) -> Moment {
    Moment { step, wall_time }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn event_file_equals_that_of_tensorboards_writer() {
    let folder = TempDir::new().unwrap();
    let mut events = EventFile::create(folder.path(), moment(3, 1000.0)).unwrap();
    let at = moment(7, 1000.5);
    events.scalar(at, "train/loss", 0.25).unwrap();
    events.scalar(at, "train/codebook", 0.0).unwrap();
    events.histogram(at, "codes/nouns", &[3, 0, 1, 2]).unwrap();
    events.text(at, "config", "*words* – über").unwrap();
    assert_eq!(std::fs::read(events.path()).unwrap(), GOLDEN);
}

#[test]
fn image_is_a_png_with_its_size() {
    let folder = TempDir::new().unwrap();
    let mut events = EventFile::create(folder.path(), moment(0, 1000.0)).unwrap();
    let image = image::RgbImage::from_fn(5, 3, |x, y| image::Rgb([x as u8 * 50, y as u8 * 80, 7]));
    events.image(moment(1, 1000.0), "reconstructions", &image).unwrap();
    let bytes = std::fs::read(events.path()).unwrap();
    let begin = bytes.windows(4).position(|window| window == b"\x89PNG").unwrap();
    // Height, width, colours: fields 1 to 3 of TensorBoard's `Summary.Image`.
    assert!(contains(&bytes[..begin], &[0x08, 3, 0x10, 5, 0x18, 3]));
    // The PNG format has an end marker; the record's checksum follows it.
    let decoded = image::load_from_memory_with_format(&bytes[begin..], image::ImageFormat::Png).unwrap();
    assert_eq!(decoded.to_rgb8(), image);
}

#[test]
fn many_codes_share_buckets_and_keep_their_total() {
    let folder = TempDir::new().unwrap();
    let length = |counts: &[i64]| {
        let mut events = EventFile::create(folder.path(), moment(0, 1000.0)).unwrap();
        events.histogram(moment(1, 1000.0), "codes/nouns", counts).unwrap();
        let bytes = std::fs::read(events.path()).unwrap();
        let total: i64 = counts.iter().sum();
        assert!(contains(&bytes, &(total as f64).to_le_bytes()), "the number of all choices");
        bytes.len()
    };
    assert!(length(&[1; 16_384]) < 256 * 16 + 500, "at most 256 buckets of a limit and a count each");
    assert!(length(&[2; 5]) < 5 * 16 + 300);
}

#[test]
fn later_file_has_a_later_name_even_if_the_clock_was_set_back() {
    let folder = TempDir::new().unwrap();
    let create = |wall_time| EventFile::create(folder.path(), moment(0, wall_time)).unwrap().path().to_path_buf();
    let files = [create(5000.0), create(5000.0), create(100.0), create(9000.0)];
    assert!(files.is_sorted_by(|one, next| one < next), "{files:?}");
    assert!(files[3].ends_with("events.out.tfevents.0000009000.vqct"));
}

#[test]
fn error_names_missing_folder() {
    let error = EventFile::create(Path::new("no such folder"), moment(0, 1.0)).unwrap_err().to_string();
    assert!(error.contains("read folder no such folder"), "{error}");
}
