//! Concatenation: what is computed for a concat along channels alone is written where it belongs, and the rest copied.

use afp_ir::{
    diag::Diagnostic,
    dialect::view,
    mlir::{Op, Value},
};

use super::{
    Lowering, boundary,
    calls::Destination,
    layout::{ATTRIBUTE, Layout},
    movement::moved,
    places::Place,
    scope::{self, layout},
    tree::{misfit, shape_of},
};

/// The concat in whose buffer a value can lie, and how many channels lie before its own: one along the channels of
/// feature maps, that alone reads the value.
pub fn whole(value: Value) -> Option<(Op, i64)> {
    let op = value.def()?;
    let is_written = match op.name().as_str() {
        "afp.encode" | "afp.max_pool2d" | "afp.table" | "afp.slice" | "afp.pad" => true,
        "afp.transpose" => boundary::quantized(op).is_none(),
        _ => false,
    };
    let &[(concat, index)] = &value.uses()[..] else { return None };
    let is_along_channels = concat.is("afp.concat") && view::axis(concat) == 3 && shape_of(value).len() == 4;
    let before = || concat.operands()[..index].iter().map(|&operand| shape_of(operand)[3]).sum();
    (is_written && is_along_channels).then(|| (concat, before()))
}

/// The layout of a value that lies in the buffer of a concat; none if what they store differs.
pub fn part(own: &Layout, whole: &Layout, before: i64) -> Option<Layout> {
    let fits = own.storage == whole.storage && own.format == whole.format;
    fits.then(|| Layout {
        shape: own.shape.clone(),
        halo: whole.halo,
        channels: whole.channels,
        before: Some(before),
        ..*own
    })
}

impl Lowering {
    /// Checks that a value that is to be part of another lies where it belongs in that.
    pub(super) fn check_part(&self, value: Value) -> Result<(), Diagnostic> {
        let (Some(own), Some(op)) = (self.layout(value), value.def()) else { return Ok(()) };
        if own.before.is_none() {
            return Ok(());
        }
        let expected = whole(value)
            .and_then(|(concat, before)| part(&own, &self.layout(concat.result(0))?, before))
            .filter(|expected| *expected == own);
        expected.map(|_| ()).ok_or_else(|| {
            misfit(
                op,
                "'before' where a concat of channels alone reads the value, stored as the concat's result is",
            )
            .found(op.attr(ATTRIBUTE).map(|chosen| chosen.to_string()).unwrap_or_default())
        })
    }

    /// The buffer of the concat that a value is part of.
    pub(super) fn buffer_of_whole(&mut self, value: Value) -> Result<Value, Diagnostic> {
        let (concat, _) = whole(value).ok_or_else(|| crate::internal("a part of no concat"))?;
        match self.places.get(&concat.result(0)) {
            Some(&Place::Buffer(buffer)) => Ok(buffer),
            _ => {
                self.buffer(concat)?;
                self.buffer_of_whole(value)
            }
        }
    }
}

/// Adds the kernel that copies the operands which do not lie in the result's buffer, if there are some, and its call.
pub(super) fn convert(lowering: &mut Lowering, op: Op) -> Result<(), Diagnostic> {
    let axis = view::axis(op) as usize;
    let to = layout(lowering, op.result(0), op)?;
    let (mut first, mut operands, mut parts) = (0, Vec::new(), Vec::new());
    for operand in op.operands() {
        let from = layout(lowering, operand, op)?;
        let size = from.shape[axis];
        if from.before.is_none() {
            operands.push(operand);
            parts.push((from, first));
        }
        first += size;
    }
    let Some((largest, _)) = parts.first() else { return Ok(()) };
    // One part after the other: each is shared out by its own items.
    let items = scope::rows(&largest.shape);
    let even = parts.iter().all(|(from, _)| scope::rows(&from.shape) == items);
    let destination = match lowering.places.get(&op.result(0)) {
        Some(&Place::Buffer(buffer)) => Destination::Memory(lowering.view(buffer, 0, to.memref(op.ctx()))),
        _ => Destination::Buffer,
    };
    lowering.kernel(op, &operands, if even { items } else { 1 }, destination, |scope, k| {
        for ((from, first), &operand) in parts.iter().zip(&scope.operands) {
            let range = if even {
                (scope.from, scope.to)
            } else {
                let all = k.index(scope::rows(&from.shape));
                (k.mul(scope.from, all), k.mul(scope.to, all))
            };
            scope::every(k, range, &from.shape, |k, indices| {
                let stored = moved(k, k.load(operand, &from.place(k, indices)), from, &to);
                let mut at = indices.to_vec();
                at[axis] = k.add(at[axis], k.index(*first));
                k.store(stored, scope.result, &to.place(k, &at));
                Ok(())
            })?;
        }
        Ok(())
    })
}
