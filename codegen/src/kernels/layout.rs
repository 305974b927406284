//! How a coded value lies in memory: what its integers hold, and where its elements are.

use afp_ir::{
    diag::Diagnostic,
    dialect::{Element, FloatType},
    mlir::{Attr, Ctx, Op, Type, Value},
    numerics::Format,
};
use afp_passes::analysis::width::Bound;
use afp_target::{Dot, Target};

use super::{
    builder::Kernel,
    tree::{misfit, unsupported},
};

/// What a stored integer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// A code, in the low bits.
    Code,
    /// The integer that the code decodes to, plus an offset.
    Integer {
        /// What is added.
        offset: i64,
    },
}

impl Storage {
    /// What serves a target best: integers where they take no more bytes than kernels gain from, in the
    /// signedness that its dot product wants.
    pub fn best(format: Format, target: &Target) -> Self {
        let (lo, hi) = (format.int_min(), format.int_max());
        let byte = lo >= -128 && hi <= 255 && hi - lo <= 255;
        let vectors = target.vectors.bits > 0;
        let fits = byte || format.exp_bits() == 0 || (vectors && lo >= -32768 && hi <= 32767);
        let offset = match target.vectors.dot {
            Dot::Maddubs | Dot::Vnni if byte && lo < 0 => 128,
            Dot::Sdot | Dot::Smull if byte && lo >= 0 => -128,
            _ => 0,
        };
        if fits { Self::Integer { offset } } else { Self::Code }
    }

    /// Whether integers of a format, plus an offset, fit the bits that they are stored in.
    pub fn holds(format: Format, offset: i64) -> bool {
        let storage = Self::Integer { offset };
        let (lo, hi) = (format.int_min().checked_add(offset), format.int_max().checked_add(offset));
        let (Some(lo), Some(hi)) = (lo, hi) else { return false };
        let (least, largest) = match storage.bits(format) {
            8 if lo >= 0 => (0, 255),
            bits => (-1 << (bits - 1), (1 << (bits - 1)) - 1),
        };
        lo >= least && hi <= largest
    }

    /// Bits of a stored element.
    pub fn bits(self, format: Format) -> u32 {
        let code = format.storage_bits();
        match self {
            Self::Code => code,
            Self::Integer { .. } => {
                let (lo, hi) = (format.int_min(), format.int_max());
                if lo >= -128 && hi <= 255 && hi - lo <= 255 { 8 } else { 16 }
            }
        }
    }

    /// Whether stored integers are extended with their sign.
    pub fn is_signed(self, format: Format) -> bool {
        match self {
            Self::Code => false,
            Self::Integer { offset } => format.int_min() + offset < 0,
        }
    }
}

/// The ends of a sum of products in 16 bits, whichever of them are added: what `pmaddubsw` needs, and what
/// several steps can be added in.
#[derive(Clone, Copy, Default)]
pub struct Halves {
    low: i64,
    high: i64,
}

impl Halves {
    /// Adds the products of a weight with numbers from `least`, at most 0, to `largest`, at least 0: with the weight, or
    /// with what of it leaves the sum in 16 bits.
    pub fn take(&mut self, [least, largest]: [i64; 2], weight: i64) -> i64 {
        let (up, down) = if weight > 0 { (largest, -least) } else { (-least, largest) };
        let most = |room: i64, each: i64| if each == 0 { i64::MAX } else { room / each };
        let kept = weight.abs().min(most(32767 - self.high, up)).min(most(32768 + self.low, down));
        self.high += kept * up;
        self.low -= kept * down;
        kept * weight.signum()
    }

    /// Whether the products of all weights fit.
    pub fn hold(ends: [i64; 2], weights: impl IntoIterator<Item = i64>) -> bool {
        let mut halves = Self::default();
        weights.into_iter().all(|weight| halves.take(ends, weight) == weight)
    }
}

