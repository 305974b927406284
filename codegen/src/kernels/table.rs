//! Functions of one code, by a table of what is stored for each stored integer: on vectors where both are bytes, by
//! `afpk.lookup`, else one by one.

use afp_ir::{
    diag::Diagnostic,
    mlir::{Op, Value},
};
use afp_target::Vectors;

use super::{
    Lowering,
    builder::Kernel,
    calls::Destination,
    epilogue::flat_index,
    layout::{Layout, Storage},
    scope,
    strategy::{Choice, Strategy, Tile},
    tree::{self, shape_of, unsupported},
};

/// Entries of a table that vectors look up in.
pub(super) const ENTRIES: usize = 256;
/// Indices of the narrowest vector.
pub(super) const LEAST: i64 = 16;

/// The tile for a machine's vectors. None where they do not look up what a table reads and writes.
pub fn tile([from, to]: [&Layout; 2], vectors: &Vectors) -> Option<Tile> {
    let fits = vectors.looks_up() && Runs::of(from, to).is_some();
    fits.then(|| Tile::new(1, 1, i64::from(vectors.bits / 32).min(16)))
}

/// What is stored for each stored integer, by its bits; what is never stored has the entry of 0.
fn entries(op: Op, from: &Layout, to: &Layout) -> Result<Vec<i64>, Diagnostic> {
    let Some(codes) = op.attr("values").and_then(|v| v.elements_i64()) else {
        return Err(unsupported(op, "a table whose values are computed"));
    };
    let size = 1usize << from.bits();
    let mut entries = vec![to.stored_code(codes.first().copied().unwrap_or(0)); size];
    for (code, &value) in codes.iter().enumerate().take(from.format.code_count() as usize) {
        let stored = from.stored_code(code as i64) & (size as i64 - 1);
        entries[stored as usize] = to.stored_code(value);
    }
    Ok(entries)
}

/// Adds the kernel of a table and its call.
pub(super) fn convert(lowering: &mut Lowering, op: Op) -> Result<(), Diagnostic> {
    let from = scope::layout(lowering, op.operand(0), op)?;
    let to = scope::layout(lowering, op.result(0), op)?;
    let entries = entries(op, &from, &to)?;
    match (Choice::of(op)?.strategy, Runs::of(&from, &to)) {
        (Strategy::Portable, _) => on_scalars(lowering, op, [from, to], entries),
        (Strategy::Lookup(tile), Some(runs)) => on_vectors(lowering, op, &entries, runs, tile.lanes),
        _ => Err(tree::misfit(op, "a table of bytes, 16 of them or more neighbours in memory")),
    }
}

fn on_scalars(
    lowering: &mut Lowering,
    op: Op,
    [from, to]: [Layout; 2],
    mut entries: Vec<i64>,
) -> Result<(), Diagnostic> {
    if from.storage == Storage::Code {
        entries.truncate(from.format.code_count() as usize);
    }
    let shape = shape_of(op.result(0));
    lowering.kernel(op, &op.operands(), scope::rows(&shape), Destination::Buffer, |scope, k| {
        let values = scope.constant("table", &[entries.len() as i64], k.int(to.bits()), &entries);
        let (operand, result) = (scope.operands[0], scope.result);
        scope::every(k, (scope.from, scope.to), &shape, |k, indices| {
            let stored = k.resize(k.load(operand, &from.place(k, indices)), 32, false);
            k.store(k.load(values, &[k.to_index(stored)]), result, &to.place(k, indices));
            Ok(())
        })
    })
}

/// Elements that are neighbours both where a table reads and where it writes.
struct Runs {
    layouts: [Layout; 2],
    /// Of runs, the leading sizes of the shape; none where everything is one run, and parts of it are items.
    rows: Option<Vec<i64>>,
    items: i64,
    /// Elements of a run.
    run: i64,
}

