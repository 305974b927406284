//! The C entry of a program in several versions: it asks the processor, once, and calls one of them.
//!
//! * `SYMBOL` calls the version that a variable says. Before the first call that is 0; then the entry finds
//!   the most capable version that runs here, and keeps it, unless another thread was first.
//! * `SYMBOL_version(wanted)` chooses: for 0 the most capable that runs here, else the one of this number,
//!   counted from 1. It gives the number of what it chose, or 0, and then it chose nothing.
//!
//! What a version needs are the masks of [`Features`] and, where it uses the matrix unit, Linux's permission.
//! All threads that ask get the same answer, so the variable needs to be atomic and nothing else.

use std::{
    collections::{HashMap, hash_map::Entry},
    error::Error,
};

use afp_ir::diag::Diagnostic;
use afp_target::features::{Features, OSXSAVE, WORDS, Word};
use inkwell::{
    AddressSpace, AtomicOrdering, IntPredicate,
    basic_block::BasicBlock,
    builder::Builder,
    context::Context,
    module::{Linkage, Module},
    types::{FunctionType, IntType},
    values::{
        BasicMetadataValueEnum, BasicValue as _, FunctionValue, GlobalValue, InstructionValue, IntValue,
    },
};

use super::entry::{request_matrix_unit, set_attributes};
use crate::{internal, target::Target, versions};

/// Adds both functions to a module that has neither yet; versions are declared, by name.
pub(super) fn add<'c>(
    context: &'c Context,
    code: &Module<'c>,
    symbol: &str,
    targets: &[(String, Target)],
) -> Result<(), Diagnostic> {
    let ptr = context.ptr_type(AddressSpace::default());
    let entry = context.i32_type().fn_type(&[ptr.into(); 3], false);
    let mut versions = Vec::with_capacity(targets.len());
    for (name, target) in targets {
        let features = Features::of(target.name)
            .ok_or_else(|| internal("code cannot ask for a machine").expected("x86-64").found(target.name))?;
        let function = code.add_function(name, entry, Some(Linkage::External));
        versions.push(Version { function, features, is_matrix: target.vectors.matrix });
    }
    let int = context.i32_type();
    let chosen = code.add_global(int, None, &format!("{symbol}.version"));
    chosen.set_initializer(&int.const_zero());
    chosen.set_linkage(Linkage::Internal);
    let dispatcher = Dispatcher { context, code, int, versions, chosen };
    let unbuilt = |error: Box<dyn Error>| internal("the C entry cannot be built").found(error.to_string());
    let runnable = dispatcher.runnable(symbol).map_err(unbuilt)?;
    dispatcher.entry(symbol, runnable).map_err(unbuilt)?;
    dispatcher.choice(symbol, runnable).map_err(unbuilt)
}

/// A version of the program, and what it needs.
struct Version<'c> {
    function: FunctionValue<'c>,
    features: Features,
    is_matrix: bool,
}

struct Dispatcher<'a, 'c> {
    context: &'c Context,
    code: &'a Module<'c>,
    int: IntType<'c>,
    versions: Vec<Version<'c>>,
    /// The variable: 0, or the number of the version that is called.
    chosen: GlobalValue<'c>,
}

type Built<T> = Result<T, Box<dyn Error>>;

