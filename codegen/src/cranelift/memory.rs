//! Loads, stores, and the addresses of memrefs.

use afp_ir::{
    diag::Diagnostic,
    mlir::{Op, Value},
};
use cranelift_codegen::ir::{self, InstBuilder as _, MemFlagsData, types};

use super::{
    function::{Lowered, Translator},
    kind::{Kind, REGISTER, integer, register, strides},
    lanes,
    linear::Linear,
};

/// Kernels stay within their buffers, whose alignment is that of their elements at best.
const ACCESS: MemFlagsData = MemFlagsData::new().with_notrap();

impl Translator<'_, '_> {
    /// The address of an element: a value, and bytes beyond it.
    fn address(&mut self, op: Op, memref: Value, indices: &[Value]) -> Result<(ir::Value, i32), Diagnostic> {
        let strides = strides(memref.ty()).filter(|strides| strides.len() == indices.len());
        let strides = strides.ok_or_else(|| self.unknown(op))?;
        let mut address = self.value(memref, op)?.parts[0];
        let mut place = Linear::default();
        for (&index, &stride) in indices.iter().zip(&strides) {
            place.add(&self.sums.of(index), stride);
        }
        // What is defined first changes least often: a loop adds its own index alone, to what was added before it.
        place.terms.sort_by_key(|(value, _)| self.positions.get(value).copied());
        for &(value, factor) in &place.terms {
            let value = self.value(value, op)?.parts[0];
            let bytes = match factor.unsigned_abs() {
                1 => value,
                power if power.is_power_of_two() => {
                    self.b.ins().ishl_imm_u(value, i64::from(power.trailing_zeros()))
                }
                times => self.b.ins().imul_imm_s(value, times as i64),
            };
            let ins = self.b.ins();
            address = if factor < 0 { ins.isub(address, bytes) } else { ins.iadd(address, bytes) };
        }
        let offset = place.constant;
        // Room for the registers of a wide vector behind it.
        match i32::try_from(offset).ok().filter(|offset| offset.checked_add(1 << 20).is_some()) {
            Some(offset) => Ok((address, offset)),
            None => Ok((self.b.ins().iadd_imm_s(address, offset), 0)),
        }
    }

    /// How a memref is read. What never changes can be read earlier, and once.
    fn access(&self, memref: Value) -> MemFlagsData {
        if self.constants.contains(&memref) { ACCESS.with_readonly().with_can_move() } else { ACCESS }
    }

    /// `memref.load`, `vector.load`: `base[indices...]`.
    pub(super) fn load(&mut self, op: Op) -> Result<Lowered, Diagnostic> {
        let operands = op.operands();
        let is_passed = || op.result(0).uses().iter().any(|(user, _)| !user.successors().is_empty());
        let access = match self.access(operands[0]) {
            // What a loop begins with would lie on the stack before it, and then in it too.
            access if access.can_move() && is_passed() => ACCESS,
            access => access,
        };
        let (base, offset) = self.address(op, operands[0], &operands[1..])?;
        match self.kind(op.result(0), op)? {
            Kind::Int(width @ 8..) => {
                Ok(Lowered::scalar(self.b.ins().load(integer(width), access, base, offset)))
            }
            Kind::Float => Ok(Lowered::scalar(self.b.ins().load(types::F32, access, base, offset))),
            Kind::Vector { count, width } => {
                let parts = 0..super::kind::registers(count, width);
                let load = |index| {
                    let used = lanes::used(count, width, index);
                    self.load_register(access, (width, used), base, offset + 16 * index as i32)
                };
                Ok(Lowered::vector(parts.map(load).collect()))
            }
            _ => Err(self.unknown(op)),
        }
    }

    /// The first lanes of a register, and no byte beyond them.
    fn load_register(
        &mut self,
        access: MemFlagsData,
        (width, used): (u32, u32),
        base: ir::Value,
        offset: i32,
    ) -> ir::Value {
        let b = &mut self.b;
        let ty = register(width);
        match used * width {
            REGISTER => b.ins().load(ty, access, base, offset),
            bits @ (32 | 64) => {
                let scalar = b.ins().load(integer(bits), access, base, offset);
                let low = b.ins().scalar_to_vector(register(bits), scalar);
                lanes::reinterpret(b, ty, low)
            }
            _ => {
                let mut part = lanes::uniform(b, width, 0);
                for lane in 0..used {
                    let at = offset + (lane * width / 8) as i32;
                    let scalar = b.ins().load(integer(width), access, base, at);
                    part = b.ins().insertlane(part, scalar, lane as u8);
                }
                part
            }
        }
    }

    /// `memref.store`, `vector.store`: `base[indices...] = value`.
    pub(super) fn store(&mut self, op: Op) -> Result<(), Diagnostic> {
        let operands = op.operands();
        let value = self.operand(op, 0)?;
        let (base, offset) = self.address(op, operands[1], &operands[2..])?;
        match self.kind(operands[0], op)? {
            Kind::Int(8..) | Kind::Float => {
                self.b.ins().store(ACCESS, value.parts[0], base, offset);
            }
            Kind::Vector { count, width } => {
                for (index, &part) in value.parts.iter().enumerate() {
                    let used = lanes::used(count, width, index);
                    self.store_register(part, (width, used), base, offset + 16 * index as i32);
                }
            }
            _ => return Err(self.unknown(op)),
        }
        Ok(())
    }

    fn store_register(&mut self, part: ir::Value, (width, used): (u32, u32), base: ir::Value, offset: i32) {
        let b = &mut self.b;
        match used * width {
            REGISTER => {
                b.ins().store(ACCESS, part, base, offset);
            }
            bits @ (32 | 64) => {
                let low = lanes::reinterpret(b, register(bits), part);
                let scalar = lanes::first(b, bits, low);
                b.ins().store(ACCESS, scalar, base, offset);
            }
            _ => {
                for lane in 0..used {
                    let scalar = b.ins().extractlane(part, lane as u8);
                    b.ins().store(ACCESS, scalar, base, offset + (lane * width / 8) as i32);
                }
            }
        }
    }

    /// A memref that shares another's memory, from an offset on: `memref.view`, `reinterpret_cast`,
    /// `collapse_shape`, `expand_shape`, `cast`.
    pub(super) fn alias(&mut self, op: Op, name: &str) -> Result<Lowered, Diagnostic> {
        self.kind(op.result(0), op)?;
        let base = self.operand(op, 0)?.parts[0];
        if self.constants.contains(&op.operand(0)) {
            self.constants.insert(op.result(0));
        }
        if name == "memref.view" {
            if op.operand_count() != 2 {
                return Err(self.unknown(op));
            }
            let shift = self.operand(op, 1)?.parts[0];
            return Ok(Lowered::scalar(self.b.ins().iadd(base, shift)));
        }
        let mut bytes = 0;
        if name == "memref.reinterpret_cast" {
            let offsets = op.attr("static_offsets").and_then(|offsets| offsets.as_i64s()).unwrap_or_default();
            let size = op.result(0).ty().element_bytes().and_then(|size| i64::try_from(size).ok());
            bytes = match (&offsets[..], size) {
                // Whatever is dynamic is an operand.
                (&[offset], Some(size)) if op.operand_count() == 1 => {
                    offset.checked_mul(size).ok_or_else(|| self.unknown(op))?
                }
                _ => return Err(self.unknown(op)),
            };
        }
        let address = if bytes == 0 { base } else { self.b.ins().iadd_imm_s(base, bytes) };
        Ok(Lowered::scalar(address))
    }
}
