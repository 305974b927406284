//! Where conversions cost least: a minimum cut.
//!
//! Values are made by operators that move elements from other values, down to *producers*. Each exists in
//! its original form, and may be read in other *forms*, which are what conversions make of it. A form of a
//! value is *converted* from the original, or *moved*: made by the same operator from that form of its
//! operands. Where one reader wants the original and one a form, the operator may stand there twice.
//!
//! For each value and form there are two nodes, `moved` and `ready`, for each value one, `original`. A cut
//! says of a node whether it is on the side of the source:
//!
//! * `ready` on the sink's side: the form is there. A reader of it is an edge to the sink.
//! * `moved` on the sink's side: it was moved. Then `ready` of all operands must be (edges that cannot be
//!   cut), and the operator is paid for (an edge from the source). A producer is never moved.
//! * `moved` on the source's and `ready` on the sink's side cuts the edge between them: a conversion.
//! * `original` on the source's side: the original is there, which is paid for (an edge to the sink), and so
//!   must be that of all operands. It has to be where a reader wants it, and where a form is not moved: where
//!   that is because nothing needs the form, something behind it needs the original.
//!
//! All costs are of one side of one edge, so that the minimum is found whatever the number of forms; and
//! each form of a value is converted once, whoever reads it.

use petgraph::{
    Direction,
    graph::{DiGraph, NodeIndex},
    visit::EdgeRef,
};

/// More than all costs together.
const NEVER: u64 = 1 << 60;

/// Costs are cut off here, so that no sum of them comes near [`NEVER`].
const MOST_COST: u64 = 1 << 40;

/// A value.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// The values that it is moved from, which come before it; none for a producer.
    pub operands: Vec<usize>,
    /// What moving costs, in any form.
    pub moving: u64,
    /// What converting the original to each form costs.
    pub converting: Vec<u64>,
    /// Whether something reads the original.
    pub read: bool,
    /// Whether something reads each form.
    pub read_as: Vec<bool>,
}

/// How a form of a value comes to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// Not at all.
    Not,
    /// From the original.
    Converted,
    /// From that form of the operands.
    Moved,
}

/// For each value, how each of its forms comes to be.
pub type Placement = Vec<Vec<Made>>;

/// Whether each form of each value is read, or something behind it that could be moved from it.
fn wanted(nodes: &[Node]) -> Vec<Vec<bool>> {
    let mut wanted: Vec<Vec<bool>> = nodes.iter().map(|node| node.read_as.clone()).collect();
    for index in (0..nodes.len()).rev() {
        let behind = wanted[index].clone();
        for &operand in &nodes[index].operands {
            wanted[operand].iter_mut().zip(&behind).for_each(|(wanted, behind)| *wanted |= behind);
        }
    }
    wanted
}

/// The placement of least cost. A form that no one reads is not made.
pub fn solve(nodes: &[Node], forms: usize) -> Placement {
    let wanted = wanted(nodes);
    // What is wanted in no form is there in the original, and reads that of its operands.
    let mut read: Vec<bool> = nodes.iter().map(|node| node.read).collect();
    for (node, _) in nodes.iter().zip(&wanted).filter(|(_, wanted)| !wanted.contains(&true)) {
        node.operands.iter().for_each(|&operand| read[operand] = true);
    }
    let mut graph: DiGraph<(), u64> = DiGraph::new();
    let (source, sink) = (graph.add_node(()), graph.add_node(()));
    let mut made: Vec<Vec<Option<[NodeIndex; 2]>>> = Vec::new();
    let mut originals: Vec<NodeIndex> = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        let original = graph.add_node(());
        originals.push(original);
        let moving = node.moving.min(MOST_COST);
        if !wanted[index].contains(&true) {
            made.push(vec![None; forms]);
            continue;
        }
        if read[index] {
            graph.add_edge(source, original, NEVER);
        }
        if !node.operands.is_empty() {
            graph.add_edge(original, sink, moving);
        }
        for &operand in &node.operands {
            graph.add_edge(original, originals[operand], NEVER);
        }
        let mut row = vec![None; forms];
        for form in (0..forms).filter(|&form| wanted[index][form]) {
            let [moved, ready] = [graph.add_node(()), graph.add_node(())];
            graph.add_edge(moved, ready, node.converting[form].clamp(1, MOST_COST));
            graph.add_edge(moved, original, NEVER);
            graph.add_edge(source, moved, if node.operands.is_empty() { NEVER } else { moving });
            if node.read_as[form] {
                graph.add_edge(ready, sink, NEVER);
            }
            for &operand in &node.operands {
                let from: Option<[NodeIndex; 2]> = made[operand][form];
                if let Some([_, from]) = from {
                    graph.add_edge(from, moved, NEVER);
                }
            }
            row[form] = Some([moved, ready]);
        }
        made.push(row);
    }
    let behind = sources_side(&graph, source, sink);
    let side = |nodes: &Option<[NodeIndex; 2]>| match nodes {
        Some([moved, _]) if !behind[moved.index()] => Made::Moved,
        Some([_, ready]) if !behind[ready.index()] => Made::Converted,
        _ => Made::Not,
    };
    made.iter().map(|row| row.iter().map(side).collect()).collect()
}