impl<'c> Dispatcher<'_, 'c> {
    /// The function that everybody calls.
    fn entry(&self, symbol: &str, runnable: FunctionValue<'c>) -> Built<()> {
        let ptr = self.context.ptr_type(AddressSpace::default());
        let entry = self.function(symbol, self.int.fn_type(&[ptr.into(); 3], false), Linkage::External);
        let [start, ask, keep, nothing, call] = self.blocks(entry);
        let builder = self.context.create_builder();
        builder.position_at_end(start);
        let kept = builder.build_load(self.int, self.chosen.as_pointer_value(), "")?.into_int_value();
        atomic(kept.as_instruction_value())?;
        let is_new = builder.build_int_compare(IntPredicate::EQ, kept, self.int.const_zero(), "")?;
        builder.build_conditional_branch(is_new, ask, call)?;

        builder.position_at_end(ask);
        let found = self.most(&builder, self.ask(&builder, runnable)?)?;
        let is_none = builder.build_int_compare(IntPredicate::EQ, found, self.int.const_zero(), "")?;
        builder.build_conditional_branch(is_none, nothing, keep)?;
        builder.position_at_end(keep);
        // What another thread chose in the meantime, by name, stays.
        let (at, order) = (self.chosen.as_pointer_value(), AtomicOrdering::Monotonic);
        builder.build_cmpxchg(at, self.int.const_zero(), found, order, order)?;
        builder.build_unconditional_branch(call)?;
        builder.position_at_end(nothing);
        builder.build_return(Some(&self.constant(versions::NONE_RUNS)))?;

        builder.position_at_end(call);
        let number = builder.build_phi(self.int, "")?;
        number.add_incoming(&[(&kept, start), (&found, keep)]);
        let arguments: Vec<BasicMetadataValueEnum<'c>> = entry.get_param_iter().map(Into::into).collect();
        let mut cases = Vec::with_capacity(self.versions.len());
        for (index, version) in (1..).zip(&self.versions) {
            let block = self.context.append_basic_block(entry, "");
            builder.position_at_end(block);
            let status = builder.build_call(version.function, &arguments, "")?;
            status.set_tail_call(true);
            let status = status.try_as_basic_value().basic().unwrap_or_else(|| self.int.const_zero().into());
            builder.build_return(Some(&status))?;
            cases.push((self.constant(index), block));
        }
        builder.position_at_end(call);
        // The variable holds no other number.
        let rest = cases.remove(0).1;
        builder.build_switch(number.as_basic_value().into_int_value(), rest, &cases)?;
        Ok(())
    }

    /// The function that chooses by number.
    fn choice(&self, symbol: &str, runnable: FunctionValue<'c>) -> Built<()> {
        let (int, zero) = (self.int, self.int.const_zero());
        let ty = int.fn_type(&[int.into()], false);
        let function = self.function(&versions::chooser(symbol), ty, Linkage::External);
        let [start, keep, done] = self.blocks(function);
        let builder = self.context.create_builder();
        builder.position_at_end(start);
        let runnable = self.ask(&builder, runnable)?;
        let most = self.most(&builder, runnable)?;
        let wanted = function.get_params()[0].into_int_value();
        let index = builder.build_int_sub(wanted, self.constant(1), "")?;
        let is_known = builder.build_int_compare(
            IntPredicate::ULT,
            index,
            self.constant(self.versions.len() as u32),
            "",
        )?;
        let index = builder.build_and(index, self.constant(31), "")?;
        let bit = builder.build_right_shift(runnable, index, false, "")?;
        let runs = builder.build_int_truncate(bit, self.context.bool_type(), "")?;
        let runs = builder.build_and(is_known, runs, "")?;
        let named = builder.build_select(runs, wanted, zero, "")?.into_int_value();
        let is_any = builder.build_int_compare(IntPredicate::EQ, wanted, zero, "")?;
        let found = builder.build_select(is_any, most, named, "")?.into_int_value();
        let is_none = builder.build_int_compare(IntPredicate::EQ, found, zero, "")?;
        builder.build_conditional_branch(is_none, done, keep)?;
        builder.position_at_end(keep);
        atomic(Some(builder.build_store(self.chosen.as_pointer_value(), found)?))?;
        builder.build_unconditional_branch(done)?;
        builder.position_at_end(done);
        builder.build_return(Some(&found))?;
        Ok(())
    }

    /// `int runnable(void)`: a bit for each version that this machine runs.
    fn runnable(&self, symbol: &str) -> Built<FunctionValue<'c>> {
        let name = format!("{symbol}.runnable");
        let function = self.function(&name, self.int.fn_type(&[], false), Linkage::Internal);
        let [start, save, test] = self.blocks(function);
        let builder = self.context.create_builder();
        builder.position_at_end(start);
        let mut leaves = Leaves { dispatcher: self, builder: &builder, known: HashMap::new() };
        let mut words = Vec::with_capacity(WORDS.len());
        for word in WORDS {
            words.push(leaves.word(word)?);
        }
        let may_ask = builder.build_right_shift(words[0], self.constant(OSXSAVE), false, "")?;
        let may_ask = builder.build_int_truncate(may_ask, self.context.bool_type(), "")?;
        builder.build_conditional_branch(may_ask, save, test)?;
        builder.position_at_end(save);
        let state = self.instruction(&builder, ("xgetbv", "={ax},={dx},{cx}"), 2, &[0])?;
        builder.build_unconditional_branch(test)?;
        builder.position_at_end(test);
        let saved = builder.build_phi(self.int, "")?;
        saved.add_incoming(&[(&self.int.const_zero(), start), (&state[0], save)]);
        let saved = saved.as_basic_value().into_int_value();

        let mut all = self.int.const_zero();
        for (index, version) in (0..).zip(&self.versions) {
            let needed = words.iter().zip(version.features.words).chain([(&saved, version.features.saved)]);
            let mut runs = self.context.bool_type().const_all_ones();
            for (&found, mask) in needed.filter(|(_, mask)| *mask != 0) {
                let mask = self.constant(mask);
                let there = builder.build_and(found, mask, "")?;
                let has = builder.build_int_compare(IntPredicate::EQ, there, mask, "")?;
                runs = builder.build_and(runs, has, "")?;
            }
            if version.is_matrix {
                runs = self.granted(&builder, function, runs)?;
            }
            let bit = builder.build_int_z_extend(runs, self.int, "")?;
            let bit = builder.build_left_shift(bit, self.constant(index), "")?;
            all = builder.build_or(all, bit, "")?;
        }
        builder.build_return(Some(&all))?;
        Ok(function)
    }

    /// An instruction that does nothing but give registers.
    fn instruction(
        &self,
        builder: &Builder<'c>,
        (name, registers): (&str, &str),
        results: u32,
        arguments: &[u32],
    ) -> Built<Vec<IntValue<'c>>> {
        let found = self.context.struct_type(&vec![self.int.into(); results as usize], false);
        let ty = found.fn_type(&vec![self.int.into(); arguments.len()], false);
        let constraints = format!("{registers},~{{dirflag}},~{{fpsr}},~{{flags}}");
        let assembly =
            self.context.create_inline_asm(ty, name.to_owned(), constraints, true, false, None, false);
        let arguments: Vec<_> = arguments.iter().map(|&value| self.constant(value).into()).collect();
        let call = builder.build_indirect_call(ty, assembly, &arguments, "")?;
        let value = call.try_as_basic_value().basic();
        let value = value.map_or(found.const_zero(), |value| value.into_struct_value());
        (0..results)
            .map(|index| Ok(builder.build_extract_value(value, index, "")?.into_int_value()))
            .collect()
    }

    /// Whether Linux grants the matrix unit, where the processor has it.
    fn granted(
        &self,
        builder: &Builder<'c>,
        function: FunctionValue<'c>,
        has: IntValue<'c>,
    ) -> Built<IntValue<'c>> {
        let [ask, done] = self.blocks(function);
        let before = builder.get_insert_block();
        builder.build_conditional_branch(has, ask, done)?;
        builder.position_at_end(ask);
        let status = request_matrix_unit(self.context, builder)?;
        let zero = status.get_type().const_zero();
        let is_granted = builder.build_int_compare(IntPredicate::EQ, status, zero, "")?;
        builder.build_unconditional_branch(done)?;
        builder.position_at_end(done);
        let granted = builder.build_phi(self.context.bool_type(), "")?;
        granted.add_incoming(&[(&is_granted, ask)]);
        if let Some(before) = before {
            granted.add_incoming(&[(&has, before)]);
        }
        Ok(granted.as_basic_value().into_int_value())
    }

    /// The number of the most capable of some versions; 0 if there is none.
    fn most(&self, builder: &Builder<'c>, runnable: IntValue<'c>) -> Built<IntValue<'c>> {
        let mut most = self.int.const_zero();
        for index in 0..self.versions.len() as u32 {
            let bit = builder.build_and(runnable, self.constant(1 << index), "")?;
            let runs = builder.build_int_compare(IntPredicate::NE, bit, self.int.const_zero(), "")?;
            most = builder.build_select(runs, self.constant(index + 1), most, "")?.into_int_value();
        }
        Ok(most)
    }

    fn ask(&self, builder: &Builder<'c>, runnable: FunctionValue<'c>) -> Built<IntValue<'c>> {
        let found = builder.build_call(runnable, &[], "")?.try_as_basic_value().basic();
        Ok(found.map_or(self.int.const_zero(), |value| value.into_int_value()))
    }

    fn function(&self, name: &str, ty: FunctionType<'c>, linkage: Linkage) -> FunctionValue<'c> {
        let function = self.code.add_function(name, ty, Some(linkage));
        set_attributes(self.context, function);
        function
    }

    fn blocks<const N: usize>(&self, function: FunctionValue<'c>) -> [BasicBlock<'c>; N] {
        std::array::from_fn(|_| self.context.append_basic_block(function, ""))
    }

    fn constant(&self, value: u32) -> IntValue<'c> {
        self.int.const_int(value.into(), false)
    }
}

