//! Scale exponents that are chosen at run time, from the largest element of a tensor (rule Y1).

use super::Format;

/// `floor(log2 |n * 2^exp|)`, the binade of an exact value; none for zero.
///
/// ```
/// use afp_ir::numerics::binade;
/// assert_eq!((binade(-7, 3), binade(8, -3), binade(0, 5)), (Some(5), Some(0), None));
/// ```
pub const fn binade(n: i64, exp: i32) -> Option<i32> {
    match n.unsigned_abs().checked_ilog2() {
        Some(top) => Some(top as i32 + exp),
        None => None,
    }
}

impl Format {
    /// The binade of the largest integer: `floor(log2 Imax)`.
    pub const fn top_binade(self) -> i32 {
        match self.exp_bits() {
            0 => self.man_bits() as i32 - 1,
            e => self.man_bits() as i32 + (1 << e) - 2,
        }
    }

    /// The scale exponent of a dynamic type for a tensor whose largest magnitude lies in binade `top`
    /// (none if all elements are zero): the format's largest binade becomes that one, as far as the
    /// interval allows (rule Y1).
    ///
    /// ```
    /// use afp_ir::numerics::Format;
    /// let f: Format = "ue0m8".parse().unwrap();
    /// // 2^7 is the code's highest bit: a tensor up to 1.9 gets the exponent -7.
    /// assert_eq!(f.dynamic_exponent(Some(0), -12, 3), -7);
    /// assert_eq!((f.dynamic_exponent(Some(40), -12, 3), f.dynamic_exponent(None, -12, 3)), (3, -12));
    /// ```
    pub const fn dynamic_exponent(self, top: Option<i32>, lo: i32, hi: i32) -> i32 {
        let wanted = match top {
            Some(top) => top.saturating_sub(self.top_binade()),
            None => lo,
        };
        if wanted > hi {
            hi
        } else if wanted < lo {
            lo
        } else {
            wanted
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_binade_is_that_of_the_largest_integer() {
        for (e, m) in (0..=5).flat_map(|e| (0..=10).map(move |m| (e, m))) {
            for format in [true, false].into_iter().filter_map(|signed| Format::new(signed, e, m).ok()) {
                assert_eq!(Some(format.top_binade()), binade(format.int_max(), 0), "{format}");
            }
        }
    }
}
