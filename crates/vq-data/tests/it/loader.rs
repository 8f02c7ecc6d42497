use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use vq_data::{Background, Batch, Crop, DataError, Flip, ImageSource, Loader, LoaderConfig, Sample, Transform};

use crate::support::{Numbered, check_error};

fn transform() -> Transform {
    Transform {
        background: Background::Random,
        flip: Flip::Random,
        crop: Crop::Random(0.8),
        ..Transform::fixed(4, [0; 3])
    }
}

fn load(samples: usize, config: LoaderConfig) -> Loader {
    Loader::new(Arc::new(Numbered::new(samples)), transform(), config).unwrap()
}

fn take(loader: Loader, batches: usize) -> Vec<Batch> {
    loader.take(batches).map(Result::unwrap).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn threads_prefetch_and_start_change_nothing(
        samples in 1_usize..20, batch_size in 1_usize..9, seed: u64,
        threads in 1_usize..4, prefetch in 1_usize..6, first in 0_u64..8,
    ) {
        let plain = LoaderConfig::shuffled(batch_size, seed);
        let whole = take(load(samples, plain.clone()), 12);
        let other = LoaderConfig { threads, prefetch, first_batch: first, ..plain };
        let rest = take(load(samples, other), 12 - first as usize);
        prop_assert_eq!(&whole[first as usize..], &rest[..]);
    }

    #[test]
    fn batches_flow_across_epochs(samples in 1_usize..20, batch_size in 1_usize..9, seed: u64) {
        let batches = take(load(samples, LoaderConfig::shuffled(batch_size, seed)), 3 * samples);
        let indices: Vec<usize> = batches.into_iter().flat_map(|batch| batch.indices).collect();
        for epoch in indices.chunks_exact(samples) {
            let mut epoch = epoch.to_vec();
            epoch.sort_unstable();
            prop_assert_eq!(epoch, (0..samples).collect::<Vec<_>>());
        }
    }

    #[test]
    fn one_pass_gives_every_sample_once_in_order(
        samples in 1_usize..20, batch_size in 1_usize..9, threads in 1_usize..4, first in 0_u64..4,
    ) {
        let config = LoaderConfig { threads, first_batch: first, ..LoaderConfig::one_pass(batch_size) };
        let mut loader = load(samples, config);
        let batches: Vec<Batch> = loader.by_ref().map(Result::unwrap).collect();
        prop_assert!(loader.next().is_none());
        let indices: Vec<usize> = batches.iter().flat_map(|batch| batch.indices.clone()).collect();
        prop_assert_eq!(indices, (first as usize * batch_size..samples).collect::<Vec<_>>());
        for batch in &batches {
            prop_assert_eq!(batch.images.len(), batch.count * 3 * 4 * 4);
            prop_assert_eq!(batch.indices.len(), batch.count);
        }
    }
}

/// A source that counts its reads.
#[derive(Default)]
struct Counting(AtomicUsize);

impl ImageSource for Counting {
    fn len(&self) -> usize {
        1000
    }

    fn get(&self, index: usize) -> Result<Sample, DataError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Numbered::new(1000).get(index)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Memory is bounded: a loader makes only the batches that were taken and those it prefetches.
    #[test]
    fn no_more_is_made_ahead_than_stated(
        batch_size in 1_usize..4, threads in 1_usize..4, prefetch in 1_usize..6, taken in 0_usize..5,
    ) {
        let source = Arc::new(Counting::default());
        let config = LoaderConfig { threads, prefetch, ..LoaderConfig::one_pass(batch_size) };
        let mut loader = Loader::new(Arc::clone(&source) as _, transform(), config).unwrap();
        for _ in 0..taken {
            loader.next().unwrap().unwrap();
        }
        let most = (taken + prefetch.next_multiple_of(threads)) * batch_size;
        // Waits until all allowed batches are made, and then long enough for more.
        for _ in 0..10_000_000 {
            if source.0.load(Ordering::Relaxed) >= most {
                break;
            }
            std::thread::yield_now();
        }
        (0..1000).for_each(|_| std::thread::yield_now());
        drop(loader);
        prop_assert_eq!(source.0.load(Ordering::Relaxed), most);
    }

