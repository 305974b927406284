//! Where the encodes of codes stand that no rule takes away.
//!
//! An encode that does the same to every element commutes with every operator that moves elements: it acts
//! on each alone, and is increasing, as max-pool asks. So it may stand before a pad or behind a slice, once
//! for several readers, and before the operands of a concat or behind it. What is moved is a value in some
//! form; [`cut`] finds what is converted where, and the program is written anew if that costs less.
//!
//! A pad's border becomes what the encode makes of it.

mod cost;
mod cut;

use std::collections::HashMap;

use afp_ir::{
    dialect::{Element, FloatType, view},
    mlir::{Attr, Block, Builder, Op, OpSpec, Value},
};

use super::{
    bypass,
    codes::{Grid, Map, limit_attrs},
    sink::moved_by,
};
use cut::{Made, Node, Placement};

/// Places the conversions of a function body; whether any was moved.
pub(super) fn place(body: Block) -> bool {
    let region = Region::of(body);
    if region.maps.is_empty() {
        return false;
    }
    let placement = cut::solve(&region.nodes, region.maps.len());
    let better = cut::cost(&region.nodes, &placement).is_some_and(|cost| cost < region.present_cost());
    if better {
        Rewriter { body, region: &region, placement: &placement, made: HashMap::new() }.run();
    }
    better
}

/// A value of the region: what it is moved from, or where it comes from.
struct Origin {
    /// The original, if it is in the program.
    original: Option<Value>,
    /// An operator that moves it, and in which form; its border, if it is a pad, in the original form.
    movement: Option<(Op, Option<Attr>)>,
    grid: Grid,
}

/// The values that conversions can be moved over, in their order in the program.
#[derive(Default)]
struct Region {
    nodes: Vec<Node>,
    origins: Vec<Origin>,
    /// What the forms are: functions of the encodes, with one of those.
    maps: Vec<(Map, Op)>,
    /// The values of the program: number of the node and form, 0 for the original.
    values: HashMap<Value, (usize, usize)>,
    /// The values by what they are moved from.
    moved: HashMap<String, usize>,
    /// Operations of the program that are conversions or movements of the region, with their costs.
    paid: Vec<u64>,
    members: Vec<Op>,
}

impl Region {
    fn of(body: Block) -> Self {
        let mut region = Self::default();
        let ops = body.ops();
        for &op in &ops {
            if let Some(map) = movable(op)
                && !region.maps.iter().any(|(known, _)| *known == map)
            {
                region.maps.push((map, op));
            }
        }
        if region.maps.is_empty() {
            return region;
        }
        for argument in body.args() {
            region.producer(argument);
        }
        for &op in &ops {
            region.visit(op);
        }
        region.find_readers();
        region
    }

    fn producer(&mut self, value: Value) {
        if let Some(grid) = Grid::of(value) {
            let origin = Origin { original: Some(value), movement: None, grid };
            let index = self.add(Node::default(), origin, cost::elements(value));
            self.values.insert(value, (index, 0));
        }
    }

    fn add(&mut self, node: Node, origin: Origin, elements: u64) -> usize {
        let converting = self.maps.iter().map(|(map, _)| {
            let applies = map.from == origin.grid;
            if applies { cost::of_conversion(map).saturating_mul(elements) } else { u64::MAX }
        });
        let converting = converting.collect();
        self.nodes.push(Node { converting, read_as: vec![false; self.maps.len()], ..node });
        self.origins.push(origin);
        self.nodes.len() - 1
    }

    fn visit(&mut self, op: Op) {
        if op.result_count() != 1 || Element::of(op.result(0).ty()) == Element::Exact {
            return;
        }
        let elements = cost::elements(op.result(0));
        if let Some(form) = movable(op).and_then(|map| self.maps.iter().position(|(known, _)| *known == map))
            && let Some(&(node, 0)) = self.values.get(&op.operand(0))
        {
            self.values.insert(op.result(0), (node, form + 1));
            self.members.push(op);
            self.paid.push(cost::of_conversion(&self.maps[form].0).saturating_mul(elements));
            return;
        }
        if !view::is_movement(op) || !self.movement(op, elements) {
            self.producer(op.result(0));
        }
    }

    /// Enters a movement of values that are in one form.
    fn movement(&mut self, op: Op, elements: u64) -> bool {
        let operands: Option<Vec<(usize, usize)>> =
            op.operands().iter().map(|value| self.values.get(value).copied()).collect();
        let Some(operands) = operands.filter(|operands| !operands.is_empty()) else { return false };
        let form = operands[0].1;
        let grid = self.origins[operands[0].0].grid;
        if operands.iter().any(|&(node, other)| other != form || self.origins[node].grid != grid) {
            return false;
        }
        let border = op.attr("value").filter(|_| op.is("afp.pad"));
        let border = match form.checked_sub(1) {
            None => border,
            Some(form) => match bypass::border(op, &self.maps[form].0) {
                Some(border) => border,
                None => return false,
            },
        };
        let operands: Vec<usize> = operands.into_iter().map(|(node, _)| node).collect();
        let mut key =
            format!("{} {operands:?} {border:?}", op.name(), border = border.map(|b| b.to_string()));
        let mut attrs: Vec<String> = op
            .attrs()
            .iter()
            .filter(|(name, _)| name != "value" && name != "afp.name")
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        attrs.sort();
        key.push_str(&format!(" {:?} {}", op.result(0).ty().shape(), attrs.join(" ")));
        let moving = cost::of_movement(op).saturating_mul(elements);
        let index = match self.moved.get(&key) {
            Some(&index) => index,
            None => {
                let origin = Origin { original: None, movement: Some((op, border)), grid };
                let index = self.add(Node { operands, moving, ..Node::default() }, origin, elements);
                self.moved.insert(key, index);
                index
            }
        };
        if form == 0 {
            self.origins[index].original.get_or_insert(op.result(0));
        }
        self.values.insert(op.result(0), (index, form));
        self.members.push(op);
        self.paid.push(moving);
        true
    }

