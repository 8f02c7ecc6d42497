//! A judge of scenes: what it counts, how it learns, and its file.

use std::path::{Path, PathBuf};

use tch::{Device, Kind, Tensor};
use tempfile::TempDir;
use vq_data::chw_from_rgb;
use vq_scenes::{Color, SceneGroup, Share};
use vq_scenes::{EmojiScenes, SceneConfig, SceneTruth};
use vq_train::{JudgeConfig, JudgedScenes, Record, SceneJudge, SeenScene, SeenThing, TrainError, Watch};

use crate::support::write;

/// A judge of seconds.
const TINY: &str = r#"
name = "tiny"
device = "cpu"
steps = 12
log_every = 1

[data]
batch_size = 8
source = { kind = "scenes", objects = { start = 1, end = 1 }, nouns = ["cat", "lemon", "star", "bus"], train = 64, validation = 70 }
transform = { size = 32, background = { color = [255, 255, 255] }, flip = "never" }

[network]
widths = [16, 32]

[optimizer]
beta1 = 0.9

[schedule]
learning_rate = 1e-2
"#;

/// Remembers the losses; stops after some of the steps if it is told to.
#[derive(Default)]
struct Losses {
    seen: Vec<f64>,
    stop_after: Option<u64>,
    steps: u64,
}

impl Watch for Losses {
    fn step(&mut self, step: u64) {
        self.steps = step;
    }

    fn record(&mut self, record: &Record) {
        let Record::Train { loss, ref terms, .. } = *record else { panic!("another record: {record:?}") };
        assert!((terms["presence"] + terms["color"] + terms["place"] - loss).abs() < 1e-9);
        self.seen.push(loss);
    }

    fn wants_stop(&self) -> bool {
        self.stop_after.is_some_and(|last| self.steps >= last)
    }
}

fn config(overrides: &[&str]) -> Result<JudgeConfig, TrainError> {
    let folder = TempDir::new().unwrap();
    let path = write(folder.path(), "judge.toml", TINY);
    JudgeConfig::read(&path, &overrides.iter().map(|&text| text.to_owned()).collect::<Vec<_>>())
}

fn train(overrides: &[&str]) -> (SceneJudge, Vec<f64>) {
    let mut losses = Losses::default();
    let judge = SceneJudge::train(config(overrides).unwrap(), &mut losses).unwrap().unwrap();
    (judge, losses.seen)
}

fn saved(judge: &SceneJudge, folder: &Path) -> PathBuf {
    let path = folder.join("judge.safetensors");
    judge.save(&path).unwrap();
    path
}

/// Scenes of the tiny judge's nouns, as the judge takes them.
fn scenes(nouns: &[&str]) -> (Tensor, Vec<SceneTruth>) {
    let nouns = nouns.iter().map(|&noun| noun.to_owned()).collect();
    let world = EmojiScenes::new(SceneConfig { nouns, objects: 1..=1, ..SceneConfig::new(32) }).unwrap();
    let scenes: Vec<_> = (0..6).map(|index| world.scene(index)).collect();
    let pixels: Vec<f32> = scenes.iter().flat_map(|scene| chw_from_rgb(&scene.image)).collect();
    (Tensor::from_slice(&pixels).view([6, 3, 32, 32]), scenes.into_iter().map(|scene| scene.truth).collect())
}