/// Where the elements of a value are, and what they hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The value's shape.
    pub shape: Vec<i64>,
    /// The format of its codes.
    pub format: Format,
    /// What is stored.
    pub storage: Storage,
    /// Rows above and below, columns left and right of each feature map, all zero. Rank 4 only.
    pub halo: [i64; 4],
    /// Channels with those added that nothing reads. Rank 4 only.
    pub channels: i64,
    /// Of a value that lies in the buffer of a concat ([`super::concat`]), the channels before its own: the others
    /// are those of other values.
    pub before: Option<i64>,
}

/// The attribute of the operation that yields a value.
pub(super) const ATTRIBUTE: &str = "afp.layout";

impl Layout {
    /// Codes without anything between them: what callers see.
    pub fn plain(value: Value) -> Option<Self> {
        let Element::Float(FloatType { format, .. }) = Element::of(value.ty()) else { return None };
        let shape = value.ty().shape()?;
        let channels = shape.last().copied().unwrap_or(1);
        Some(Self { shape, format, storage: Storage::Code, halo: [0; 4], channels, before: None })
    }

    /// The layout that was chosen for a coded value, or the plain one.
    ///
    /// # Errors
    /// AFP0612 if the attribute does not fit the value.
    pub fn of(value: Value) -> Result<Option<Self>, Diagnostic> {
        let Some(mut layout) = Self::plain(value) else { return Ok(None) };
        let Some(op) = value.def() else { return Ok(Some(layout)) };
        if !layout.is_addressable() {
            return Err(unsupported(op, "a value of at most 2^40 bytes").found(value.ty().to_string()));
        }
        let Some(chosen) = op.attr(ATTRIBUTE) else { return Ok(Some(layout)) };
        let misfit = |expected: &str| misfit(op, expected).found(chosen.to_string());
        let entries = chosen.entries().unwrap_or_default();
        let known = ["offset", "halo", "channels", "before"];
        if entries.is_empty() || entries.iter().any(|(name, _)| !known.contains(&name.as_str())) {
            return Err(misfit("'afp.layout' with 'offset', 'halo', 'channels' and 'before'"));
        }
        if let Some(offset) = chosen.entry("offset") {
            let fits = |&offset: &i64| Storage::holds(layout.format, offset);
            let offset = offset.as_int().filter(fits).ok_or_else(|| {
                misfit("an offset by which the format's integers fit what they are stored in")
            })?;
            layout.storage = Storage::Integer { offset };
        }
        let room = layout.shape.len() == 4 && !op.is("afp.constant");
        if let Some(halo) = chosen.entry("halo") {
            let halo = halo.as_i64s().and_then(|halo| <[i64; 4]>::try_from(halo).ok());
            let halo = halo.filter(|halo| room && halo.iter().all(|size| *size >= 0));
            layout.halo = halo.ok_or_else(|| {
                misfit("a halo of four sizes, none negative, around feature maps that are computed")
            })?;
        }
        if let Some(channels) = chosen.entry("channels") {
            let channels = channels.as_int().filter(|&channels| room && channels >= layout.channels);
            layout.channels = channels
                .ok_or_else(|| misfit("as many channels as the value has, or more, of a feature map"))?;
        }
        if let Some(before) = chosen.entry("before") {
            let room = layout.channels - layout.shape.last().copied().unwrap_or(layout.channels);
            let before = before.as_int().filter(|before| (0..=room).contains(before));
            let before =
                before.ok_or_else(|| misfit("room for the value's channels behind those before it"))?;
            layout.before = Some(before);
        }
        if !layout.is_addressable() {
            return Err(misfit("a value of at most 2^40 bytes, with what is around it"));
        }
        Ok(Some(layout))
    }

    /// Whether all sizes, and their product in bytes, are within what a machine can address.
    fn is_addressable(&self) -> bool {
        let most = 1i64 << 40;
        let fits = |size: &i64| (0..=most).contains(size);
        if !self.halo.iter().chain([&self.channels]).all(fits) {
            return false;
        }
        let bytes = self
            .memory()
            .iter()
            .try_fold(i64::from(self.bits() / 8), |bytes, &size| bytes.checked_mul(size).filter(fits));
        bytes.is_some()
    }