impl Runs {
    /// None where they are no bytes, or too few.
    fn of(from: &Layout, to: &Layout) -> Option<Self> {
        let layouts = [from, to];
        let shape = &to.shape;
        let all: i64 = shape.iter().product();
        let (rows, items, run) = if layouts.iter().all(|layout| layout.is_dense()) {
            let items = scope::rows(shape).max(1);
            let items = if all / items < LEAST { 1 } else { items };
            (None, items, all / items)
        } else {
            let &[images, height, width, channels] = &shape[..] else { return None };
            let whole = layouts.iter().all(|layout| layout.channels == channels);
            let rows = if whole { vec![images, height] } else { vec![images, height, width] };
            let items = rows.iter().product();
            (Some(rows), items, all / items)
        };
        let fits = layouts.iter().all(|layout| layout.bits() == 8) && run >= LEAST;
        fits.then(|| Self { layouts: layouts.map(Clone::clone), rows, items, run })
    }

    /// Where the run of an item begins.
    fn start(&self, k: &Kernel, layout: &Layout, item: Value) -> Value {
        let Some(rows) = &self.rows else { return k.mul(item, k.index(self.run)) };
        let mut at = scope::split_index(k, item, rows);
        at.resize(3, k.index(0));
        flat_index(k, layout, [at[0], at[1], at[2]], k.index(0))
    }
}

fn on_vectors(
    lowering: &mut Lowering,
    op: Op,
    entries: &[i64],
    runs: Runs,
    lanes: i64,
) -> Result<(), Diagnostic> {
    lowering.kernel(op, &op.operands(), runs.items, Destination::Buffer, |scope, k| {
        let table = scope.constant("table", &[ENTRIES as i64], k.int(8), entries);
        let table = k.vector_load(table, k.index(0), ENTRIES as i64);
        let (operand, result) = (k.flat(scope.operands[0]), k.flat(scope.result));
        let bytes = (4 * lanes).min(1 << runs.run.ilog2());
        k.fold(scope.from, scope.to, &[], |k, item, _| {
            let [from, to] = runs.layouts.each_ref().map(|layout| runs.start(k, layout, item));
            k.over(runs.run, bytes, &[], |k, i, _| {
                let stored = k.vector_load(operand, k.add(from, i), bytes);
                k.vector_store(k.lookup(table, stored), result, k.add(to, i));
                Vec::new()
            });
            Vec::new()
        });
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use afp_ir::numerics::Format;

    use super::*;

    fn layout(shape: &[i64]) -> Layout {
        Layout {
            shape: shape.to_vec(),
            format: Format::fixed(true, 7),
            storage: Storage::Integer { offset: 0 },
            halo: [0; 4],
            channels: shape.last().copied().unwrap_or(1),
            before: None,
        }
    }

    /// Items and elements of each, between two layouts.
    fn runs(from: &Layout, to: &Layout) -> Option<(i64, i64)> {
        Runs::of(from, to).map(|runs| (runs.items, runs.run))
    }

    #[test]
    fn runs_are_as_long_as_neighbours_go() {
        // No items where there are too few elements.
        let cases: [(&[i64], (i64, i64)); 8] = [
            (&[20], (1, 20)),
            (&[15], (0, 0)),
            (&[3, 5], (0, 0)),
            (&[7, 5], (1, 35)),
            (&[7, 16], (7, 16)),
            (&[2, 3, 8], (2, 24)),
            (&[2, 3, 4, 8], (6, 32)),
            (&[2, 3, 2, 4, 2], (1, 96)),
        ];
        for (shape, expected) in cases {
            assert_eq!(runs(&layout(shape), &layout(shape)).unwrap_or_default(), expected, "{shape:?}");
        }
        let plain = layout(&[2, 3, 4, 20]);
        let halo = Layout { halo: [1; 4], ..plain.clone() };
        assert_eq!(runs(&plain, &halo), Some((6, 80)));
        let gaps = Layout { channels: 24, ..halo };
        assert_eq!(runs(&gaps, &plain), Some((24, 20)));
        let wide = Layout { format: Format::fixed(true, 15), ..plain.clone() };
        assert_eq!(runs(&wide, &plain), None);
    }
}
