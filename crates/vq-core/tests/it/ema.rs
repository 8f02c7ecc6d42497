use proptest::prelude::*;
use tch::{Device, Kind, Tensor, nn};
use vq_core::{
    Assignment, Codebook, CodebookInit, CoreError, Distance, EmaCodebook, EmaConfig, Group, GroupedQuantizer,
    MatchConfig, Mode, NearestConfig, NearestQuantizer, QuantizedBatch, Quantizer, RevivalConfig, RevivalSource,
    SearchConfig, nearest_codes,
};

use crate::laws::{Laws, check_laws};
use crate::oracle::{assert_close, assign, golden, names, train};
use crate::support::{ids, normal};

struct Ema {
    store: nn::VarStore,
    quantizer: NearestQuantizer,
}

fn ema(size: i64, dim: i64, config: EmaConfig, distance: Distance) -> Ema {
    let store = nn::VarStore::new(Device::Cpu);
    let codebook = EmaCodebook::new(&store.root(), size, dim, config).unwrap();
    let matching = MatchConfig { distance, ..Default::default() };
    let config = NearestConfig { matching, ..Default::default() };
    Ema { store, quantizer: NearestQuantizer::new(Box::new(codebook), config).unwrap() }
}

impl Ema {
    fn place(&self, codes: &Tensor) {
        assign(&self.store, "weight", codes);
        assign(&self.store, "embed_sum", codes);
    }

    fn variable(&self, name: &str) -> Tensor {
        self.store.variables()[name].copy()
    }

    fn update(&mut self, latents: &Tensor, mask: Option<&Tensor>) {
        let indices = self.quantizer.quantize(latents, Mode::Train).unwrap().indices;
        self.quantizer.update(&QuantizedBatch { latents, indices: &indices, mask }).unwrap();
    }
}

fn unit(rows: &Tensor) -> Tensor {
    rows / rows.norm_scalaropt_dim(2.0, [1_i64], true)
}

#[test]
fn steps_equal_vector_quantize_pytorch() {
    let golden = golden("vector_quantize.safetensors");
    let codes = &golden["codes"];
    for (name, distance) in [("l2", Distance::L2), ("cosine", Distance::Cosine)] {
        let config = EmaConfig { decay: 0.8, ..Default::default() };
        let mut ema = ema(codes.size()[0], codes.size()[1], config, distance);
        ema.place(&if distance == Distance::Cosine { unit(codes) } else { codes.shallow_clone() });
        for step in 0..golden["ema.latents"].size()[0] {
            let latents = golden["ema.latents"].get(step);
            let expected = |key: &str| golden[&format!("ema.{name}.{key}")].get(step);
            let indices = ema.quantizer.quantize(&latents, Mode::Train).unwrap().indices;
            assert!(indices.squeeze_dim(3).equal(&expected("ids")), "{name}, step {step}");
            ema.quantizer.update(&QuantizedBatch { latents: &latents, indices: &indices, mask: None }).unwrap();
            // The mean of unit vectors is shorter than one; the quantizer normalizes it.
            let weight = ema.variable("weight");
            let weight = if distance == Distance::Cosine { unit(&weight) } else { weight };
            assert_close(&weight, &expected("codes"), 1e-5, name);
            assert_close(&ema.variable("cluster_size"), &expected("sizes"), 1e-5, name);
        }
    }
}

