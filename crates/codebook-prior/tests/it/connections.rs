use codebook_prior::{Components, Neighbour, PriorGraph, Similar};
use proptest::prelude::*;

use crate::sample::{any_parts, parts};

#[test]
fn neighbours_are_ranked_by_weight() {
    let graph = PriorGraph::new(parts()).unwrap();
    assert_eq!(graph.neighbours(0), [Neighbour { node: 3, weight: 8.0 }, Neighbour { node: 5, weight: 1.0 }]);
    assert_eq!(graph.neighbours(3), [Neighbour { node: 0, weight: 8.0 }, Neighbour { node: 1, weight: 0.5 }]);
    assert_eq!(graph.neighbours(6), []);
}

#[test]
fn components_are_ranked_by_size() {
    // Components: red, the adjective orange, apple and œuf; rond-point and the noun orange.
    let graph = PriorGraph::new(parts()).unwrap();
    assert_eq!(graph.components(), Components { component_of: vec![0, 0, 1, 0, 1, 0], sizes: vec![4, 2] });
    let mut apart = parts();
    apart.edges.truncate(1);
    let components = PriorGraph::new(apart).unwrap().components();
    assert_eq!(components, Components { component_of: vec![0, 1, 2, 0, 3, 4], sizes: vec![2, 1, 1, 1, 1] });
}

#[test]
fn similar_words_are_ranked_by_cosine() {
    let graph = PriorGraph::new(parts()).unwrap();
    // Node n is at (2 n, 2 n + 1) / 4, so that its angle to node 5 decreases with n.
    let similar = graph.similar(5, 9);
    assert_eq!(similar.iter().map(|similar| similar.node).collect::<Vec<_>>(), [4, 3, 2, 1, 0]);
    let expected = 11.0 / (10.0_f32 * 10.0 + 11.0 * 11.0).sqrt();
    assert!((similar[4].cosine - expected).abs() < 1e-6);
    assert_eq!(graph.similar(5, 1), [similar[0]]);
    assert_eq!(graph.similar(6, 3), [] as [Similar; 0]);
}

proptest! {
    #[test]
    fn components_are_the_nodes_that_edges_connect(parts in any_parts()) {
        let graph = PriorGraph::new(parts).unwrap();
        let Components { component_of, sizes } = graph.components();
        prop_assert_eq!(sizes.iter().sum::<usize>(), graph.len());
        prop_assert!(sizes.is_sorted_by(|a, b| a >= b));
        for (component, &size) in sizes.iter().enumerate() {
            prop_assert_eq!(component_of.iter().filter(|&&own| own == component).count(), size);
        }
        // Reachable nodes, by brute force.
        let mut reached: Vec<usize> = (0..graph.len()).collect();
        for _ in 0..graph.len() {
            for edge in graph.edges() {
                let (a, b) = (edge.adjective as usize, edge.noun as usize);
                let least = reached[a].min(reached[b]);
                (reached[a], reached[b]) = (least, least);
            }
        }
        for a in 0..graph.len() {
            for b in 0..graph.len() {
                prop_assert_eq!(component_of[a] == component_of[b], reached[a] == reached[b]);
            }
        }
    }
}
