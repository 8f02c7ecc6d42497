//! The studies of `configs/comparison`.

use std::path::Path;

use vq_experiment::Experiment;
use vq_study::StudyConfig;

/// The methods of a comparison differ in the quantizer and in captions, and in nothing else.
#[test]
fn methods_of_a_comparison_differ_only_in_quantizer_and_captions() {
    let studies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/comparison");
    for (name, methods) in [("scenes", 18), ("cifar10", 18), ("growing", 21), ("imagenet128", 4)] {
        let study = StudyConfig::read(&studies.join(format!("{name}.toml"))).unwrap();
        let plain = study.experiment(&study.methods[0]).load().unwrap().experiment;
        let mut quantizers = Vec::new();
        for method in &study.methods {
            let loaded = study.experiment(method).load().unwrap();
            assert_eq!(loaded.notes, [""; 0], "{name}: {}: old keys", method.name);
            let other = loaded.experiment;
            quantizers.push((other.quantizer.clone(), other.captions.is_some(), method.name.contains("lg")));
            let (name, quantizer) = (plain.name.clone(), plain.quantizer.clone());
            assert_eq!(Experiment { name, quantizer, captions: None, ..other }, plain, "{}", method.name);
        }
        assert_eq!(quantizers.len(), methods, "{name}");
        let twice = quantizers.iter().enumerate().find(|(at, quantizer)| quantizers[..*at].contains(quantizer));
        assert!(twice.is_none(), "{name}: {twice:?}");
    }
}
