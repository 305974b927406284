//! Where values live: buffers in the arena, constants, and what callers pass.

use afp_ir::{
    diag::Diagnostic,
    mlir::{Attr, Block, Loc, Op, OpSpec, Type, Value},
};

use super::{Lowering, builder::Kernel, layout::Layout, real, scope, tree::unsupported};

/// Constants up to this size are stored once if they are equal.
const SHARED_BYTES: usize = 1 << 16;

/// Where a stored value lives.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// A buffer: the `memref<bytes x i8>` that is allocated for it. Reshaped values share one.
    Buffer(Value),
    /// A constant.
    Global(usize),
    /// An argument of the body: what the caller passes.
    Argument(usize),
}

/// A constant in memory.
pub(super) struct Global {
    pub name: String,
    pub ty: Type,
}

impl Lowering {
    /// Reads the layouts of all coded values.
    pub(super) fn take_layouts(&mut self, source: Block) -> Vec<(Loc, Diagnostic)> {
        let results = source.ops().into_iter().flat_map(Op::results);
        let mut problems = Vec::new();
        for value in source.args().into_iter().chain(results) {
            match Layout::of(value) {
                Ok(Some(layout)) => {
                    self.layouts.insert(value, layout);
                }
                Ok(None) => {}
                Err(problem) => problems.push((value.loc(), problem)),
            }
        }
        for value in source.ops().into_iter().flat_map(Op::results) {
            problems.extend(self.check_part(value).err().map(|problem| (value.loc(), problem)));
        }
        problems
    }

    /// The layout of a coded value.
    pub(super) fn layout(&self, value: Value) -> Option<Layout> {
        self.layouts.get(&value).cloned()
    }

    pub(super) fn place(&mut self, value: Value, user: Op) -> Result<Place, Diagnostic> {
        if let Some(&place) = self.places.get(&value) {
            return Ok(place);
        }
        let constant =
            value.def_as("afp.constant").ok_or_else(|| unsupported(user, "operands that are stored"))?;
        let layout = scope::layout(self, value, user)?;
        let place = Place::Global(self.constant(constant, &layout, user)?);
        self.places.insert(value, place);
        Ok(place)
    }

    /// A constant's codes in memory.
    pub(super) fn constant(&mut self, constant: Op, layout: &Layout, user: Op) -> Result<usize, Diagnostic> {
        let payload = constant.attr("value").and_then(|v| v.elements_i64());
        let payload = payload.ok_or_else(|| unsupported(user, "constants with a payload"))?;
        let values: Vec<i64> = payload.into_iter().map(|code| layout.stored_code(code)).collect();
        Ok(self.global("codes", &layout.shape, Type::int(self.ctx, layout.bits()), &values))
    }

    /// A constant in memory, and its number.
    pub(super) fn global(&mut self, role: &str, shape: &[i64], element: Type, values: &[i64]) -> usize {
        let width = element.int_width().unwrap_or(64) as usize / 8;
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes().into_iter().take(width)).collect();
        let (index, ty) = (self.globals.len(), Type::memref(shape, element));
        let key = (role.to_owned(), ty.to_string(), bytes);
        if let Some(&known) = self.known.get(&key) {
            return known;
        }
        let bytes = &key.2;
        let name = format!("{role}_{index}");
        let tensor = Type::tensor(shape, element);
        let data = Attr::dense(tensor, bytes).unwrap_or_else(|| Attr::resource(tensor, &name, bytes));
        let spec = OpSpec::new("memref.global")
            .attr("sym_name", Attr::string(self.ctx, &name))
            .attr("sym_visibility", Attr::string(self.ctx, "private"))
            .attr("type", Attr::ty(ty))
            .attr("initial_value", data)
            .attr("constant", Attr::unit(self.ctx))
            .attr("alignment", Attr::int(self.ctx, 64, 64))
            .attr(crate::constants::ROLE, Attr::string(self.ctx, role));
        afp_ir::mlir::Builder::at_end(self.ctx, self.module).build(Loc::unknown(self.ctx), spec);
        self.globals.push(Global { name, ty });
        if key.2.len() <= SHARED_BYTES {
            self.known.insert(key, index);
        }
        index
    }

    /// Allocates the buffer of an operation's result; the calls that clear its halo. The view.
    pub(super) fn buffer(&mut self, op: Op) -> Result<Value, Diagnostic> {
        let result = op.result(0);
        if real::is_real(result) {
            let buffer = self.allocate(real::bytes(result));
            self.places.insert(result, Place::Buffer(buffer));
            return Ok(self.view(buffer, 0, real::memref(result)));
        }
        let layout = scope::layout(self, result, op)?;
        if layout.before.is_some() {
            let buffer = self.buffer_of_whole(result)?;
            self.places.insert(result, Place::Buffer(buffer));
            return Ok(self.view(buffer, 0, layout.memref(self.ctx)));
        }
        let buffer = self.allocate(layout.bytes());
        self.places.insert(result, Place::Buffer(buffer));
        let view = self.view(buffer, 0, layout.memref(self.ctx));
        if layout.halo != [0; 4] {
            self.clear_halo(op, &layout, view)?;
        }
        Ok(view)
    }

    /// `memref.alloc` of bytes, which `afp-plan-memory` places.
    pub(super) fn allocate(&self, bytes: i64) -> Value {
        let ty = Type::memref(&[bytes], Type::int(self.ctx, 8));
        let none = Attr::i32s(self.ctx, &[0, 0]);
        self.body.value(OpSpec::new("memref.alloc").attr("operandSegmentSizes", none).result(ty))
    }

    pub(super) fn view(&self, buffer: Value, offset: i64, ty: Type) -> Value {
        if buffer.ty() == ty {
            return buffer;
        }
        let offset = self.body.index(offset);
        self.body.value(OpSpec::new("memref.view").operands([buffer, offset]).result(ty))
    }

    pub(super) fn global_in_body(&self, index: usize) -> Value {
        let global = &self.globals[index];
        self.body.global(&global.name, global.ty)
    }

    /// A buffer with a part for each share that holds a type.
    pub(super) fn allocate_each(&self, ty: Type) -> Value {
        self.allocate(part_bytes(ty) * self.threads)
    }

    /// A share's part of a buffer; all of it where work is not shared.
    pub(super) fn part(&self, k: &Kernel, buffer: Value, ty: Type, share: Option<Value>) -> Value {
        let Some(share) = share else { return self.view(buffer, 0, ty) };
        let offset = k.mul(share, k.index(part_bytes(ty)));
        k.value(OpSpec::new("memref.view").operands([buffer, offset]).result(ty))
    }
}

/// Bytes of a type in memory.
pub(super) fn bytes_of(ty: Type) -> i64 {
    let elements: i64 = ty.memref_shape().unwrap_or_default().iter().product();
    elements * ty.element_bytes().unwrap_or(1) as i64
}

/// Bytes of a share's part, so that no two threads write to one line of a cache.
pub(super) fn part_bytes(ty: Type) -> i64 {
    (bytes_of(ty) as usize).next_multiple_of(crate::memory::ALIGNMENT) as i64
}