    /// Attaches the layout to the operation that yields the value.
    pub fn attach(&self, op: Op) {
        let ctx = op.ctx();
        let mut entries = Vec::new();
        if let Storage::Integer { offset } = self.storage {
            entries.push(("offset", Attr::int(ctx, 64, offset)));
        }
        if self.halo != [0; 4] {
            entries.push(("halo", Attr::i64s(ctx, &self.halo)));
        }
        if self.shape.last() != Some(&self.channels) && self.shape.len() == 4 {
            entries.push(("channels", Attr::int(ctx, 64, self.channels)));
        }
        if let Some(before) = self.before {
            entries.push(("before", Attr::int(ctx, 64, before)));
        }
        if entries.is_empty() {
            op.remove_attr(ATTRIBUTE);
        } else {
            op.set_attr(ATTRIBUTE, Attr::dict(ctx, &entries));
        }
    }

    /// Sizes in memory.
    pub fn memory(&self) -> Vec<i64> {
        match (&self.shape[..], self.halo) {
            (&[n, h, w, _], [top, bottom, left, right]) => {
                vec![n, h + top + bottom, w + left + right, self.channels]
            }
            _ => self.shape.clone(),
        }
    }

    /// Bits of a stored element.
    pub fn bits(&self) -> u32 {
        self.storage.bits(self.format)
    }

    /// Bytes in memory.
    pub fn bytes(&self) -> i64 {
        self.memory().iter().product::<i64>() * i64::from(self.bits() / 8)
    }

    /// The type in memory.
    pub fn memref(&self, ctx: Ctx) -> Type {
        Type::memref(&self.memory(), Type::int(ctx, self.bits()))
    }

    /// What is stored for the integer 0.
    pub fn zero(&self) -> i64 {
        match self.storage {
            Storage::Code => 0,
            Storage::Integer { offset } => offset,
        }
    }

    /// The least and the largest of the numbers that are stored for a value and around it, where integers are, and of 0.
    pub fn ends(&self, value: Value) -> [i64; 2] {
        let (bound, zero) = (Bound::of_codes(value), self.zero());
        let end = |integer: i128| i64::try_from(integer).unwrap_or(i64::MAX / 2).saturating_add(zero);
        [end(bound.lo).min(zero).min(0), end(bound.hi).max(zero).max(0)]
    }

    /// Whether rows follow each other without a gap, and channels too.
    pub fn is_dense(&self) -> bool {
        self.is_even() && self.shape.last().is_none_or(|&c| c == self.channels)
    }

    /// Whether every pixel is as far from the next, within a row and beyond its end.
    pub fn is_even(&self) -> bool {
        self.halo == [0; 4]
    }

    /// Indices in memory of an element.
    pub fn place(&self, k: &Kernel, indices: &[Value]) -> Vec<Value> {
        let &[image, row, column, channel] = indices else { return indices.to_vec() };
        let moved = |index: Value, by: i64| if by == 0 { index } else { k.add(index, k.index(by)) };
        let (row, column) = (moved(row, self.halo[0]), moved(column, self.halo[2]));
        vec![image, row, column, moved(channel, self.before.unwrap_or(0))]
    }

    /// The integer that a stored number stands for, `bits` wide; lane by lane for a vector.
    pub fn integer(&self, k: &Kernel, stored: Value, bits: u32) -> Value {
        match self.storage {
            Storage::Code => k.decode(stored, self.format, bits),
            Storage::Integer { offset } => {
                let wide = k.resize(stored, bits, self.storage.is_signed(self.format));
                if offset == 0 { wide } else { k.sub(wide, k.like(wide, offset)) }
            }
        }
    }

    /// What is stored for an integer of the format.
    pub fn stored(&self, k: &Kernel, integer: Value) -> Value {
        match self.storage {
            Storage::Code => k.code(integer, self.format, self.bits()),
            Storage::Integer { offset } => {
                let moved = if offset == 0 { integer } else { k.add(integer, k.like(integer, offset)) };
                k.resize(moved, self.bits(), true)
            }
        }
    }

    /// What is stored for a code, at compile time.
    pub fn stored_code(&self, code: i64) -> i64 {
        let code = code & (i64::from(self.format.code_count()) - 1);
        match self.storage {
            Storage::Code => code,
            Storage::Integer { offset } => self.format.decode(code as _) + offset,
        }
    }

