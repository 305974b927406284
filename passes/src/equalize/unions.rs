//! Variables, one per channel that could have a factor of its own, and which of them are one.

/// A variable.
pub type Variable = usize;

/// The variable of every channel whose factor is 1.
pub const FIXED: Variable = 0;

/// Disjoint sets of variables.
pub struct Unions {
    /// The set's least variable is its own parent; any other has one below itself.
    parents: Vec<Variable>,
}

impl Default for Unions {
    fn default() -> Self {
        Self { parents: vec![FIXED] }
    }
}

impl Unions {
    /// A new variable, alone in its set.
    pub fn fresh(&mut self) -> Variable {
        self.parents.push(self.parents.len());
        self.parents.len() - 1
    }

    /// The least variable of a set.
    pub fn root(&mut self, mut variable: Variable) -> Variable {
        while self.parents[variable] != variable {
            let above = self.parents[self.parents[variable]];
            self.parents[variable] = above;
            variable = above;
        }
        variable
    }

    /// Makes two sets one.
    pub fn unite(&mut self, a: Variable, b: Variable) {
        let (a, b) = (self.root(a), self.root(b));
        self.parents[a.max(b)] = a.min(b);
    }

    /// Makes all sets one, with its least variable; [`FIXED`] if there are none.
    pub fn unite_all(&mut self, variables: &[Variable]) -> Variable {
        let Some(&first) = variables.first() else { return FIXED };
        for &other in &variables[1..] {
            self.unite(first, other);
        }
        self.root(first)
    }

    /// The number of each variable's set, and how many sets there are: sets are counted in the order of
    /// their least variables, so that of [`FIXED`] is 0.
    pub fn numbered(&mut self) -> (Vec<usize>, usize) {
        let (mut numbers, mut count) = (vec![0; self.parents.len()], 0);
        for variable in 0..self.parents.len() {
            let root = self.root(variable);
            if root == variable {
                numbers[variable] = count;
                count += 1;
            } else {
                numbers[variable] = numbers[root];
            }
        }
        (numbers, count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_numbered_in_order_and_the_fixed_one_first() {
        let mut unions = Unions::default();
        let v: Vec<Variable> = (0..6).map(|_| unions.fresh()).collect();
        unions.unite(v[4], v[1]);
        unions.unite(v[5], v[4]);
        unions.unite(v[3], FIXED);
        assert_eq!(unions.numbered(), (vec![0, 1, 2, 3, 0, 2, 2], 4));
        assert_eq!(unions.unite_all(&[v[5], v[0], v[3]]), FIXED);
        assert_eq!(unions.numbered(), (vec![0, 0, 0, 1, 0, 0, 0], 2));
    }
}
