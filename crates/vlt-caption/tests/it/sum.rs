//! The sum of loss terms, against the terms one by one.

use tch::{Device, Kind, Tensor, nn};
use vlt_caption::{
    CaptionBatch, CaptionLossInputs, CaptionLossTerm, CaptionLossTotal, GlobalAlignment, GlobalAlignmentConfig,
    MaskedText, MaskedTextConfig, Memory, RelationAlignment, RelationAlignmentConfig, TargetCodes, Translation,
    WordSupervision, WordSupervisionConfig, sum_caption_terms,
};
use vq_core::Mode;

use crate::support::{Small, codes, formula, small, small_config};

const NAMES: [&str; 6] = [
    "translation_accuracy",
    "translation",
    "masked_text",
    "global_alignment",
    "relation_alignment",
    "word_supervision",
];

/// A decoder, the terms beside it, and the inputs of a batch of three images.
struct Case {
    small: Small,
    global: GlobalAlignment,
    masked: MaskedText,
    relation: RelationAlignment,
    codes: Tensor,
    latents: Tensor,
    codebook: Tensor,
    batch: CaptionBatch,
    captions: Vec<Option<String>>,
}

fn case(lengths: [i64; 3]) -> Case {
    let store = nn::VarStore::new(Device::Cpu);
    let root = store.root();
    // All words are masked, so that nothing is left to libtorch's generator, which all tests share.
    let masked = MaskedTextConfig { weight: 0.3, min_share: 1.0, max_share: 1.0, ..Default::default() };
    let table = formula(1, &[12, 5], 1.0, 0.0);
    let global = GlobalAlignment::new(&(&root / "global"), 8, 5, &GlobalAlignmentConfig::default()).unwrap();
    let masked = MaskedText::new(&(&root / "masked"), &small_config(), &masked, &table).unwrap();
    let relation = RelationAlignment::new(&(&root / "relation"), 6, 5, &RelationAlignmentConfig::default()).unwrap();
    let leaf = |tensor: Tensor| tensor.set_requires_grad(true);
    let ids = [0_i64, 5, 6, 7, 1, 0, 7, 8, 1, 2, 0, 9, 1, 2, 2];
    Case {
        small: small(1, 2.0),
        global,
        masked,
        relation,
        codes: leaf(codes(3, 3)),
        latents: leaf(codes(4, 3)),
        codebook: leaf(formula(9, &[12, 3], 1.0, 0.0)),
        batch: CaptionBatch { ids: Tensor::from_slice(&ids).view([3, 5]), lengths: Tensor::from_slice(&lengths) },
        captions: vec![Some("a red bird".into()), Some("a dog".into()), None],
    }
}

impl Case {
    fn inputs<'a>(&'a self, memory: &'a Memory) -> CaptionLossInputs<'a> {
        CaptionLossInputs {
            decoder: &self.small.decoder,
            memory,
            codes: &self.codes,
            latents: &self.latents,
            codebook: Some(&self.codebook),
            batch: &self.batch,
            captions: &self.captions,
            mode: Mode::Eval,
        }
    }

    fn memory(&self) -> Memory {
        self.small.decoder.encode(&self.codes, Mode::Eval).unwrap()
    }

    fn gradients(&self) -> Vec<Tensor> {
        let mut leaves = [&self.codes, &self.latents, &self.codebook].map(Tensor::shallow_clone);
        let gradients = leaves.iter().map(|leaf| leaf.grad().copy()).collect();
        leaves.iter_mut().for_each(Tensor::zero_grad);
        gradients
    }
}

fn words() -> WordSupervision {
    let find = |text: &str| match text {
        "a red bird" => vec![3, 7, 11],
        _ => vec![5],
    };
    WordSupervision::new(&WordSupervisionConfig::default(), vec![0..5, 5..12], Box::new(find)).unwrap()
}

/// All terms, in the order of training.
fn terms(case: &mut Case) -> Vec<Box<dyn CaptionLossTerm>> {
    let Case { global, masked, relation, .. } = self::case([5, 4, 3]);
    let masked = std::mem::replace(&mut case.masked, masked);
    let global = std::mem::replace(&mut case.global, global);
    let relation = std::mem::replace(&mut case.relation, relation);
    vec![
        Box::new(Translation { weight: 0.05 }),
        Box::new(masked),
        Box::new(global),
        Box::new(relation),
        Box::new(words()),
    ]
}

fn names(total: &CaptionLossTotal) -> Vec<&'static str> {
    total.figures.iter().map(|figure| figure.name).collect()
}