    #[test]
    fn seeds_decide_order_and_chance(seed: u64, other: u64) {
        let first = |seed| take(load(24, LoaderConfig::shuffled(24, seed)), 1).remove(0);
        prop_assert_eq!(first(seed), first(seed));
        if seed != other {
            // Two of 24! orders are practically never the same.
            prop_assert_ne!(first(seed).indices, first(other).indices);
        }
    }
}

#[test]
fn a_batch_has_the_captions_of_its_samples() {
    let batch = &take(load(5, LoaderConfig::one_pass(2)), 3)[2];
    assert_eq!(batch.count, 1);
    assert_eq!(batch.size, 4);
    assert_eq!(batch.captions, [Some("picture 4".to_owned())]);
}

#[test]
fn epochs_repeat_images_with_other_random_choices() {
    let batches = take(load(1, LoaderConfig::shuffled(1, 7)), 2);
    assert_ne!(batches[0].images, batches[1].images);
}

#[test]
fn the_next_batch_is_counted() {
    let mut loader = load(3, LoaderConfig::shuffled(2, 1));
    loader.next().unwrap().unwrap();
    loader.next().unwrap().unwrap();
    assert_eq!(loader.next_batch(), 2);
}

#[test]
fn dropping_a_loader_ends_its_threads() {
    let source = Arc::new(Numbered::new(10));
    let config = LoaderConfig { threads: 3, ..LoaderConfig::shuffled(2, 1) };
    let mut loader = Loader::new(source.clone(), transform(), config).unwrap();
    loader.next().unwrap().unwrap();
    drop(loader);
    // Every thread had a reference to the source.
    assert_eq!(Arc::strong_count(&source), 1);
}

#[test]
fn a_broken_sample_is_named_and_the_rest_follows() {
    let source = Numbered { len: 6, broken: Some(3) };
    let loader = Loader::new(Arc::new(source), transform(), LoaderConfig::one_pass(2)).unwrap();
    let batches: Vec<_> = loader.collect();
    assert_eq!(batches.len(), 3);
    assert!(batches[0].is_ok());
    check_error(batches[1].as_ref().unwrap_err(), &["number 3", "an image with pixels"]);
    assert!(batches[2].is_ok());
}

/// A source that panics.
struct Panicking;

impl ImageSource for Panicking {
    fn len(&self) -> usize {
        3
    }

    fn get(&self, _: usize) -> Result<Sample, DataError> {
        panic!("this panic is part of the test")
    }
}

#[test]
fn a_panic_in_a_source_is_an_error() {
    let mut loader = Loader::new(Arc::new(Panicking), transform(), LoaderConfig::one_pass(3)).unwrap();
    let error = loader.next().unwrap().unwrap_err();
    check_error(&error, &["batch 0", "thread that has died"]);
    assert!(loader.next().is_none());
}

#[test]
fn invalid_configurations_are_refused() {
    let good = LoaderConfig::shuffled(2, 1);
    #[track_caller]
    fn check(samples: usize, config: LoaderConfig, part: &str) {
        let error = Loader::new(Arc::new(Numbered::new(samples)), transform(), config).err().unwrap();
        check_error(&error, &[part]);
    }
    check(0, good.clone(), "a source with samples, got 0");
    check(1, LoaderConfig { batch_size: 0, ..good.clone() }, "a batch size");
    check(1, LoaderConfig { prefetch: 0, ..good.clone() }, "a prefetch");
    check(1, LoaderConfig { threads: 0, ..good.clone() }, "1 thread");
    check(1, LoaderConfig { first_batch: u64::MAX, ..good }, "2^63");
}
