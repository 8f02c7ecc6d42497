//! Codes as words on the command line: pages, replacement, search.

use image::{Rgb, RgbImage};
use tempfile::TempDir;

use crate::support::{error_of, train, vqct};

const APPLE: &str = "emoji:red apple";

#[test]
fn images_are_inspected_edited_and_found_by_words() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    train(folder);
    let printed = |arguments: &[&str]| {
        let output = vqct(folder).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };

    // The words of the first slots, as the picture of words has them.
    let words = printed(&["inspect", "--checkpoint", "run", APPLE]);
    let noun = words.lines().find_map(|line| line.strip_prefix("slot 2, ")).unwrap();
    let noun = noun.split(": ").nth(1).unwrap().rsplit_once(' ').unwrap().0;
    let noun = noun.split(", ").next().unwrap().trim_end_matches(|c: char| c.is_ascii_digit()).trim();
    let page = ["inspect", "--checkpoint", "run", "--html", "page.html", "--word", noun, APPLE, "emoji:cat face"];
    assert!(printed(&page).contains("page: page.html"));
    let html = std::fs::read_to_string(folder.join("page.html")).unwrap();
    assert!(html.contains(noun) && html.contains("that no image chose") && !html.contains("http"));

    let pair = format!("{noun}={noun}");
    let edit = printed(&["edit", "--checkpoint", "run", "--replace", &pair, "--out", "edited", APPLE]);
    assert!(edit.contains("edited/red-apple.png: ") && edit.contains("ids replaced"), "{edit}");
    printed(&["reconstruct", "--checkpoint", "run", "--out", "plain", APPLE]);
    let picture = |path: &str| image::open(folder.join(path)).unwrap().to_rgb8();
    assert_eq!(
        picture("edited/red-apple.png"),
        picture("plain/red-apple.png"),
        "a word replaced by itself changes nothing"
    );

    std::fs::create_dir_all(folder.join("pictures/deep")).unwrap();
    RgbImage::from_pixel(20, 20, Rgb([200, 30, 20])).save(folder.join("pictures/red.png")).unwrap();
    RgbImage::from_pixel(20, 30, Rgb([20, 30, 200])).save(folder.join("pictures/deep/blue.jpg")).unwrap();
    std::fs::write(folder.join("pictures/broken.png"), b"no picture").unwrap();
    let found = printed(&["search", "--checkpoint", "run", noun, "pictures"]);
    let lines: Vec<&str> = found.lines().collect();
    assert_eq!(lines[0], format!("by the words {noun}"));
    assert_eq!(lines.len(), 3, "{found}");
    assert!(found.contains("pictures/red.png") && found.contains("pictures/deep/blue.jpg"));
    assert_eq!(printed(&["search", "--checkpoint", "run", noun, "pictures", "--top", "1"]).lines().count(), 2);
}

#[test]
fn words_without_code_and_folders_without_images_are_refused() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    train(folder);
    std::fs::create_dir(folder.join("empty")).unwrap();
    let with = |command: &str, more: &[&str]| error_of(folder, &[&[command, "--checkpoint", "run"], more].concat());
    assert!(with("edit", &["--replace", "zzzq=zzzp", "--out", "edited", APPLE]).contains("got `zzzq`"));
    assert!(with("inspect", &["--html", "page.html", "--word", "zzzq", APPLE]).contains("got `zzzq`"));
    assert!(!folder.join("page.html").exists());
    assert!(with("search", &["of the", "empty"]).contains("got `of the`"));
    assert!(with("search", &["zebra", "empty", "--by", "alignment"]).contains("captions.global_alignment"));
    assert!(with("inspect", &[APPLE, "emoji:cat face"]).contains("got 2 images"));
}