#[test]
fn loss_and_gradient_equal_vector_quantize_pytorch() {
    let golden = golden("vector_quantize.safetensors");
    for (name, distance) in [("l2", Distance::L2), ("cosine", Distance::Cosine)] {
        let ema = ema(12, 5, EmaConfig::default(), distance);
        ema.place(&golden["codes"]);
        let pass = train(&ema.quantizer, &golden["latents"], &golden["upstream"]);
        assert!(pass.indices.squeeze_dim(3).equal(&golden[&format!("{name}.ids")]), "{name}");
        assert_close(&pass.codes, &golden[&format!("{name}.quantized")], 1e-6, name);
        assert_close(&pass.loss, &golden[&format!("{name}.loss")], 1e-6, name);
        assert_close(&pass.latents_grad, &golden[&format!("{name}.latents.grad")], 1e-5, name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn the_laws_hold(seed in 0_u64..1000, dim in 2_i64..6, size in 1_i64..30, side in 1_i64..4, cosine in any::<bool>()) {
        let distance = if cosine { Distance::Cosine } else { Distance::L2 };
        let mut ema = ema(size, dim, EmaConfig { decay: 0.5, ..Default::default() }, distance);
        ema.place(&normal(seed, &[size, dim]));
        ema.update(&normal(seed + 1, &[2, dim, 3, 3]), None);
        // Normalizing a normalized row rounds again.
        let laws = Laws { identity_gradient: !cosine, loss_zero_on_codes: !cosine, ..Laws::ALL };
        check_laws(&ema.quantizer, &normal(seed + 2, &[2, dim, side, side]), laws);
    }

    #[test]
    fn without_smoothing_and_decay_codes_are_means(seed in 0_u64..1000, size in 1_i64..6) {
        let mut ema = ema(size, 3, EmaConfig { decay: 0.0, epsilon: 1e-12, ..Default::default() }, Distance::L2);
        ema.place(&normal(seed, &[size, 3]));
        let latents = normal(seed + 1, &[2, 3, 4, 4]);
        let indices = ema.quantizer.quantize(&latents, Mode::Train).unwrap().indices.view(-1);
        ema.update(&latents, None);
        let rows = latents.permute([0, 2, 3, 1]).reshape([-1, 3]);
        for id in 0..size {
            let own = rows.index_select(0, &indices.eq(id).nonzero().view(-1));
            if own.size()[0] > 0 {
                let mean = own.mean_dim(0, false, Kind::Float);
                assert_close(&ema.variable("weight").get(id), &mean, 1e-5, "the code");
            }
        }
    }

    #[test]
    fn each_of_the_top_k_codes_is_updated(seed in 0_u64..1000, top_k in 2_i64..4) {
        let store = nn::VarStore::new(Device::Cpu);
        let config = EmaConfig { decay: 0.0, epsilon: 1e-12, ..Default::default() };
        let codebook = EmaCodebook::new(&store.root(), 4, 2, config).unwrap();
        assign(&store, "weight", &normal(seed, &[4, 2]));
        let config = NearestConfig { top_k, ..Default::default() };
        let mut quantizer = NearestQuantizer::new(Box::new(codebook), config).unwrap();
        let latents = normal(seed + 1, &[1, 2, 3, 3]);
        let indices = quantizer.quantize(&latents, Mode::Train).unwrap().indices;
        quantizer.update(&QuantizedBatch { latents: &latents, indices: &indices, mask: None }).unwrap();
        let rows = latents.permute([0, 2, 3, 1]).reshape([-1, 2]);
        for id in 0..4 {
            let own = rows.index_select(0, &indices.eq(id).any_dim(3, false).view(-1).nonzero().view(-1));
            if own.size()[0] > 0 {
                let mean = own.mean_dim(0, false, Kind::Float);
                assert_close(&store.variables()["weight"].get(id), &mean, 1e-5, "the code");
            }
        }
    }

    #[test]
    fn updates_ignore_padding(seed in 0_u64..1000, columns in 1_i64..5) {
        let latents = normal(seed, &[2, 3, 2, 5]);
        let mask = Tensor::arange(5, (Kind::Int64, Device::Cpu)).lt(columns).expand([2, 2, 5], false);
        let codes = normal(seed + 1, &[7, 3]);
        let updated = |latents: &Tensor, mask: Option<&Tensor>| {
            let mut ema = ema(7, 3, EmaConfig::default(), Distance::L2);
            ema.place(&codes);
            ema.update(latents, mask);
            ["weight", "cluster_size", "embed_sum"].map(|name| ema.variable(name))
        };
        let garbage = latents.where_self(&mask.unsqueeze(1), &(&latents * 1e6));
        let (masked, cut) = (updated(&garbage, Some(&mask)), updated(&latents.narrow(3, 0, columns), None));
        for (masked, cut) in masked.iter().zip(&cut) {
            assert_close(masked, cut, 1e-5, "a buffer");
        }
    }
}

#[test]
fn groups_are_updated_from_their_own_channels_and_ids() {
    let store = nn::VarStore::new(Device::Cpu);
    let config = EmaConfig { decay: 0.0, epsilon: 1e-12, ..Default::default() };
    let codebook = EmaCodebook::new(&store.root(), 7, 2, config).unwrap();
    assign(&store, "weight", &normal(1, &[7, 2]));
    let group = |name: &str, codes, top_k| Group { name: name.into(), codes, top_k };
    let groups = vec![group("adjective", 0..4, 2), group("noun", 4..7, 1)];
    let mut quantizer = GroupedQuantizer::new(Box::new(codebook), groups, MatchConfig::default()).unwrap();
    let latents = normal(2, &[2, 4, 3, 3]);
    let mask = Tensor::zeros([2, 3, 3], (Kind::Bool, Device::Cpu));
    let _ = mask.select(0, 1).fill_(1);
    let indices = quantizer.quantize(&latents, Mode::Train).unwrap().indices;
    quantizer.update(&QuantizedBatch { latents: &latents, indices: &indices, mask: Some(&mask) }).unwrap();

    let kept = indices.get(1).view([-1, 3]);
    let sizes = kept.reshape([-1]).bincount::<Tensor>(None, 7);
    assert_close(&store.variables()["cluster_size"], &sizes, 0.0, "sizes");
    let rows = latents.get(1).permute([1, 2, 0]).reshape([-1, 2, 2]); // positions, groups, D
    for id in 0..7 {
        let hits = kept.eq(id).any_dim(1, false).nonzero().view(-1);
        if hits.numel() > 0 {
            let mean = rows.select(1, id / 4).index_select(0, &hits).mean_dim(0, false, Kind::Float);
            assert_close(&store.variables()["weight"].get(id), &mean, 1e-5, "the code");
        }
    }
}

#[test]
fn gradients_do_not_train_the_codes() {
    let ema = ema(3, 2, EmaConfig::default(), Distance::L2);
    assert!(ema.store.trainable_variables().is_empty());
    let latents = normal(1, &[1, 2, 2, 2]);
    let quantized = ema.quantizer.quantize(&latents, Mode::Train).unwrap();
    let commitment = (&latents - &quantized.codes).square().mean(Kind::Float) * 0.25;
    assert_close(&quantized.loss, &commitment, 1e-6, "the loss");
}

#[test]
fn variables_have_their_documented_names() {
    let source = RevivalSource::Reservoir { size: 8, per_step: 2 };
    let revival = Some(RevivalConfig { source, ..Default::default() });
    let bare = ema(3, 2, EmaConfig::default(), Distance::L2);
    assert_eq!(names(&bare.store), ["cluster_size", "embed_sum", "initialized", "weight"]);
    let revived = ema(3, 2, EmaConfig { revival, ..Default::default() }, Distance::L2);
    let expected = [
        "cluster_size",
        "embed_sum",
        "initialized",
        "revival.reservoir",
        "revival.reservoir_taken",
        "revival.usage",
        "weight",
    ];
    assert_eq!(names(&revived.store), expected);
}

fn kmeans_config() -> EmaConfig {
    EmaConfig { init: CodebookInit::KMeans { rounds: 10 }, ..Default::default() }
}

#[test]
fn kmeans_initializes_the_codes_once() {
    // As many codes as vectors: each vector becomes a code for every random start.
    let latents = normal(1, &[1, 2, 2, 3]);
    let mut first = ema(6, 2, kmeans_config(), Distance::L2);
    first.quantizer.initialize(&latents.narrow(0, 0, 0)).unwrap();
    assert_eq!(first.variable("initialized").double_value(&[0]), 0.0, "k-means has run without vectors");
    first.quantizer.initialize(&latents).unwrap();
    assert_eq!(first.variable("initialized").double_value(&[0]), 1.0);
    let quantized = first.quantizer.quantize(&latents, Mode::Eval).unwrap();
    assert_close(&quantized.codes, &latents, 1e-6, "the codes");
    assert_eq!(quantized.indices.view(-1).unique_dim(0, true, false, false).0.size(), [6]);

    // K-means does not run again, not even in a resumed run.
    let mut resumed = ema(6, 2, kmeans_config(), Distance::L2);
    resumed.store.copy(&first.store).unwrap();
    let placed = first.variable("weight");
    for ema in [&mut first, &mut resumed] {
        ema.quantizer.initialize(&normal(2, &[1, 2, 5, 5])).unwrap();
        assert!(ema.variable("weight").equal(&placed));
    }
}

#[test]
fn kmeans_finds_clusters_and_their_sizes() {
    // Three distant clusters of 8, 4 and 4 vectors and six codes: some random starts leave codes unused, and the
    // averages must still match the codes.
    let centers = Tensor::from_slice(&[0.0_f32, 0.0, 100.0, 0.0, 0.0, 100.0]).view([3, 2]);
    let of = ids(&[0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2], &[16]);
    let rows = centers.index_select(0, &of) + normal(3, &[16, 2]);
    let latents = rows.view([1, 4, 4, 2]).permute([0, 3, 1, 2]);
    let mut ema = ema(6, 2, kmeans_config(), Distance::L2);
    ema.quantizer.initialize(&latents).unwrap();
    let (weight, sizes, sums) = (ema.variable("weight"), ema.variable("cluster_size"), ema.variable("embed_sum"));
    assert_close(&(sums / sizes.unsqueeze(1)), &weight, 1e-4, "the codes by their averages");
    let counts = ema.quantizer.quantize(&latents, Mode::Eval).unwrap().indices.view(-1).bincount::<Tensor>(None, 6);
    assert_eq!(sizes.sum(Kind::Float).double_value(&[]), counts.clamp_min(1).sum(Kind::Float).double_value(&[]));
}

#[test]
fn kmeans_accepts_fewer_vectors_than_codes() {
    for distance in [Distance::L2, Distance::Cosine] {
        let mut ema = ema(10, 2, kmeans_config(), distance);
        let latents = normal(1, &[1, 2, 1, 3]);
        ema.quantizer.initialize(&latents).unwrap();
        assert!(ema.variable("weight").isfinite().all().int64_value(&[]) == 1);
        let quantized = ema.quantizer.quantize(&latents, Mode::Eval).unwrap();
        assert!(quantized.loss.double_value(&[]) < 1e-9, "each vector is a code");
        ema.update(&latents, None);
        // Copies without vectors do not move.
        let rows = latents.permute([0, 2, 3, 1]).reshape([-1, 2]);
        let found = nearest_codes(&ema.variable("weight"), &rows, SearchConfig { k: 1, distance }).unwrap();
        assert!(found.distances.max().double_value(&[]) < 1e-4, "{distance:?}: {:?}", ema.variable("weight"));
    }
}

#[test]
fn a_step_without_vectors_changes_nothing() {
    let mut ema = ema(4, 2, EmaConfig::default(), Distance::L2);
    let before = ["weight", "cluster_size", "embed_sum"].map(|name| ema.variable(name));
    ema.update(&normal(1, &[0, 2, 3, 3]), None);
    let nothing = Tensor::zeros([1, 3, 3], (Kind::Bool, Device::Cpu));
    ema.update(&normal(1, &[1, 2, 3, 3]), Some(&nothing));
    let after = ["weight", "cluster_size", "embed_sum"].map(|name| ema.variable(name));
    assert!(before.iter().zip(&after).all(|(before, after)| before.equal(after)));
}

#[test]
fn invalid_options_are_errors() {
    let store = nn::VarStore::new(Device::Cpu);
    let refused =
        |size: i64, config: EmaConfig| EmaCodebook::new(&store.root(), size, 2, config).unwrap_err().to_string();
    let config = EmaConfig::default;
    assert_eq!(refused(3, EmaConfig { decay: 1.0, ..config() }), "EmaCodebook::new: expected a decay in 0..1, got 1");
    assert!(refused(3, EmaConfig { decay: f64::NAN, ..config() }).contains("NaN"));
    assert!(refused(3, EmaConfig { epsilon: 0.0, ..config() }).contains("epsilon > 0, got 0"));
    assert!(refused(3, EmaConfig { init: CodebookInit::KMeans { rounds: -2 }, ..config() }).contains("got -2"));
    assert!(refused(0, config()).contains("a positive number of codes"));
    let revival = Some(RevivalConfig { threshold: 0.0, ..Default::default() });
    assert!(refused(3, EmaConfig { revival, ..config() }).contains("threshold > 0, got 0"));

    let mut codebook = EmaCodebook::new(&store.root(), 3, 2, config()).unwrap();
    let mut refused = |vectors: Tensor, ids: Tensor| {
        codebook.update(&Assignment { vectors, ids, distance: Distance::L2 }).unwrap_err()
    };
    assert!(matches!(refused(normal(1, &[2, 3]), ids(&[0, 1], &[2])), CoreError::Shape { .. }));
    assert!(matches!(refused(normal(1, &[2, 2]), ids(&[0], &[1])), CoreError::Shape { .. }));
    assert!(matches!(refused(normal(1, &[2, 2]), ids(&[0, 3], &[2])), CoreError::Option { .. }));
    assert!(matches!(refused(normal(1, &[2, 2]), normal(1, &[2])), CoreError::Dtype { .. }));
    assert!(codebook.initialize(&normal(1, &[2, 3]), Distance::L2).is_err());
}
