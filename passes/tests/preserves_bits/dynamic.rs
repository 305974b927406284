//! Sites that choose their scale exponents at run time.

use afp_ir::mlir::SourceModule;
use afp_passes::{dynamic::Peaks, form_groups::is_site};

use crate::graph::Random;

/// Lets about two sites in three of a network in the real form be dynamic, where they may.
pub fn add_peaks(module: &SourceModule<'_>, random: &mut Random) {
    for op in module.functions()[0].blocks()[0].ops() {
        if is_site(op) && !random.once_in(3) {
            let least = random.range(-6, 5) as i32;
            Peaks { least, largest: least + random.range(0, 3) as i32 }.attach(op);
        }
    }
}