#[test]
fn it_counts_what_is_there_and_in_which_colours() {
    use Color::{Blue, Green, Red, Yellow};
    // A cat was made red; a lemon was left yellow; a star was left as it is, and has no colour of its own.
    let (_, truths) = scenes(&["cat", "lemon", "star", "bus"]);
    let group = |noun: &str, color, natural_color| {
        let mut group: SceneGroup = truths[0].groups[0].clone();
        group.noun = noun.into();
        group.adjectives.color = color;
        SceneGroup { natural_color, ..group }
    };
    let groups =
        vec![group("cat", Some(Red), Some(Yellow)), group("lemon", None, Some(Yellow)), group("star", None, None)];
    let truth = SceneTruth { groups, ..truths[0].clone() };
    let check = |seen: &[(&str, Option<Color>)], expected: [(u64, u64); 5]| {
        let things = seen.iter().map(|&(noun, color)| SeenThing { noun: noun.into(), color }).collect();
        let found = JudgedScenes::of(&truth, &SeenScene { things, ranked: Vec::new() });
        let JudgedScenes { object_precision, object_recall, all_objects, color, all_right, .. } = found;
        let shares = [object_precision, object_recall, all_objects, color, all_right];
        assert_eq!(shares, expected.map(|(hits, of)| Share { hits, of }), "{seen:?}");
        found
    };
    let right = [("cat", Some(Red)), ("lemon", None), ("star", None)];
    let all = check(&right, [(3, 3), (3, 3), (1, 1), (3, 3), (1, 1)]);
    // The lemon's own colour may be said; a colour that the star was not given may not, nor none of the red cat.
    check(&[("cat", Some(Red)), ("lemon", Some(Yellow)), ("star", None)], [(3, 3), (3, 3), (1, 1), (3, 3), (1, 1)]);
    check(&[("cat", None), ("lemon", Some(Green)), ("star", Some(Blue))], [(3, 3), (3, 3), (1, 1), (0, 3), (0, 1)]);
    check(&[("cat", Some(Yellow)), ("lemon", None), ("star", None)], [(3, 3), (3, 3), (1, 1), (2, 3), (0, 1)]);
    // What is not there, and what is missing, each cost the whole picture.
    check(
        &[("bus", Some(Red)), ("cat", Some(Red)), ("lemon", None), ("star", None)],
        [(3, 4), (3, 3), (0, 1), (3, 3), (0, 1)],
    );
    let some = check(&[("cat", Some(Red)), ("bus", None)], [(1, 2), (1, 3), (0, 1), (1, 1), (0, 1)]);
    let none = check(&[], [(0, 0), (0, 3), (0, 1), (0, 0), (0, 1)]);
    assert_eq!(some.object_f1(), Some(2.0 * 0.5 * (1.0 / 3.0) / (0.5 + 1.0 / 3.0)));
    assert_eq!(none.object_f1(), None);
    let sum = all.merge(some).merge(none);
    assert_eq!(sum.object_precision, Share { hits: 4, of: 5 });
    assert_eq!(sum.object_recall, Share { hits: 4, of: 9 });
    assert_eq!((sum.all_objects.of, sum.color.of, sum.all_right.hits), (3, 4, 1));

    // Nothing is seen, but the three likeliest nouns are looked at, and each noun's colour.
    let ranked = [("bus", None), ("star", Some(Blue)), ("cat", Some(Red)), ("lemon", Some(Yellow))];
    let ranked = ranked.map(|(noun, color)| SeenThing { noun: noun.into(), color }).to_vec();
    let JudgedScenes { likeliest, asked_color, object_recall, .. } =
        JudgedScenes::of(&truth, &SeenScene { things: Vec::new(), ranked });
    assert_eq!(likeliest, Share { hits: 2, of: 3 }, "the lemon is the fourth of four");
    assert_eq!(asked_color, Share { hits: 2, of: 3 }, "no star was given blue");
    assert_eq!(object_recall, Share { hits: 0, of: 3 });
}

#[test]
fn it_learns_the_same_from_the_same_seed() {
    let folders = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let [(first, losses), (second, again)] = [train(&["steps=30"]), train(&["steps=30"])];
    assert_eq!(losses.len(), 30);
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    let (begun, ended) = (mean(&losses[..5]), mean(&losses[25..]));
    assert!(ended < begun * 0.9, "from {begun} to {ended}");
    assert_eq!(losses, again);
    let [one, other] = [(&first, &folders[0]), (&second, &folders[1])].map(|(judge, folder)| {
        let path = saved(judge, folder.path());
        std::fs::read(path).unwrap()
    });
    assert!(one == other, "the files differ");
    let (_, others) = train(&["seed=1", "steps=1"]);
    assert_ne!(others[0], losses[0]);
}

#[test]
fn it_comes_back_as_it_was() {
    let folder = TempDir::new().unwrap();
    let (judge, _) = train(&["steps=6"]);
    let figures = judge.header().figures;
    for scenes in [figures.validation, figures.held_out] {
        assert_eq!(scenes.all_objects.of, 70);
        assert!(scenes.object_recall.of >= 70);
    }
    let path = saved(&judge, folder.path());
    let restored = SceneJudge::open(&path, Device::Cpu).unwrap();
    assert_eq!(restored.header(), judge.header());
    let (images, truths) = scenes(&["cat", "lemon", "star", "bus"]);
    let features = judge.features(&images).unwrap();
    assert_eq!(features.size(), [6, 32]);
    assert!(restored.features(&images).unwrap().equal(&features));
    let seen = judge.see(&images).unwrap();
    assert_eq!(restored.see(&images).unwrap(), seen);
    let one_by_one = truths.iter().zip(&seen).map(|(truth, seen)| JudgedScenes::of(truth, seen));
    let sum = one_by_one.fold(JudgedScenes::default(), JudgedScenes::merge);
    assert_eq!(restored.judge(&images, &truths).unwrap(), sum);
}

