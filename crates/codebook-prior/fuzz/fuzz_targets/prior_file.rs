//! Any bytes give a prior or an error, and any prior survives encoding and decoding.
#![no_main]

use codebook_prior::PriorGraph;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(prior) = PriorGraph::from_bytes(bytes) {
        let encoded = prior.to_bytes().expect("a prior can be encoded");
        assert_eq!(PriorGraph::from_bytes(&encoded).expect("an encoded prior can be decoded"), prior);
    }
});
