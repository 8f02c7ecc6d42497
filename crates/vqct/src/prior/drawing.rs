//! A word and what surrounds it, as SVG.

use std::collections::HashSet;
use std::f64::consts::TAU;
use std::fmt::Write;

use codebook_prior::{Neighbour, PartOfSpeech, PriorGraph};

/// Words in the inner ring.
const INNER: usize = 14;
/// Words in the outer ring for each of the inner one.
const OUTER: usize = 2;
const SIDE: f64 = 900.0;
const MIDDLE: f64 = SIDE / 2.0;
const RADII: [f64; 2] = [200.0, 370.0];

/// A word with its position.
struct Placed {
    node: usize,
    x: f64,
    y: f64,
    /// Font size.
    size: f64,
}

/// The heaviest neighbours of `node` in a ring around it, and theirs in a ring outside; edges as wide as the logarithm
/// of their weights. Adjectives are orange, nouns blue.
pub(super) fn neighbourhood(prior: &PriorGraph, node: usize) -> String {
    let centre = Placed { node, x: MIDDLE, y: MIDDLE, size: 30.0 };
    let inner = prior.neighbours(node);
    let inner = &inner[..inner.len().min(INNER)];
    let mut seen: HashSet<usize> = inner.iter().map(|neighbour| neighbour.node).chain([node]).collect();
    let mut placed = Vec::new();
    let mut lines = String::new();
    for (at, neighbour) in inner.iter().enumerate() {
        let own = on_ring(neighbour.node, 0, at as f64 / inner.len() as f64, 20.0);
        line(&mut lines, &centre, &own, neighbour);
        let outer: Vec<Neighbour> =
            prior.neighbours(neighbour.node).into_iter().filter(|other| seen.insert(other.node)).take(OUTER).collect();
        for (number, other) in outer.iter().enumerate() {
            // Side by side, around the direction of the word that they belong to.
            let step = (number as f64 + 0.5) / outer.len() as f64 - 0.5;
            let further = on_ring(other.node, 1, (at as f64 + step * 0.9) / inner.len() as f64, 14.0);
            line(&mut lines, &own, &further, other);
            placed.push(further);
        }
        placed.push(own);
    }
    placed.push(centre);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {SIDE} {SIDE}\" font-family=\"sans-serif\" \
         text-anchor=\"middle\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    svg.push_str(&lines);
    placed.iter().for_each(|placed| text(&mut svg, prior, placed));
    svg.push_str("</svg>\n");
    svg
}

/// A word in a ring, `turn` of the way around it.
fn on_ring(node: usize, ring: usize, turn: f64, size: f64) -> Placed {
    let angle = turn * TAU - TAU / 4.0;
    Placed { node, x: MIDDLE + RADII[ring] * angle.cos(), y: MIDDLE + RADII[ring] * angle.sin(), size }
}

fn line(svg: &mut String, from: &Placed, to: &Placed, neighbour: &Neighbour) {
    let width = 1.0 + f64::from(neighbour.weight.max(1.0).ln());
    // Writing to a string cannot fail.
    let _ = writeln!(
        svg,
        "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"#c8ccd4\" stroke-width=\"{width:.1}\"/>",
        from.x, from.y, to.x, to.y
    );
}

fn text(svg: &mut String, prior: &PriorGraph, placed: &Placed) {
    let word = &prior.words()[placed.node];
    let colour = match word.part_of_speech {
        PartOfSpeech::Adjective => "#b45309",
        PartOfSpeech::Noun => "#1d4ed8",
    };
    let escaped = word.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    // A white outline keeps lines out of the letters.
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" dy=\"0.35em\" font-size=\"{}\" fill=\"{colour}\" stroke=\"#ffffff\" \
         stroke-width=\"4\" paint-order=\"stroke\">{escaped}</text>",
        placed.x, placed.y, placed.size
    );
}