#[test]
fn the_sum_equals_the_terms_one_by_one() {
    let mut case = case([5, 4, 3]);
    let memory = case.memory();
    let (decoder, batch) = (&case.small.decoder, &case.batch);
    let translation = decoder.loss_from_memory(&memory, batch, Mode::Eval).unwrap();
    let masked = case.masked.loss(&memory, batch, Mode::Eval).unwrap();
    let global = case.global.loss(&memory, &decoder.text_vectors(batch)).unwrap();
    let counts = Tensor::from_slice(&[3_i64, 2, 1]);
    let relation = case.relation.loss(&case.codes, &decoder.caption_word_vectors(batch), &counts).unwrap();
    let parts = case.latents.chunk(2, 1);
    let of_group = |group: usize, codes: std::ops::Range<i64>, ids: &[i64]| {
        let targets = TargetCodes { group: codes, ids: Tensor::from_slice(ids).view([3, -1]) };
        WordSupervisionConfig::default().loss(&parts[group], &case.codebook, &targets).unwrap()
    };
    let words = of_group(0, 0..5, &[3, -1, -1]) + of_group(1, 5..12, &[7, 11, 5, -1, -1, -1]);
    let figures = [&translation.accuracy, &translation.loss, &masked, &global, &relation, &words].map(Tensor::detach);
    let total = translation.loss * 0.05 + masked + global + relation + words;
    total.backward();
    let gradients = case.gradients();
    let total = total.detach();

    let terms = terms(&mut case);
    let memory = case.memory();
    let sum = sum_caption_terms(&terms, &case.inputs(&memory)).unwrap();
    assert_eq!(names(&sum), NAMES);
    for (figure, expected) in sum.figures.iter().zip(figures) {
        assert_eq!(figure.value, expected, "{}", figure.name);
        assert!(!figure.value.requires_grad(), "{}", figure.name);
        assert!(expected.double_value(&[]) > 0.0, "{}", figure.name);
    }
    assert_eq!(sum.total.detach(), total);
    sum.total.backward();
    assert_eq!(case.gradients(), gradients);
}

#[test]
fn a_term_that_does_not_apply_is_not_logged() {
    let mut case = case([5, 2, 0]);
    let terms = terms(&mut case);
    let memory = case.memory();
    let inputs = CaptionLossInputs { codebook: None, ..case.inputs(&memory) };
    let sum = sum_caption_terms(&terms, &inputs).unwrap();
    let expected: Vec<_> =
        NAMES.into_iter().filter(|name| !["global_alignment", "word_supervision"].contains(name)).collect();
    assert_eq!(names(&sum), expected);
}

#[test]
fn no_terms_cost_nothing() {
    let case = case([5, 4, 3]);
    let memory = case.memory();
    let sum = sum_caption_terms(&[], &case.inputs(&memory)).unwrap();
    assert_eq!((sum.total.double_value(&[]), sum.total.kind(), sum.figures.len()), (0.0, Kind::Float, 0));
}

#[test]
fn a_term_is_found_by_its_type() {
    let terms = terms(&mut case([5, 4, 3]));
    let found: Vec<&GlobalAlignment> = terms.iter().filter_map(|term| term.downcast_ref()).collect();
    assert_eq!(found.len(), 1);
    assert_eq!(terms.iter().filter(|term| term.downcast_ref::<Unlisted>().is_some()).count(), 0);
}

/// In no list.
#[derive(Debug)]
struct Unlisted;

impl CaptionLossTerm for Unlisted {
    fn name(&self) -> &'static str {
        "none"
    }

    fn compute(
        &self,
        _: &CaptionLossInputs<'_>,
    ) -> Result<Option<vlt_caption::CaptionTermLoss>, vlt_caption::CaptionError> {
        Ok(None)
    }
}

#[test]
fn text_vectors_are_means_of_words() {
    let case = case([5, 3, 0]);
    let decoder = &case.small.decoder;
    let words = decoder.caption_word_vectors(&case.batch);
    assert_eq!(words.size(), [3, 4, 5]);
    let texts = decoder.text_vectors(&case.batch);
    let word = |id: i64| decoder.word_vectors(&Tensor::from_slice(&[id])).squeeze_dim(0);
    crate::support::assert_close(&texts.get(0), &((word(5) + word(6) + word(7)) / 3.0), 1e-6, "three words");
    assert_eq!(texts.get(1), word(7));
    assert_eq!(texts.get(2), word(7) * 0.0, "no caption");
}