/// The nodes on the source's side of a minimum cut: of all such cuts, the one nearest to the sink, so that
/// conversions stand as near to their readers as costs allow.
fn sources_side(graph: &DiGraph<(), u64>, source: NodeIndex, sink: NodeIndex) -> Vec<bool> {
    let (_, flows) = petgraph::algo::ford_fulkerson(graph, source, sink);
    // What cannot reach the sink by what capacity is left.
    let mut reaches = vec![false; graph.node_count()];
    let mut open = vec![sink];
    reaches[sink.index()] = true;
    while let Some(node) = open.pop() {
        let forwards = graph
            .edges_directed(node, Direction::Incoming)
            .filter(|edge| flows[edge.id().index()] < *edge.weight())
            .map(|edge| edge.source());
        let backwards = graph
            .edges_directed(node, Direction::Outgoing)
            .filter(|edge| flows[edge.id().index()] > 0)
            .map(|edge| edge.target());
        for next in forwards.chain(backwards).collect::<Vec<_>>() {
            if !reaches[next.index()] {
                reaches[next.index()] = true;
                open.push(next);
            }
        }
    }
    reaches.into_iter().map(|reaches| !reaches).collect()
}

/// What a placement costs; none if a reader's form is not there.
pub fn cost(nodes: &[Node], placement: &Placement) -> Option<u64> {
    let mut original: Vec<bool> = nodes.iter().map(|node| node.read).collect();
    let mut total = 0u64;
    for (index, node) in nodes.iter().enumerate().rev() {
        for (form, &made) in placement[index].iter().enumerate() {
            match made {
                Made::Not if node.read_as[form] => return None,
                Made::Not => {}
                Made::Converted => {
                    original[index] = true;
                    total += node.converting[form];
                }
                Made::Moved => {
                    let ready = |&operand: &usize| placement[operand][form] != Made::Not;
                    if node.operands.is_empty() || !node.operands.iter().all(ready) {
                        return None;
                    }
                    total += node.moving;
                }
            }
        }
        if original[index] {
            node.operands.iter().for_each(|&operand| original[operand] = true);
            total += if node.operands.is_empty() { 0 } else { node.moving };
        }
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The least cost, by trying every placement.
    fn exhaustive(nodes: &[Node], forms: usize) -> u64 {
        let cells = nodes.len() * forms;
        let mut least = u64::MAX;
        for number in 0..3usize.pow(cells as u32) {
            let mut rest = number;
            let placement: Placement = nodes
                .iter()
                .map(|_| {
                    (0..forms)
                        .map(|_| {
                            let made = [Made::Not, Made::Converted, Made::Moved][rest % 3];
                            rest /= 3;
                            made
                        })
                        .collect()
                })
                .collect();
            least = least.min(cost(nodes, &placement).unwrap_or(u64::MAX));
        }
        least
    }

    fn graphs(values: usize, forms: usize) -> impl Strategy<Value = Vec<Node>> {
        let node = (
            any::<[u8; 2]>(),
            0..4u8,
            0..20u64,
            proptest::collection::vec(1..60u64, forms),
            any::<u8>(),
            any::<u8>(),
        );
        proptest::collection::vec(node, 1..=values).prop_map(move |drawn| {
            type Drawn = ([u8; 2], u8, u64, Vec<u64>, u8, u8);
            let node = |(index, (picks, count, moving, converting, read, read_as)): (usize, Drawn)| {
                // Producers, movements of one value, now and then of two.
                let take = if index == 0 { 0 } else { usize::from(count.min(2)) };
                let operands = picks[..take].iter().map(|&pick| usize::from(pick) % index.max(1)).collect();
                Node {
                    operands,
                    moving,
                    converting,
                    read: read < 60,
                    read_as: (0..forms).map(|form| read_as >> (2 * form) & 3 == 0).collect(),
                }
            };
            let mut nodes: Vec<Node> = drawn.into_iter().enumerate().map(node).collect();
            // What nothing reads is not there.
            for index in (0..nodes.len()).rev() {
                let used = nodes.iter().any(|node| node.operands.contains(&index));
                if !used && !nodes[index].read && !nodes[index].read_as.contains(&true) {
                    nodes[index].read_as[0] = true;
                }
            }
            nodes
        })
    }

    fn check(nodes: &[Node], forms: usize) -> Result<(), TestCaseError> {
        let placement = solve(nodes, forms);
        let found = cost(nodes, &placement);
        prop_assert_eq!(found, Some(exhaustive(nodes, forms)), "{:?} {:?}", nodes, placement);
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn one_form_costs_least(nodes in graphs(8, 1)) {
            check(&nodes, 1)?;
        }

        #[test]
        fn two_forms_cost_least(nodes in graphs(4, 2)) {
            check(&nodes, 2)?;
        }

        #[test]
        fn three_forms_cost_least(nodes in graphs(3, 3)) {
            check(&nodes, 3)?;
        }
    }

    #[test]
    fn a_slice_is_converted_behind_and_a_pad_before() {
        let read_as = |read: bool| vec![read];
        let producer = |cost| Node { converting: vec![cost], read_as: read_as(false), ..Node::default() };
        let reader = |cost| Node {
            operands: vec![0],
            moving: 10,
            converting: vec![cost],
            read: false,
            read_as: read_as(true),
        };
        assert_eq!(solve(&[producer(100), reader(40)], 1), [[Made::Not], [Made::Converted]]);
        assert_eq!(solve(&[producer(40), reader(100)], 1), [[Made::Converted], [Made::Moved]]);
        // Two readers of the form, each behind a slice of its own, that together cost more than the whole.
        assert_eq!(
            solve(&[producer(100), reader(60), reader(60)], 1),
            [[Made::Converted], [Made::Moved], [Made::Moved]]
        );
    }
}
