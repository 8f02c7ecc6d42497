//! The map between the model's ids and local ids.

use proptest::prelude::*;
use tch::{Kind, Tensor};
use vlt_caption::{SpecialTokens, TokenMap};

const MODEL: SpecialTokens = SpecialTokens { begin: 101, end: 102, pad: 0, unknown: Some(100) };

proptest! {
    #[test]
    fn selected_ids_round_trip(used in prop::collection::vec(0_i64..500, 0..40)) {
        let map = TokenMap::new(used.iter().copied(), MODEL).unwrap();
        for id in used.iter().copied().chain([0, 100, 101, 102]) {
            prop_assert_eq!(map.local_id(id).and_then(|local| map.model_id(local)), Some(id));
        }
        for local in 0..map.size() as i64 {
            prop_assert_eq!(map.model_id(local).and_then(|id| map.local_id(id)), Some(local));
        }
        prop_assert_eq!(map.local_id(600), map.special().unknown);
        prop_assert_eq!(map.model_id(map.size() as i64), None);
        prop_assert_eq!(map.model_id(-1), None);
    }
}

#[test]
fn rows_follow_the_local_ids() {
    let map = TokenMap::new([7, 5], MODEL).unwrap();
    let table = Tensor::arange(110, (Kind::Float, tch::Device::Cpu)).unsqueeze(1);
    let rows = Vec::<f32>::try_from(map.rows(&table).unwrap().view(-1)).unwrap();
    assert_eq!(rows, [0.0, 5.0, 7.0, 100.0, 101.0, 102.0]);
    let error = map.rows(&table.narrow(0, 0, 102)).unwrap_err().to_string();
    assert_eq!(error, "TokenMap::rows: expected embeddings of shape [103.., E], got [102, 1]");
}

#[test]
fn captions_are_delimited_truncated_and_padded() {
    let map = TokenMap::new([5, 7], MODEL).unwrap();
    assert_eq!(map.caption(&[7, 5, 9], 8).unwrap(), [4, 2, 1, 3, 5], "9 is unknown");
    assert_eq!(map.caption(&[7, 5, 9], 4).unwrap(), [4, 2, 1, 5], "the end stays");
    assert_eq!(
        map.caption(&[7], 1).unwrap_err().to_string(),
        "TokenMap::caption: expected `limit` to be 2 or more, got 1"
    );
    let batch = map.batch(&[vec![4, 1, 5], vec![], vec![4, 1, 2, 5]]);
    assert_eq!(batch.ids, Tensor::from_slice(&[4_i64, 1, 5, 0, 0, 0, 0, 0, 4, 1, 2, 5]).view([3, 4]));
    assert_eq!(batch.lengths, Tensor::from_slice(&[3_i64, 0, 4]));

    let without = TokenMap::new([5, 7], SpecialTokens { unknown: None, ..MODEL }).unwrap();
    assert_eq!(without.caption(&[9, 7], 8).unwrap(), [3, 2, 4], "ids without a local id are dropped");
}
