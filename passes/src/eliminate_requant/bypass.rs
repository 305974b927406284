//! Readers that take the codes before an encode.

use afp_ir::{
    dialect::view,
    mlir::{Attr, Op, Value},
    numerics::Code,
};

use super::{
    codes::{Grid, Map, possible},
    sink::moved,
    tables,
};
use crate::conversions::Fate;

/// Uses that are looked at, through operators that move elements.
const MOST_USES: usize = 256;

/// `reader(encode(x))` becomes `reader(x)`, also with operators that move elements between them.
///
/// *Condition*: the encode does the same to every element, and each reader is
///
/// * a table of the codes: the table of `x` is another one, whatever the encode does; or
/// * an operator that computes with values alone (contractions, products, sums, sum-pools, encodes,
///   dequantizes), and the encode changes the value of no code that `x` can hold. For sums, the type of `x`
///   must also lie within the other's range and grid, so that they need no more bits.
///
/// Between them, a max-pool commutes with the encode, which is increasing, and a pad's border must be what
/// becomes of a code of `x`.
pub(super) fn bypass(op: Op) -> Option<Fate> {
    let map = Map::of(op)?;
    let codes = possible(op.operand(0))?;
    let keeps = codes.iter().all(|&code| map.keeps(code));
    let mut check = Check { map, keeps, computes: false, tables: false, borders: true, budget: MOST_USES };
    if !check.uses(op.result(0)) || (check.computes && !check.borders) {
        return None;
    }
    rewrite(&map, op.result(0), op.operand(0));
    Some(if check.computes || !check.tables { Fate::Bypassed } else { Fate::Tabulated })
}

struct Check {
    map: Map,
    keeps: bool,
    computes: bool,
    tables: bool,
    /// Whether all borders keep their values.
    borders: bool,
    budget: usize,
}

impl Check {
    fn uses(&mut self, value: Value) -> bool {
        value.uses().into_iter().all(|(user, index)| self.allows(user, index))
    }

    fn allows(&mut self, user: Op, index: usize) -> bool {
        let Some(left) = self.budget.checked_sub(1) else { return false };
        self.budget = left;
        match user.name().as_str() {
            "afp.conv2d" | "afp.depthwise_conv2d" | "afp.fully_connected" if index == 0 => self.sums(),
            "afp.matmul" | "afp.add" | "afp.sum_pool2d" => self.sums(),
            "afp.encode" | "afp.dequantize" => {
                self.computes = true;
                self.keeps
            }
            "afp.table" => {
                self.tables = true;
                tables::can_be_table_of(user, &self.map)
            }
            "afp.concat" => false,
            _ if view::is_movement(user) => {
                let Some(border) = border(user, &self.map) else { return false };
                let inner = border.and_then(Attr::as_int).unwrap_or(0) as Code;
                self.borders &= !user.is("afp.pad") || self.map.keeps(inner);
                self.uses(user.result(0))
            }
            _ => false,
        }
    }

    fn sums(&mut self) -> bool {
        self.computes = true;
        self.keeps && self.map.from.is_within(self.map.to)
    }
}

/// What a movement's border becomes before the encode; none if no code becomes it.
pub(super) fn border(op: Op, map: &Map) -> Option<Option<Attr>> {
    if !op.is("afp.pad") {
        return Some(None);
    }
    let outer = op.attr("value").and_then(Attr::as_int).unwrap_or(0) as Code;
    let inner = if map.apply(0) == outer { 0 } else { preimage(map, outer)? };
    Some((inner != 0).then(|| Attr::int(op.ctx(), 32, i64::from(inner))))
}

/// A code that becomes `outer`, of the same value if there is one.
fn preimage(map: &Map, outer: Code) -> Option<Code> {
    let all = || map.from.format.canonical_codes().filter(|&code| map.apply(code) == outer);
    all().find(|&code| map.keeps(code)).or_else(|| all().next())
}

fn rewrite(map: &Map, encoded: Value, source: Value) {
    for (user, index) in encoded.uses() {
        let replaced = match user.name().as_str() {
            "afp.table" => tables::table_of_encode(user, map, source),
            _ if view::is_movement(user) => border(user, map).map(|border| {
                let moved = moved(user, &[source], border);
                rewrite(map, user.result(0), moved);
                moved
            }),
            _ => {
                user.set_operand(index, source);
                None
            }
        };
        if let Some(replaced) = replaced.filter(|_| user.is("afp.table")) {
            user.result(0).replace_all_uses_with(replaced);
        }
    }
}

/// Why the readers of an encode cannot take the codes before it: the first code whose value changes, as
/// (value before, value after); none if all stay.
pub(super) fn changed(map: &Map, source: Value) -> Option<[f64; 2]> {
    let code = possible(source)?.into_iter().find(|&code| !map.keeps(code))?;
    let value = |grid: Grid, code: Code| grid.format.decode(code) as f64 * 2f64.powi(grid.exp);
    Some([value(map.from, code), value(map.to, map.apply(code))])
}
