//! Any bytes are a prior or a clear error, and what is a prior is written and read back as it is.
#![no_main]

use codebook_prior::PriorGraph;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(prior) = PriorGraph::from_bytes(bytes) {
        let written = prior.to_bytes().expect("a prior can be written");
        assert_eq!(PriorGraph::from_bytes(&written).expect("what was written can be read"), prior);
    }
});
