//! Between types: extension, truncation, bits of floats, broadcasts and rearrangements of lanes.

use afp_ir::{diag::Diagnostic, mlir::Op};
use cranelift_codegen::ir::{self, InstBuilder as _, InstructionData, MemFlagsData, Opcode, types};

use super::{
    function::{Lowered, Translator},
    isa::Machine,
    kind::{Kind, REGISTER, integer, register},
    lanes,
};

impl Translator<'_, '_> {
    /// A change of width: `arith.extsi`, `extui`, `trunci`, `index_cast`, `index_castui`.
    pub(super) fn resize(&mut self, op: Op, signed: bool) -> Result<Lowered, Diagnostic> {
        let x = self.operand(op, 0)?;
        match (self.kind(op.operand(0), op)?, self.kind(op.result(0), op)?) {
            (Kind::Int(from), Kind::Int(to)) => {
                Ok(Lowered::scalar(self.resize_scalar(x.parts[0], from, to, signed)))
            }
            (Kind::Vector { count, width: from }, Kind::Vector { width: to, .. }) => {
                Ok(Lowered::vector(lanes::resize(&mut self.b, &x.parts, count, (from, to), signed)))
            }
            (Kind::Mask { count }, Kind::Vector { width, .. }) => {
                let mut parts = self.mask_of(&x, count, width);
                if !signed {
                    let one = lanes::uniform(&mut self.b, width, 1);
                    parts = parts.into_iter().map(|part| self.b.ins().band(part, one)).collect();
                }
                Ok(Lowered::vector(parts))
            }
            (Kind::Vector { width, .. }, Kind::Mask { .. }) => {
                let (one, zero) =
                    (lanes::uniform(&mut self.b, width, 1), lanes::uniform(&mut self.b, width, 0));
                let bit = |&part: &ir::Value| {
                    let bit = self.b.ins().band(part, one);
                    self.b.ins().icmp(ir::condcodes::IntCC::NotEqual, bit, zero)
                };
                Ok(Lowered { parts: x.parts.iter().map(bit).collect(), width })
            }
            _ => Err(self.unknown(op)),
        }
    }

    fn resize_scalar(&mut self, x: ir::Value, from: u32, to: u32, signed: bool) -> ir::Value {
        let (source, target) = (integer(from), integer(to));
        if to == 1 {
            let byte = if source == types::I8 { x } else { self.b.ins().ireduce(types::I8, x) };
            return if from == 1 { byte } else { self.b.ins().band_imm_u(byte, 1) };
        }
        let value = if from == 1 && signed { self.b.ins().ineg(x) } else { x };
        if source == target {
            value
        } else if source.bits() > target.bits() {
            self.b.ins().ireduce(target, value)
        } else if signed {
            self.b.ins().sextend(target, value)
        } else {
            self.b.ins().uextend(target, value)
        }
    }

    /// A mask with lanes of a width.
    pub(super) fn mask_of(&mut self, mask: &Lowered, count: u32, width: u32) -> Vec<ir::Value> {
        lanes::resize(&mut self.b, &mask.parts, count, (mask.width, width), true)
    }

    /// `arith.bitcast` of a scalar, `vector.bitcast`.
    pub(super) fn bitcast(&mut self, op: Op) -> Result<Lowered, Diagnostic> {
        let x = self.operand(op, 0)?;
        match (self.kind(op.operand(0), op)?, self.kind(op.result(0), op)?) {
            (Kind::Float, Kind::Int(32)) | (Kind::Int(32), Kind::Float) => {
                let ty = self.kind(op.result(0), op)?.parts()[0];
                Ok(Lowered::scalar(self.b.ins().bitcast(ty, MemFlagsData::new(), x.parts[0])))
            }
            (from, to) if from == to => Ok(x),
            (Kind::Vector { .. }, Kind::Vector { width, .. }) => {
                let parts =
                    x.parts.iter().map(|&part| lanes::reinterpret(&mut self.b, register(width), part));
                Ok(Lowered::vector(parts.collect()))
            }
            _ => Err(self.unknown(op)),
        }
    }

    /// The conversions with `f32` that programs have at their boundaries, and its product.
    pub(super) fn float(&mut self, op: Op, name: &str) -> Result<Lowered, Diagnostic> {
        let x = self.operand(op, 0)?.parts[0];
        let value = match (name, self.kind(op.operand(0), op)?, self.kind(op.result(0), op)?) {
            ("arith.mulf", Kind::Float, _) => {
                let y = self.operand(op, 1)?.parts[0];
                self.b.ins().fmul(x, y)
            }
            ("arith.sitofp" | "arith.uitofp", Kind::Int(width), Kind::Float) => {
                let signed = name == "arith.sitofp";
                let x = self.resize_scalar(x, width, width.max(32), signed);
                if signed {
                    self.b.ins().fcvt_from_sint(types::F32, x)
                } else {
                    self.b.ins().fcvt_from_uint(types::F32, x)
                }
            }
            // What does not fit means nothing.
            ("arith.fptosi", Kind::Float, Kind::Int(width)) => {
                let wide = self.b.ins().fcvt_to_sint_sat(integer(width.max(32)), x);
                self.resize_scalar(wide, width.max(32), width, true)
            }
            _ => return Err(self.unknown(op)),
        };
        Ok(Lowered::scalar(value))
    }