#[test]
fn a_watch_can_stop_it() {
    let mut watch = Losses { stop_after: Some(2), ..Losses::default() };
    assert!(SceneJudge::train(config(&[]).unwrap(), &mut watch).unwrap().is_none());
    assert_eq!(watch.steps, 2);
}

#[test]
fn what_it_cannot_judge_is_refused() {
    let (judge, _) = train(&["steps=1"]);
    let (images, truths) = scenes(&["cat", "lemon", "star", "bus"]);
    for size in [&[1, 3, 64, 64][..], &[1, 1, 32, 32], &[3, 32, 32], &[0, 3, 32, 32]] {
        let error = judge.see(&Tensor::zeros(size, (Kind::Float, Device::Cpu))).unwrap_err().to_string();
        assert!(error.contains("[B, 3, ") && error.contains(&format!("{size:?}")), "{error}");
    }
    let error = judge.judge(&images, &truths[..5]).unwrap_err().to_string();
    assert!(error.contains("a truth for each of 6 images, got [[5]]"), "{error}");
    let (images, truths) = scenes(&["tiger", "apple", "car", "heart"]);
    let error = judge.judge(&images, &truths).unwrap_err().to_string();
    let noun = &truths[0].groups[0].noun;
    assert!(error.contains(&format!("expected nouns that the judge knows, got `{noun}`")), "{error}");
}

#[test]
fn damaged_files_are_refused() {
    #[track_caller]
    fn refused(path: &Path) -> String {
        let error = SceneJudge::open(path, Device::Cpu).unwrap_err();
        assert!(matches!(error, TrainError::Judge { .. }), "{error}");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
        error.to_string()
    }
    let folder = TempDir::new().unwrap();
    let (judge, _) = train(&["steps=1"]);
    let path = saved(&judge, folder.path());
    let bytes = std::fs::read(&path).unwrap();
    for length in [0, 7, 100, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..length]).unwrap();
        assert!(refused(&path).contains(&format!("expected a whole safetensors file, got {length} bytes")));
    }
    let replaced = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len(), "the header's length must stay");
        let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
        let mut bytes = bytes.clone();
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        std::fs::write(&path, bytes).unwrap();
        refused(&path)
    };
    let says = replaced("vqct-judge", "vqct-nudge");
    assert!(says.contains("`vqct-judge`, version 1, got `vqct-nudge`, version 1"), "{says}");
    let says = replaced(r#"\"version\":1"#, r#"\"version\":9"#);
    assert!(says.contains("got `vqct-judge`, version 9"), "{says}");
    assert!(replaced("log_every", "log_evory").contains("log_evory"));
    let says = replaced("norm_out.bias", "norm_out.bios");
    assert!(says.contains("expected tensor `norm_out.bias`, F32 [32], got none"), "{says}");
    let absent = folder.path().join("absent.safetensors");
    let error = SceneJudge::open(&absent, Device::Cpu).unwrap_err().to_string();
    assert!(error.contains("read judge") && error.contains("absent.safetensors"), "{error}");
}

#[test]
fn senseless_configurations_are_refused() {
    #[track_caller]
    fn check(overrides: &[&str], says: &[&str]) {
        let Err(error) = config(overrides) else { panic!("accepted {overrides:?}") };
        let told = error.to_string();
        for part in says {
            assert!(told.contains(part), "{part:?} is missing in: {told}");
        }
    }
    check(&["steps=0"], &["`steps`", "at least 1", "0"]);
    check(&["log_every=0"], &["`log_every`", "at least 1", "0"]);
    check(&["data.batch_size=0"], &["`data.batch_size`", "at least 1", "0"]);
    check(&["data.source={ kind = \"emoji\" }"], &["`data.source.kind`", "`scenes`"]);
    check(&["data.source.validate_on=held-out"], &["`data.source.validate_on`", "`validation`", "held-out"]);
    check(&["data.transform.flip=random"], &["`data.transform.flip`", "never"]);
    check(&["data.transform.jitter={ brightness = 0.5 }"], &["`data.transform.jitter`", "none"]);
    check(&["network.widths=[16, 16, 16, 16]", "data.transform.size=40"], &["a multiple of 16", "40"]);
    check(&["network.widths=[20]"], &["`widths`", "[20]"]);
    check(&["optimizer.beta1=1"], &["`optimizer.beta1`"]);
    check(&["schedule.learning_rate=0"], &["`schedule.learning_rate`"]);
    check(&["step=1"], &["judge.toml", "unknown field `step`", "did you mean `steps`"]);
}

#[test]
fn the_judge_of_the_repository_is_sound() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/scenes64/judge.toml");
    let config = JudgeConfig::read(&path, &[]).unwrap();
    assert_eq!(config.data.transform.size, 64);
}
