//! Addresses as sums: of what changes seldom first, so that inner loops add little.

use std::{collections::HashMap, rc::Rc};

use afp_ir::mlir::{Op, Value};

use super::constants;

/// Terms beyond which a sum is taken as one number.
const MOST: usize = 8;

/// An index as a sum of multiples of others, modulo 2^64.
#[derive(Clone, Default)]
pub(super) struct Linear {
    /// What is multiplied with what. No value is there twice.
    pub(super) terms: Vec<(Value, i64)>,
    pub(super) constant: i64,
}

impl Linear {
    fn leaf(value: Value) -> Self {
        Self { terms: vec![(value, 1)], constant: 0 }
    }

    /// With another added, so many times.
    pub(super) fn add(&mut self, other: &Self, times: i64) {
        self.constant = self.constant.wrapping_add(other.constant.wrapping_mul(times));
        for &(value, factor) in &other.terms {
            let factor = factor.wrapping_mul(times);
            match self.terms.iter_mut().find(|(known, _)| *known == value) {
                Some((_, sum)) => *sum = sum.wrapping_add(factor),
                None => self.terms.push((value, factor)),
            }
        }
        self.terms.retain(|(_, factor)| *factor != 0);
    }
}

/// The sums that indices are, found once.
#[derive(Default)]
pub(super) struct Sums(HashMap<Value, Rc<Linear>>);

impl Sums {
    /// The sum that an index is.
    pub(super) fn of(&mut self, value: Value) -> Rc<Linear> {
        if let Some(known) = self.0.get(&value) {
            return known.clone();
        }
        let sum = Rc::new(
            self.found(value).filter(|sum| sum.terms.len() <= MOST).unwrap_or_else(|| Linear::leaf(value)),
        );
        self.0.insert(value, sum.clone());
        sum
    }

    fn found(&mut self, value: Value) -> Option<Linear> {
        let op = value.def()?;
        if let Some(constant) = constants::scalar(op) {
            return Some(Linear { terms: Vec::new(), constant });
        }
        let factor = |op: Op, index: usize| constants::scalar(op.operand(index).def()?);
        let mut sum = Linear::default();
        let parts = match op.name().as_str() {
            "arith.addi" => vec![(0, 1), (1, 1)],
            "arith.subi" => vec![(0, 1), (1, -1)],
            "arith.muli" => vec![factor(op, 1).map(|by| (0, by)).or_else(|| Some((1, factor(op, 0)?)))?],
            _ => return None,
        };
        for (index, times) in parts {
            sum.add(&self.of(op.operand(index)), times);
        }
        Some(sum)
    }
}