    /// Notes what is read by operations that are not of the region.
    fn find_readers(&mut self) {
        let values: Vec<(Value, (usize, usize))> = self.values.iter().map(|(v, at)| (*v, *at)).collect();
        for (value, (node, form)) in values {
            if value.uses().into_iter().any(|(user, _)| !self.members.contains(&user)) {
                match form.checked_sub(1) {
                    None => self.nodes[node].read = true,
                    Some(form) => self.nodes[node].read_as[form] = true,
                }
            }
        }
    }

    fn present_cost(&self) -> u64 {
        self.paid.iter().fold(0, |sum, &cost| sum.saturating_add(cost))
    }
}

/// The function of an encode that may be moved.
fn movable(op: Op) -> Option<Map> {
    Map::of(op).filter(|_| op.operand(0).def_as("afp.constant").is_none())
}

/// Writes the values that are read, as a placement has them.
struct Rewriter<'a> {
    body: Block,
    region: &'a Region,
    placement: &'a Placement,
    made: HashMap<(usize, usize), Value>,
}

impl Rewriter<'_> {
    fn run(mut self) {
        let region = self.region;
        let mut replaced = Vec::new();
        for op in self.body.ops() {
            let Some(&(node, form)) = op.results().first().and_then(|value| region.values.get(value)) else {
                continue;
            };
            let value = op.result(0);
            let outside = value.uses().into_iter().filter(|(user, _)| !region.members.contains(user));
            let outside: Vec<(Op, usize)> = outside.collect();
            if region.members.contains(&op) && !outside.is_empty() {
                replaced.push((outside, (node, form)));
            }
        }
        for (uses, (node, form)) in replaced {
            if let Some(value) = self.value(node, form) {
                uses.into_iter().for_each(|(user, index)| user.set_operand(index, value));
            }
        }
    }

    /// A form of a value, 0 for the original.
    fn value(&mut self, node: usize, form: usize) -> Option<Value> {
        let origin = &self.region.origins[node];
        if let Some(&value) = self.made.get(&(node, form)) {
            return Some(value);
        }
        let made = match form.checked_sub(1) {
            None => Made::Moved,
            Some(form) => self.placement[node][form],
        };
        let value = match (made, &origin.movement) {
            (Made::Moved, None) => origin.original?,
            (Made::Moved, Some((op, border))) => {
                let operands: Option<Vec<Value>> = self.region.nodes[node]
                    .operands
                    .iter()
                    .map(|&operand| self.value(operand, form))
                    .collect();
                let operands = operands?;
                let border = match form.checked_sub(1) {
                    Some(form) => self.border(*op, *border, &self.region.maps[form].0),
                    None => *border,
                };
                moved_by(self.behind(&operands, *op), *op, &operands, border)
            }
            (Made::Converted, _) => {
                let original = self.value(node, 0)?;
                let (map, op) = self.region.maps[form - 1];
                // One limit for all: channels may be others elsewhere.
                let [lo, hi] = limit_attrs(op, map.to.format, &[(map.lo, map.hi)]);
                let attrs = op.attrs();
                let mut spec = OpSpec::new("afp.encode").operands([original]);
                for (key, value) in attrs.iter().filter(|(key, _)| key != "lo" && key != "hi") {
                    spec = spec.attr(key, *value);
                }
                let spec = spec.attr_opt("lo", lo).attr_opt("hi", hi);
                let ty = original.ty().with_element(FloatType::of(op.result(0).ty())?.to_mlir(op.ctx()));
                self.behind(&[original], op).value(op.loc(), spec.result(ty))
            }
            (Made::Not, _) => return None,
        };
        self.made.insert((node, form), value);
        Some(value)
    }

    /// A pad's border in a form.
    fn border(&self, op: Op, border: Option<Attr>, map: &Map) -> Option<Attr> {
        if !op.is("afp.pad") {
            return None;
        }
        let code = map.apply(border.and_then(Attr::as_int).unwrap_or(0) as u16);
        (code != 0).then(|| Attr::int(op.ctx(), 32, i64::from(code)))
    }

    /// Right behind the last of some values.
    fn behind(&self, operands: &[Value], op: Op) -> Builder {
        let ops = self.body.ops();
        let position = |value: &Value| value.def().and_then(|def| ops.iter().position(|&other| other == def));
        let last = operands.iter().max_by_key(|value| position(value).map_or(0, |at| at + 1));
        last.map_or_else(|| Builder::before(op), |&value| Builder::after_value(value, self.body, op.ctx()))
    }
}