    /// An element's integer.
    pub fn load(&self, k: &Kernel, memref: Value, indices: &[Value], bits: u32) -> Value {
        let stored = k.load(memref, &self.place(k, indices));
        self.integer(k, stored, bits)
    }

    /// Stores an element's integer.
    pub fn store(&self, k: &Kernel, integer: Value, memref: Value, indices: &[Value]) {
        k.store(self.stored(k, integer), memref, &self.place(k, indices));
    }
}

#[cfg(test)]
mod tests {
    use afp_target::TABLE;

    use super::*;

    fn formats() -> impl Iterator<Item = Format> {
        let fields = (0..=5).flat_map(|exp| (0..=8).map(move |man| (exp, man)));
        let signed = |(exp, man)| [false, true].map(|signed| Format::new(signed, exp, man));
        fields.flat_map(signed).flatten().filter(|format| format.width() <= 8)
    }

    #[test]
    fn the_best_storage_holds_every_value() {
        for (format, target) in formats().flat_map(|f| TABLE.map(|target| (f, target))) {
            let storage = Storage::best(format, &target);
            let layout = Layout { shape: vec![1], format, storage, halo: [0; 4], channels: 1, before: None };
            let bits = layout.bits();
            let range =
                if storage.is_signed(format) { -(1 << (bits - 1))..1 << (bits - 1) } else { 0..1 << bits };
            let case = format!("{format} on {}: {storage:?}", target.name);
            assert!(range.contains(&layout.zero()), "{case}");
            assert_eq!(layout.zero(), layout.stored_code(0), "{case}");
            for code in format.canonical_codes() {
                let stored = layout.stored_code(i64::from(code));
                assert!(range.contains(&stored), "{case}: {stored}");
                match storage {
                    Storage::Code => assert_eq!(stored, i64::from(code), "{case}"),
                    Storage::Integer { offset } => {
                        assert_eq!(stored - offset, format.decode(code), "{case}");
                        assert!(Storage::holds(format, offset), "{case}");
                    }
                }
            }
        }
    }

    #[test]
    fn offsets_suit_the_dot_product() {
        let signed = Format::fixed(true, 7);
        let unsigned = Format::fixed(false, 8);
        for target in TABLE {
            let offsets = [signed, unsigned].map(|format| Storage::best(format, &target));
            let expected = match target.vectors.dot {
                Dot::Maddubs | Dot::Vnni => [128, 0],
                Dot::Sdot | Dot::Smull => [0, -128],
                Dot::None => [0, 0],
            };
            assert_eq!(offsets, expected.map(|offset| Storage::Integer { offset }), "{}", target.name);
            // Few bits change nothing: `sdot` takes none without a sign.
            let narrow = Storage::best(Format::fixed(false, 6), &target);
            assert_eq!(narrow, offsets[1], "{}", target.name);
        }
    }

    #[test]
    fn offsets_beyond_the_bits_are_not_held() {
        let byte = Format::fixed(false, 8);
        assert!(Storage::holds(byte, 0) && Storage::holds(byte, -128));
        for offset in [1, -1, -129, 128, i64::MAX, i64::MIN] {
            assert!(!Storage::holds(byte, offset), "{offset}");
        }
        let float = Format::new(true, 5, 2).expect("a format");
        assert!(!Storage::holds(float, 0));
    }

    #[test]
    fn sizes_that_no_machine_addresses_are_found() {
        let mut layout = Layout {
            shape: vec![1, 4, 4, 3],
            format: Format::fixed(true, 7),
            storage: Storage::Code,
            halo: [1, 1, 2, 2],
            channels: 4,
            before: None,
        };
        assert_eq!((layout.memory(), layout.bytes()), (vec![1, 6, 8, 4], 192));
        assert!(layout.is_addressable() && !layout.is_dense());
        layout.halo[0] = i64::MAX;
        assert!(!layout.is_addressable());
        layout.halo[0] = 1 << 39;
        assert!(!layout.is_addressable());
    }
}
