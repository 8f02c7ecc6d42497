//! Neighbours, connected components and similar words.

use std::cmp::Reverse;

use crate::PriorGraph;

/// A node that shares an edge with another, and the weight of that edge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbour {
    /// The node.
    pub node: usize,
    /// The weight of the edge.
    pub weight: f32,
}

/// A node, and how similar its vector is to that of another node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Similar {
    /// The node.
    pub node: usize,
    /// The cosine of the angle between the vectors, in `-1.0..=1.0`; 0 if one is zero.
    pub cosine: f32,
}

/// The connected components of a graph, largest first; components of equal size by their first node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Components {
    /// `[K]`: the index of each node's component.
    pub component_of: Vec<usize>,
    /// The number of nodes of each component.
    pub sizes: Vec<usize>,
}

impl PriorGraph {
    /// The nodes that share an edge with `node`, by decreasing weight, then by node; empty if there is no such node.
    pub fn neighbours(&self, node: usize) -> Vec<Neighbour> {
        let other = |adjective: usize, noun: usize| match node {
            node if node == adjective => Some(noun),
            node if node == noun => Some(adjective),
            _ => None,
        };
        let edges = self.edges().iter();
        let mut neighbours: Vec<Neighbour> = edges
            .filter_map(|edge| {
                Some(Neighbour { node: other(edge.adjective as usize, edge.noun as usize)?, weight: edge.weight })
            })
            .collect();
        neighbours.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.node.cmp(&b.node)));
        neighbours
    }

    /// The connected components; a node without edges is a component of its own.
    pub fn components(&self) -> Components {
        // Union-find: each node points to a smaller node of its component, or to itself.
        let mut parents: Vec<usize> = (0..self.len()).collect();
        fn root(parents: &mut [usize], mut node: usize) -> usize {
            while parents[node] != node {
                parents[node] = parents[parents[node]];
                node = parents[node];
            }
            node
        }
        for edge in self.edges() {
            let roots = [edge.adjective, edge.noun].map(|node| root(&mut parents, node as usize));
            parents[roots[0].max(roots[1])] = roots[0].min(roots[1]);
        }
        let roots: Vec<usize> = (0..self.len()).map(|node| root(&mut parents, node)).collect();
        let mut sizes = vec![0; self.len()];
        roots.iter().for_each(|&root| sizes[root] += 1);
        let mut ranked: Vec<usize> = (0..self.len()).filter(|&node| sizes[node] > 0).collect();
        ranked.sort_by_key(|&root| Reverse(sizes[root])); // stable: equal sizes stay in the order of their roots
        let mut index_of = vec![0; self.len()];
        ranked.iter().enumerate().for_each(|(rank, &root)| index_of[root] = rank);
        Components {
            component_of: roots.into_iter().map(|root| index_of[root]).collect(),
            sizes: ranked.into_iter().map(|root| sizes[root]).collect(),
        }
    }

    /// The `count` nodes most similar to `node`, without itself, most similar first, then by node; empty if there is no
    /// such node.
    pub fn similar(&self, node: usize, count: usize) -> Vec<Similar> {
        let (values, dim) = (self.vectors_f32(), self.embedding_dim());
        let Some(own) = values.get(node * dim..).and_then(|rest| rest.get(..dim)) else { return Vec::new() };
        let mut similar: Vec<Similar> = values
            .chunks_exact(dim)
            .enumerate()
            .filter(|&(other, _)| other != node)
            .map(|(other, vector)| Similar { node: other, cosine: cosine(own, vector) })
            .collect();
        similar.sort_by(|a, b| b.cosine.total_cmp(&a.cosine).then(a.node.cmp(&b.node)));
        similar.truncate(count);
        similar
    }
}

/// The cosine of the angle between two vectors, computed in f64; 0 if one is zero.
pub fn cosine(left: &[f32], right: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    let squares = dot(left, left) * dot(right, right);
    if squares > 0.0 { (dot(left, right) / squares.sqrt()) as f32 } else { 0.0 }
}
