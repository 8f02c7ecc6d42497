use std::path::Path;

use tch::{Device, Kind, Tensor, nn};
use vq_core::{FixedCodebook, NearestConfig, NearestQuantizer};
use vq_model::{AutoencoderConfig, ImageTokenizer, ModelError, load_taming};

use crate::support::{fill, noise};

fn small() -> AutoencoderConfig {
    AutoencoderConfig {
        patch: 1,
        channels: 32,
        multipliers: vec![1, 1],
        residual_blocks: 1,
        attention_factors: vec![],
        latent_channels: 8,
    }
}

fn tokenizer(config: &AutoencoderConfig, width: i64) -> (nn::VarStore, ImageTokenizer) {
    let store = nn::VarStore::new(Device::Cpu);
    let codebook = FixedCodebook::new(&noise(&[16, width], 1)).unwrap();
    let quantizer = NearestQuantizer::new(Box::new(codebook), NearestConfig::default()).unwrap();
    let tokenizer = ImageTokenizer::new(&store.root(), config, Box::new(quantizer)).unwrap();
    (store, tokenizer)
}

/// Names and shapes of the public checkpoint, as listed by the PyTorch modules of `tests/data/make_vqgan.py`.
#[test]
fn f16_has_the_names_and_shapes_of_the_public_checkpoint() {
    let (store, _tokenizer) = tokenizer(&AutoencoderConfig::f16(), 256);
    let mut ours: Vec<String> = store
        .variables()
        .iter()
        .map(|(name, tensor)| tensor.size().iter().fold(name.clone(), |line, length| format!("{line} {length}")))
        .collect();
    ours.sort();
    let listing = include_str!("../data/vqgan_imagenet_f16.txt");
    let mut theirs: Vec<&str> = listing.lines().collect();
    theirs.sort_unstable();
    assert_eq!(ours, theirs);
}

/// Writes a checkpoint like taming's, with the tensors of this store and those of a codebook and a discriminator.
fn checkpoint(store: &nn::VarStore, file: &Path, prefix: &str, change: impl Fn(&mut Vec<(String, Tensor)>)) {
    let mut tensors: Vec<(String, Tensor)> =
        store.variables().into_iter().map(|(name, tensor)| (format!("{prefix}{name}"), tensor.detach())).collect();
    tensors.push((format!("{prefix}quantize.embedding.weight"), noise(&[16, 4], 1)));
    tensors.push((format!("{prefix}loss.discriminator.main.0.bias"), noise(&[64], 2)));
    change(&mut tensors);
    Tensor::write_safetensors(&tensors, file).unwrap();
}

#[test]
fn a_checkpoint_fills_all_but_the_quantizer() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("vqgan.safetensors");
    for (prefix, dtype) in [("", Kind::Float), ("first_stage_model.", Kind::Float), ("", Kind::Half)] {
        let (theirs, expected) = tokenizer(&small(), 4);
        fill(&theirs, 0);
        checkpoint(&theirs, &file, prefix, |tensors| {
            tensors.iter_mut().for_each(|(_, tensor)| *tensor = tensor.to_kind(dtype));
        });
        let (ours, found) = tokenizer(&small(), 4);
        let loaded = load_taming(&ours, &file, prefix).unwrap();
        assert_eq!(loaded.copied, ours.len());
        let others = ["loss.discriminator.main.0.bias", "quantize.embedding.weight"];
        assert_eq!(loaded.others, others.map(|name| format!("{prefix}{name}")));
        for (name, variable) in ours.variables() {
            let expected = theirs.variables()[&name].to_kind(dtype).to_kind(Kind::Float);
            assert!(variable.equal(&expected), "{name}");
            assert!(variable.requires_grad() && variable.kind() == Kind::Float, "{name}");
        }
        if dtype == Kind::Float {
            let images = noise(&[1, 3, 8, 8], 3);
            let ids = found.encode(&images).unwrap();
            assert!(ids.equal(&expected.encode(&images).unwrap()));
            assert!(found.decode(&ids).unwrap().equal(&expected.decode(&ids).unwrap()));
        }
    }
}

#[test]
fn every_misfit_is_named_and_nothing_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("vqgan.safetensors");
    let (theirs, _tokenizer) = tokenizer(&small(), 4);
    checkpoint(&theirs, &file, "", |tensors| {
        tensors.retain(|(name, _)| name != "encoder.conv_in.bias" && name != "decoder.norm_out.weight");
        tensors.push(("encoder.down.7.block.0.conv1.bias".into(), noise(&[1], 4)));
        for (name, tensor) in tensors {
            match name.as_str() {
                "quant_conv.bias" => *tensor = noise(&[5], 5),
                "post_quant_conv.bias" => *tensor = Tensor::zeros([8], (Kind::Int64, Device::Cpu)),
                _ => {}
            }
        }
    });
    let (ours, _tokenizer) = tokenizer(&small(), 4);
    fill(&ours, 9);
    let error = load_taming(&ours, &file, "").unwrap_err();
    assert!(matches!(&error, ModelError::Weights { misfits, .. } if misfits.len() == 5), "{error}");
    let text = error.to_string();
    for part in [
        "vqgan.safetensors",
        "no `encoder.conv_in.bias`",
        "no `decoder.norm_out.weight`",
        "an unknown `encoder.down.7.block.0.conv1.bias`",
        "`quant_conv.bias` of shape [5] instead of [4]",
        "`post_quant_conv.bias` of dtype Int64",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let (untouched, _tokenizer) = tokenizer(&small(), 4);
    fill(&untouched, 9);
    for (name, variable) in ours.variables() {
        assert!(variable.equal(&untouched.variables()[&name]), "{name}");
    }
}

#[test]
fn unreadable_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _tokenizer) = tokenizer(&small(), 4);
    let missing = folder.path().join("missing.safetensors");
    assert!(load_taming(&store, &missing, "").unwrap_err().to_string().contains("missing.safetensors"));
    let pickle = folder.path().join("last.ckpt");
    std::fs::write(&pickle, b"PK\x03\x04 no safetensors").unwrap();
    assert!(matches!(load_taming(&store, &pickle, "").unwrap_err(), ModelError::File { .. }));
}
