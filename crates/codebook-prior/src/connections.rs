use std::cmp::Reverse;

use crate::PriorGraph;

/// A node beside another, and how strong their edge is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbour {
    /// The node.
    pub node: usize,
    /// The weight of the edge.
    pub weight: f32,
}

/// A node whose vector points where another's does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Similar {
    /// The node.
    pub node: usize,
    /// The cosine of the angle between the vectors, in `-1.0..=1.0`; 0 for a vector of zeros.
    pub cosine: f32,
}

/// The connected components of a graph, the largest first, equal ones by their first node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Components {
    /// `[K]`: the number of each node's component.
    pub component_of: Vec<usize>,
    /// The nodes of each component.
    pub sizes: Vec<usize>,
}

impl PriorGraph {
    /// The nodes that share an edge with `node`, by falling weight, then by node; none if there is no such node.
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

    /// The connected components; a node without edges is one of its own.
    pub fn components(&self) -> Components {
        // Each node points towards a smaller one of its component, or to itself.
        let mut towards: Vec<usize> = (0..self.len()).collect();
        fn root(towards: &mut [usize], mut node: usize) -> usize {
            while towards[node] != node {
                towards[node] = towards[towards[node]];
                node = towards[node];
            }
            node
        }
        for edge in self.edges() {
            let roots = [edge.adjective, edge.noun].map(|node| root(&mut towards, node as usize));
            towards[roots[0].max(roots[1])] = roots[0].min(roots[1]);
        }
        let roots: Vec<usize> = (0..self.len()).map(|node| root(&mut towards, node)).collect();
        let mut sizes = vec![0; self.len()];
        roots.iter().for_each(|&root| sizes[root] += 1);
        let mut ranked: Vec<usize> = (0..self.len()).filter(|&node| sizes[node] > 0).collect();
        ranked.sort_by_key(|&root| Reverse(sizes[root])); // stable: equal sizes stay in the order of their roots
        let mut number = vec![0; self.len()];
        ranked.iter().enumerate().for_each(|(rank, &root)| number[root] = rank);
        Components {
            component_of: roots.into_iter().map(|root| number[root]).collect(),
            sizes: ranked.into_iter().map(|root| sizes[root]).collect(),
        }
    }

    /// The `most` nodes most similar to `node` but for itself, the most similar first, equal ones by node; none if there
    /// is no such node.
    pub fn similar(&self, node: usize, most: usize) -> Vec<Similar> {
        let (values, width) = (self.vectors_f32(), self.width());
        let Some(own) = values.get(node * width..).and_then(|rest| rest.get(..width)) else { return Vec::new() };
        let mut similar: Vec<Similar> = values
            .chunks_exact(width)
            .enumerate()
            .filter(|&(other, _)| other != node)
            .map(|(other, vector)| Similar { node: other, cosine: cosine(own, vector) })
            .collect();
        similar.sort_by(|a, b| b.cosine.total_cmp(&a.cosine).then(a.node.cmp(&b.node)));
        similar.truncate(most);
        similar
    }
}

/// The cosine of the angle between two vectors; 0 if one is zero.
pub(crate) fn cosine(left: &[f32], right: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    let squares = dot(left, left) * dot(right, right);
    if squares > 0.0 { (dot(left, right) / squares.sqrt()) as f32 } else { 0.0 }
}
