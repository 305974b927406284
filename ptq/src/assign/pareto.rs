//! What is not beaten: of measured selections, those to which no other one is preferable in every cost and in
//! the loss.

use serde::{Deserialize, Serialize};

use super::{Selection, guard::Estimate};

/// A measured selection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// What it costs of each resource.
    pub costs: Vec<u64>,
    /// Its loss on the samples that were held out.
    pub loss: Estimate,
    /// The index of each item's candidate.
    pub selection: Selection,
}

impl Point {
    /// Whether another point costs as little of everything and loses as little.
    fn is_beaten_by(&self, other: &Self) -> bool {
        other.loss.mean <= self.loss.mean && other.costs.iter().zip(&self.costs).all(|(a, b)| a <= b)
    }
}

/// The points that are not beaten, by rising costs, the first resource first. Of points with equal costs and
/// losses the one with the first selection in lexical order stays.
pub fn front(points: &[Point]) -> Vec<Point> {
    let mut order: Vec<&Point> = points.iter().collect();
    order.sort_by(|a, b| {
        let by_costs = a.costs.cmp(&b.costs);
        by_costs.then(a.loss.mean.total_cmp(&b.loss.mean)).then(a.selection.cmp(&b.selection))
    });
    let mut front: Vec<Point> = Vec::new();
    for point in order {
        // What beats a point costs no more of the first resource, nor of the next: it comes before.
        if !front.iter().any(|kept| point.is_beaten_by(kept)) {
            front.push(point.clone());
        }
    }
    front
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn point(&(a, b, loss): &(u64, u64, u32)) -> Point {
        let loss = Estimate { mean: f64::from(loss), standard_error: Some(0.25) };
        Point { costs: vec![a, b], loss, selection: vec![a as usize, b as usize] }
    }

    proptest! {
        #[test]
        fn every_point_is_on_the_front_or_beaten(
            points in proptest::collection::vec((0u64..6, 0u64..6, 0u32..6), 0..30)
        ) {
            let points: Vec<Point> = points.iter().map(point).collect();
            let found = front(&points);
            for point in &points {
                prop_assert!(found.iter().any(|kept| point.is_beaten_by(kept)));
            }
            for (n, point) in found.iter().enumerate() {
                prop_assert!(points.contains(point));
                prop_assert!(found.iter().enumerate().all(|(m, other)| m == n || !point.is_beaten_by(other)));
            }
            let mut reversed = points.clone();
            reversed.reverse();
            prop_assert_eq!(front(&reversed), found);
        }
    }

    #[test]
    fn json() {
        let text = serde_json::to_string(&front(&[point(&(3, 4, 5)), point(&(3, 4, 6))])).unwrap();
        assert_eq!(text, r#"[{"costs":[3,4],"loss":{"mean":5.0,"standard_error":0.25},"selection":[3,4]}]"#);
        assert_eq!(serde_json::from_str::<Vec<Point>>(&text).unwrap(), [point(&(3, 4, 5))]);
    }
}
