//! Studies: several methods, several seeds, one table.

use std::path::Path;

use tempfile::TempDir;
use vq_core::DeviceChoice;
use vq_study::{JobState, Spread, Study, StudyConfig, StudyPage};

use crate::support::{TINY, Unattended, write};

const STUDY: &str = r#"
seeds = [3, 4]
caption_decoder = "caption-decoder.toml"
[[methods]]
name = "words"
title = "Words"
config = "tiny.toml"
[[methods]]
name = "plain"
config = "tiny.toml"
set = ["quantizer={ kind = 'vq', codebook_size = 24, codebook_dim = 4 }"]
"#;

const CAPTION_DECODER: &str = r#"
name = "caption-decoder"
train = { steps = 2 }
[start]
learn = "captions"
[captions]
translator = { width = 16, heads = 2, layers = 1, max_tokens = 8 }
"#;

/// A run of few steps on few scenes.
fn few(steps: u64) -> String {
    let scenes = "source = { kind = \"scenes\", train = 8, validation = 3 }\n\
                  transform = { size = 32, background = { color = [255, 255, 255] }, flip = \"never\" }";
    let emoji = "source = { kind = \"emoji\" }\ntransform = { size = 16, background = \"random\", flip = \"random\" }";
    assert!(TINY.contains(emoji));
    TINY.replace(emoji, scenes)
        .replace("steps = 6", &format!("steps = {steps}"))
        .replace("multipliers = [1, 1, 1]", "multipliers = [1, 1, 1, 1]")
}

fn study(folder: &Path) -> Study {
    write(folder, "tiny.toml", &few(2));
    write(folder, "caption-decoder.toml", CAPTION_DECODER);
    let path = write(folder, "study.toml", STUDY);
    Study::new(StudyConfig::read(&path).unwrap(), &folder.join("runs"), DeviceChoice::Cpu)
}

/// Trains the first `most` jobs that are not finished; gives their names.
fn work(study: &Study, most: usize) -> Vec<String> {
    let mut done = Vec::new();
    for job in study.jobs() {
        if done.len() == most {
            break;
        }
        if let JobState::Ready(mut run) = job.state().unwrap() {
            run.train(&mut Unattended).unwrap();
            done.push(job.name.clone());
        }
    }
    done
}

#[test]
fn interrupted_study_continues_and_its_table_grows() {
    let folder = TempDir::new().unwrap();
    let study = study(folder.path());
    assert_eq!(work(&study, 2), ["words-3", "words-3-caption-decoder"]);
    let table = study.evaluate(None).unwrap().to_string();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 4);
    assert!(
        lines[0].starts_with(
            "| method | seeds | PSNR (dB) | SSIM | MS-SSIM | codes used (%) | perplexity | Gini | bits per image | \
             nats per token |"
        ),
        "{table}"
    );
    assert!(lines[2].starts_with("| Words | 1 | ") && !lines[2].contains('±'), "{table}");
    assert!(lines[3].starts_with("| plain | 0 | – |"), "{table}");

    assert_eq!(work(&study, usize::MAX).len(), 6, "two of eight were done");
    assert!(work(&study, usize::MAX).is_empty(), "nothing is left");
    let table = study.evaluate(None).unwrap();
    assert!(table.rows().iter().all(|row| row.runs.len() == 2));
    assert!(table.to_string().contains(" ± "));
    let page = StudyPage::of(&table, "A study").unwrap();
    for part in ["A study", "Words", "Codes by rank", "PSNR over time", "training (s)", "data:image/png"] {
        assert!(page.html().contains(part), "{part} is missing");
    }
    let run = folder.path().join("runs/plain-4-caption-decoder");
    assert_eq!(std::fs::read_to_string(run.join("captions.jsonl")).unwrap().lines().count(), 3);

    // A moved study is the same study.
    let moved = folder.path().join("moved");
    std::fs::rename(folder.path().join("runs"), &moved).unwrap();
    let config = StudyConfig::read(&folder.path().join("study.toml")).unwrap();
    assert!(work(&Study::new(config, &moved, DeviceChoice::Cpu), usize::MAX).is_empty(), "nothing is trained again");
    std::fs::rename(&moved, folder.path().join("runs")).unwrap();

    // A kept evaluation is used again while checkpoint, program, device and format are the same.
    let kept = run.join("evaluation.json");
    let json = std::fs::read_to_string(&kept).unwrap();
    std::fs::write(&kept, json.replacen("\"psnr\": ", "\"psnr\": 9", 1)).unwrap();
    let again = study.evaluate(None).unwrap();
    assert_ne!(again.to_string(), table.to_string());
    for other in ["\"sha256\": \"", "\"vqct\": \"", "\"device\": \"", "\"format\": \""] {
        let json = json.replacen("\"psnr\": ", "\"psnr\": 9", 1).replacen(other, &format!("{other}f"), 1);
        std::fs::write(&kept, json).unwrap();
        assert_eq!(study.evaluate(None).unwrap().to_string(), table.to_string(), "{other}");
    }
}

#[test]
fn run_of_another_experiment_is_refused() {
    let folder = TempDir::new().unwrap();
    let study = study(folder.path());
    work(&study, 1);
    write(folder.path(), "tiny.toml", &few(3));
    let error = study.jobs()[0].state().err().unwrap().to_string();
    assert!(error.contains("words-3") && error.contains("got another"), "{error}");
}

#[test]
fn invalid_studies_are_refused() {
    #[track_caller]
    fn check(from: &str, to: &str, part: &str) {
        let folder = TempDir::new().unwrap();
        let path = write(folder.path(), "study.toml", &STUDY.replacen(from, to, 1));
        let error = StudyConfig::read(&path).unwrap_err().to_string();
        assert!(error.contains("study.toml") && error.contains(part), "{error}");
    }
    check("seeds = [3, 4]", "seeds = []", "at least one");
    check("seeds = [3, 4]", "seeds = [3, 3]", "3 twice");
    check("name = \"plain\"", "name = \"words\"", "`words` twice");
    check("name = \"plain\"", "name = \"a/b\"", "`a/b`");
    check("title", "titel", "titel");
}

#[test]
fn spreads_are_means_and_deviations_of_samples() {
    let spread = Spread::of(&[1.0, 2.0, 6.0]).unwrap();
    assert_eq!(spread.mean, 3.0);
    assert!((spread.deviation.unwrap() - 7.0_f64.sqrt()).abs() < 1e-12);
    assert_eq!(Spread::of(&[5.0]).unwrap().deviation, None);
    assert_eq!(Spread::of(&[]), None);
}
