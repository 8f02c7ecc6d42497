//! Images per second from a folder to batches of 256x256, and the time to open the folder.
//!
//! ```sh
//! cargo bench -p vq-data --bench folder -- FOLDER [THREADS [EPOCHS]]
//! ```
//!
//! `benches/folder_peer.py` does the same with torchvision and runs both alternately.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and a failed unwrap ends it")]

use std::sync::Arc;
use std::time::Instant;

use vq_data::{ImageFolder, ImageFolderConfig, ImageSource, Loader, LoaderConfig, Transform};

const BATCH: usize = 16;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let Some(root) = arguments.next() else {
        println!("folder: no folder given, nothing measured");
        return;
    };
    let threads = arguments.next().map_or(2, |text| text.parse().unwrap());
    let epochs: usize = arguments.next().map_or(1, |text| text.parse().unwrap());

    let begun = Instant::now();
    let folder = ImageFolder::open(root, ImageFolderConfig::default()).unwrap();
    println!("opened {} images in {:.3} s", folder.len(), begun.elapsed().as_secs_f64());

    let images = folder.len() / BATCH * BATCH * epochs;
    let config = LoaderConfig { threads, ..LoaderConfig::shuffled(BATCH, 0) };
    let begun = Instant::now();
    let loader = Loader::new(Arc::new(folder), Transform::fixed(256, [255; 3]), config).unwrap();
    let sum: f32 = loader.take(images / BATCH).map(|batch| batch.unwrap().images[0]).sum();
    assert!(sum.is_finite());
    println!("{:.0} images/s", images as f64 / begun.elapsed().as_secs_f64());
}