/// What CPUID says, each leaf asked for once: under a hypervisor the instruction is slow.
struct Leaves<'a, 'c> {
    dispatcher: &'a Dispatcher<'a, 'c>,
    builder: &'a Builder<'c>,
    known: HashMap<(u32, u32), Vec<IntValue<'c>>>,
}

impl<'c> Leaves<'_, 'c> {
    /// A word of features; 0 from a processor that does not know of it.
    fn word(&mut self, Word { leaf, subleaf, register }: Word) -> Built<IntValue<'c>> {
        let Dispatcher { int, .. } = *self.dispatcher;
        let mut exists = self.reaches(leaf & 0x8000_0000, leaf)?;
        if subleaf > 0 {
            let there = self.reaches(leaf, subleaf)?;
            exists = self.builder.build_and(exists, there, "")?;
        }
        let found = self.leaf(leaf, subleaf)?[register];
        Ok(self.builder.build_select(exists, found, int.const_zero(), "")?.into_int_value())
    }

    /// Whether a leaf, which says what is the last of some, says that one is among them.
    fn reaches(&mut self, leaf: u32, one: u32) -> Built<IntValue<'c>> {
        let last = self.leaf(leaf, 0)?[0];
        let one = self.dispatcher.constant(one);
        Ok(self.builder.build_int_compare(IntPredicate::UGE, last, one, "")?)
    }

    fn leaf(&mut self, leaf: u32, subleaf: u32) -> Built<&[IntValue<'c>]> {
        Ok(match self.known.entry((leaf, subleaf)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let assembly = ("cpuid", "={ax},={bx},={cx},={dx},0,2");
                unknown.insert(self.dispatcher.instruction(self.builder, assembly, 4, &[leaf, subleaf])?)
            }
        })
    }
}

/// Makes a load or a store atomic, in no order with others: what is read beside it never changes.
fn atomic(access: Option<InstructionValue<'_>>) -> Built<()> {
    match access {
        Some(access) => Ok(access.set_atomic_ordering(AtomicOrdering::Monotonic)?),
        None => Ok(()),
    }
}
