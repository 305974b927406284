//! Encodes beside tables and of constants: computed at compile time.

use afp_ir::{
    dialect::FloatType,
    mlir::{Attr, Builder, Op, OpSpec, Type, Value},
    numerics::Code,
};

use super::codes::Map;
use crate::{conversions::Fate, graph};

/// Elements of a constant that is encoded at compile time.
const MOST_ELEMENTS: i64 = 1 << 24;

/// `encode_U(table(x))` becomes a table with other values.
///
/// *Condition*: the encode does the same to every element, and nothing else reads the table. A function of
/// a code that is then encoded is a function of that code.
pub(super) fn encode_of_table(op: Op) -> Option<Fate> {
    let map = Map::of(op)?;
    let table = op.operand(0).def_as("afp.table").filter(|_| op.operand(0).has_one_use())?;
    let (ty, target) = (FloatType::of(op.operand(0).ty())?, FloatType::of(op.result(0).ty())?);
    let values = table.attr("values")?.elements_i64()?;
    let codes: Vec<Code> = values.into_iter().map(|stored| map.apply(ty.stored_code(stored))).collect();
    let name = op.attr("afp.name").or_else(|| table.attr("afp.name"));
    let merged = build(op, table, table.operand(0), target, &codes, name);
    op.result(0).replace_all_uses_with(merged);
    Some(Fate::Tabulated)
}

/// The table of the codes before an encode: `table(encode(x))` as a table of `x`; none if `x` has more
/// codes than a table.
pub(super) fn table_of_encode(table: Op, map: &Map, source: Value) -> Option<Value> {
    const MOST_BITS: u32 = 8;
    let (from, to) = (FloatType::of(table.operand(0).ty())?, FloatType::of(table.result(0).ty())?);
    let values = table.attr("values")?.elements_i64()?;
    let source_format = map.from.format;
    if source_format.width() > MOST_BITS || map.to.format != from.format {
        return None;
    }
    let codes: Option<Vec<Code>> = (0..source_format.code_count())
        .map(|code| Some(to.stored_code(*values.get(usize::from(map.apply(code as Code)))?)))
        .collect();
    Some(build(table, table, source, to, &codes?, table.attr("afp.name")))
}

/// Whether [`table_of_encode`] has a result.
pub(super) fn can_be_table_of(table: Op, map: &Map) -> bool {
    let known = table.attr("values").and_then(|values| values.elements_i64());
    let count = known.map_or(0, |values| values.len());
    map.from.format.width() <= 8 && count == map.to.format.code_count() as usize
}

fn build(at: Op, table: Op, source: Value, to: FloatType, codes: &[Code], name: Option<Attr>) -> Value {
    let ctx = at.ctx();
    let function = table.attr("function").and_then(Attr::as_string).unwrap_or_default();
    let ty = Type::tensor(&[codes.len() as i64], Type::int(ctx, to.storage_bits()));
    let spec = OpSpec::new("afp.table")
        .operands([source])
        .attr("function", Attr::string(ctx, &function))
        .attr("values", graph::elements(ty, &function, &bytes(to, codes)))
        .attr_opt("afp.name", name)
        .result(source.ty().with_element(to.to_mlir(ctx)));
    Builder::before(at).value(table.loc(), spec)
}

/// `encode(constant)` becomes a constant.
///
/// *Condition*: the constant holds codes, and the encode does the same to every element.
pub(super) fn encode_of_constant(op: Op) -> Option<Fate> {
    let map = Map::of(op)?;
    let constant = op.operand(0).def_as("afp.constant")?;
    let (ty, target) = (FloatType::of(op.operand(0).ty())?, FloatType::of(op.result(0).ty())?);
    if graph::shape(op.result(0)).iter().product::<i64>() > MOST_ELEMENTS {
        return None;
    }
    let values = constant.attr("value")?.elements_i64()?;
    let codes: Vec<Code> = values.into_iter().map(|stored| map.apply(ty.stored_code(stored))).collect();
    let payload = Type::tensor(&graph::shape(op.result(0)), Type::int(op.ctx(), target.storage_bits()));
    let name = graph::given_name(constant).unwrap_or_else(|| "constant".to_owned());
    let spec = OpSpec::new("afp.constant")
        .attr("value", graph::elements(payload, &name, &bytes(target, &codes)))
        .result(op.result(0).ty());
    op.result(0).replace_all_uses_with(Builder::before(op).value(constant.loc(), spec));
    Some(Fate::Folded)
}

fn bytes(ty: FloatType, codes: &[Code]) -> Vec<u8> {
    if ty.storage_bits() == 8 {
        codes.iter().map(|&code| code as u8).collect()
    } else {
        codes.iter().flat_map(|code| code.to_le_bytes()).collect()
    }
}