    /// `vector.broadcast` of a scalar, or of a vector of one lane.
    pub(super) fn broadcast(&mut self, op: Op) -> Result<Lowered, Diagnostic> {
        let x = self.operand(op, 0)?;
        let (from, to) = (self.kind(op.operand(0), op)?, self.kind(op.result(0), op)?);
        match (from, to) {
            (Kind::Int(1), Kind::Mask { .. }) => {
                let byte = self.b.ins().ineg(x.parts[0]);
                let part = self.b.ins().splat(register(8), byte);
                Ok(Lowered { parts: vec![part; to.parts().len()], width: 8 })
            }
            (Kind::Int(_), Kind::Vector { width, .. }) => {
                let part = self.b.ins().splat(register(width), x.parts[0]);
                Ok(Lowered::vector(vec![part; to.parts().len()]))
            }
            (from, to) if from == to => Ok(x),
            (Kind::Vector { count: 1, .. }, Kind::Vector { width, .. }) => {
                let lane = lanes::first(&mut self.b, width, x.parts[0]);
                let part = match self.loaded_as_float(lane) {
                    Some(float) => {
                        let floats = self.b.ins().splat(types::F32X4, float);
                        lanes::reinterpret(&mut self.b, register(width), floats)
                    }
                    None => self.b.ins().splat(register(width), lane),
                };
                Ok(Lowered::vector(vec![part; to.parts().len()]))
            }
            _ => Err(self.unknown(op)),
        }
    }

    /// The bits of a word that is loaded, loaded once more as a float: straight into a vector register of x86, where an
    /// integer takes the way through another. None for memory that changes.
    fn loaded_as_float(&mut self, word: ir::Value) -> Option<ir::Value> {
        let dfg = &self.b.func.dfg;
        if self.machine == Machine::Aarch64 || dfg.value_type(word) != types::I32 {
            return None;
        }
        let InstructionData::Load { opcode: Opcode::Load, arg, flags, offset } =
            dfg.insts[dfg.value_def(word).inst()?]
        else {
            return None;
        };
        let flags = dfg.mem_flags[flags];
        flags.can_move().then(|| self.b.ins().load(types::F32, flags, arg, offset))
    }

    /// `vector.extract` of the lane at a position that is known.
    pub(super) fn extract(&mut self, op: Op) -> Result<Lowered, Diagnostic> {
        let (Kind::Vector { count, width }, Kind::Int(_)) =
            (self.kind(op.operand(0), op)?, self.kind(op.result(0), op)?)
        else {
            return Err(self.unknown(op));
        };
        let position = op.attr("static_position").and_then(|position| position.as_i64s()).unwrap_or_default();
        let lane = match position[..] {
            [lane] => u32::try_from(lane).ok().filter(|&lane| lane < count),
            _ => None,
        };
        let lane = lane.ok_or_else(|| self.unknown(op))?;
        let x = self.operand(op, 0)?;
        let per_register = REGISTER / width;
        let part = x.parts[(lane / per_register) as usize];
        if lane % per_register == 0 {
            return Ok(Lowered::scalar(lanes::first(&mut self.b, width, part)));
        }
        Ok(Lowered::scalar(self.b.ins().extractlane(part, (lane % per_register) as u8)))
    }

    /// `vector.shuffle`: lanes of two vectors, numbered through.
    pub(super) fn shuffle(&mut self, op: Op) -> Result<Lowered, Diagnostic> {
        let kinds =
            (self.kind(op.operand(0), op)?, self.kind(op.operand(1), op)?, self.kind(op.result(0), op)?);
        let (Kind::Vector { count: first, width }, Kind::Vector { .. }, Kind::Vector { count, .. }) = kinds
        else {
            return Err(self.unknown(op));
        };
        let mask = op.attr("mask").and_then(|mask| mask.as_i64s()).ok_or_else(|| self.unknown(op))?;
        let (x, y) = (self.operand(op, 0)?, self.operand(op, 1)?);
        let per_register = (REGISTER / width) as usize;
        // Register and lane of each result; a negative number asks for nothing.
        let sources: Vec<(ir::Value, usize)> = mask
            .iter()
            .map(|&number| {
                let number = usize::try_from(number).unwrap_or(0);
                let (parts, lane) = match number.checked_sub(first as usize) {
                    None => (&x.parts, number),
                    Some(lane) => (&y.parts, lane),
                };
                (parts[lane / per_register], lane % per_register)
            })
            .collect();
        debug_assert_eq!(sources.len(), count as usize);
        let parts = sources.chunks(per_register).map(|lanes| self.gather(width, lanes)).collect();
        Ok(Lowered::vector(parts))
    }

    /// A register of lanes from anywhere.
    fn gather(&mut self, width: u32, sources: &[(ir::Value, usize)]) -> ir::Value {
        let x = sources[0].0;
        let y = sources.iter().map(|source| source.0).find(|&part| part != x).unwrap_or(x);
        if sources.iter().any(|source| source.0 != x && source.0 != y) {
            let mut result = lanes::uniform(&mut self.b, width, 0);
            for (index, &(part, lane)) in sources.iter().enumerate() {
                let value = self.b.ins().extractlane(part, lane as u8);
                result = self.b.ins().insertlane(result, value, index as u8);
            }
            return result;
        }
        let size = width as usize / 8;
        let mut mask = [0; 16];
        for (bytes, &(part, lane)) in mask.chunks_exact_mut(size).zip(sources) {
            for (index, byte) in bytes.iter_mut().enumerate() {
                *byte = (lane * size + index + if part == x { 0 } else { 16 }) as u8;
            }
        }
        lanes::bytes_of(&mut self.b, x, y, mask)
    }
}
