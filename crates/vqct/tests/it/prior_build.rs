//! `vqct prior build`, with a tiny language model.

use codebook_prior::{PartOfSpeech, PriorGraph};
use tempfile::TempDir;

use crate::support::{error_of, vqct};

/// A prior of a few captions; `METHOD` is how words get vectors.
const CONFIG: &str = r#"
[[corpora]]
format = "lines"
path = "captions.txt"
work = "our captions"

[model]
folder = "MODEL"
name = "tiny"
method = METHOD

[recipe.filter]
adjective_count = 1
noun_count = 1
deny = ["many"]
"#;

const CAPTIONS: &str = "a small red bird on a branch\n\na red bird eats a red apple\nmany birds\n";

fn config(method: &str) -> String {
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/../prior-builder/tests/data/models/bert");
    CONFIG.replace("MODEL", model).replace("METHOD", method)
}

#[test]
fn captions_become_a_prior_with_reasons() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("captions.txt"), CAPTIONS).unwrap();
    for method in ["{ kind = \"encoder\" }", "{ kind = \"table\", pooling = \"first\" }"] {
        std::fs::write(folder.join("prior.toml"), config(method)).unwrap();
        let arguments = ["prior", "build", "prior.toml", "--out", "p.safetensors", "--report", "words.tsv"];
        let output = vqct(folder).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let prior = PriorGraph::open(&folder.join("p.safetensors")).unwrap();
        let bird = prior.find("bird", PartOfSpeech::Noun).unwrap();
        let red = prior.find("red", PartOfSpeech::Adjective).unwrap();
        assert_eq!((prior.words()[bird].count, prior.words()[red].count), (3, 3));
        assert_eq!(prior.words()[bird].reason, "seen often enough");
        assert_eq!((prior.neighbours(red)[0].node, prior.neighbours(red)[0].weight), (bird, 2.0));
        assert_eq!(prior.provenance().sources[0].work, "our captions");
        let words = std::fs::read_to_string(folder.join("words.tsv")).unwrap();
        assert!(words.contains("bird\tnoun\t3\tkept\tseen often enough\n"), "{words}");
        assert!(words.contains("many\tadjective\t1\tdropped\tdenied by the list\n"), "{words}");
        let error = error_of(folder, &arguments);
        assert!(error.contains("p.safetensors exists already"), "{error}");
        let again = vqct(folder).args(&arguments[..5]).arg("--replace").output().unwrap();
        assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
        for name in ["p.safetensors", "words.tsv"] {
            std::fs::remove_file(folder.join(name)).unwrap();
        }
    }
}

#[test]
fn mistakes_are_named() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let error = |config: &str| {
        std::fs::write(folder.join("prior.toml"), config).unwrap();
        let error = error_of(folder, &["prior", "build", "prior.toml", "--out", "p.safetensors"]);
        assert!(!folder.join("p.safetensors").exists());
        error
    };
    let table = config("{ kind = \"table\" }");
    let absent = error(&table);
    assert_eq!(absent, "error: read captions.txt: No such file or directory (os error 2)\n");
    std::fs::write(folder.join("captions.txt"), CAPTIONS).unwrap();
    let unknown = error(&table.replace("\"lines\"", "\"lined\""));
    assert!(unknown.contains("prior.toml: `corpora[0].format`: unknown variant `lined`"), "{unknown}");
    let rare = error(&table.replace("_count = 1", "_count = 9"));
    assert!(rare.contains("prior of captions: filter: expected a word that is kept, got none of"), "{rare}");
    let wordnet = error(&table.replace("deny", "files = [\"noun.food\"]\ndeny"));
    assert!(wordnet.contains("files: expected a WordNet to look them up in"), "{wordnet}");
}

#[test]
fn the_configuration_of_the_repository_is_understood() {
    let folder = TempDir::new().unwrap();
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs/priors/captions.toml");
    // It names a model that is not here.
    let error = error_of(folder.path(), &["prior", "build", config, "--out", "p.safetensors"]);
    assert!(error.contains("all-MiniLM-L6-v2/config.json"), "{error}");
}

#[test]
fn the_embedded_prior_follows_its_configuration() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs/priors/default.toml");
    let config: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
    let recipe: codebook_prior::CaptionRecipe = config["recipe"].clone().try_into().unwrap();
    let prior = PriorGraph::embedded().unwrap();
    let captions = prior.provenance().captions.as_ref().unwrap();
    assert_eq!(captions.recipe, recipe);
    let works = captions.corpora.iter().map(|corpus| toml::Value::from(corpus.work.as_str()));
    let configured = config["corpora"].as_array().unwrap().iter().map(|corpus| corpus["work"].clone());
    assert!(works.eq(configured));
}
