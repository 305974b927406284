//! Values, constants and sites as text, and the roundings that end groups.

use std::fmt::Write;

use super::{MAX_ELEMENTS, MAX_ELEMENTS_LARGE, Random, Site, Value, Writer};

pub(super) fn tensor(shape: &[i64], element: &str) -> String {
    let sizes: String = shape.iter().map(|size| format!("{size}x")).collect();
    format!("tensor<{sizes}{element}>")
}

pub(super) fn array(ty: &str, values: &[impl ToString]) -> String {
    let list: Vec<String> = values.iter().map(ToString::to_string).collect();
    format!("array<{ty}: {}>", list.join(", "))
}

/// A float as MLIR reads it, bit by bit.
pub(super) fn float(value: f32) -> String {
    format!("0x{:08X}", value.to_bits())
}

pub(super) fn count(shape: &[i64]) -> i64 {
    shape.iter().product()
}

/// A divisor of `n`, at most `limit`.
pub(super) fn divisor(n: i64, limit: i64, random: &mut Random) -> i64 {
    let all: Vec<i64> = (1..=limit.min(n)).filter(|d| n % d == 0).collect();
    random.pick(&all)
}

impl Writer {
    pub(super) fn most_elements(&self) -> i64 {
        if self.large { MAX_ELEMENTS_LARGE } else { MAX_ELEMENTS }
    }

    /// A number of output channels: up to a small one, or many in a large network.
    pub(super) fn outputs(&self, small: i64, random: &mut Random) -> i64 {
        random.range(1, if self.large { 70 } else { small })
    }

    pub(super) fn fresh(&mut self) -> String {
        self.count += 1;
        format!("%{}", self.count)
    }

    /// An operation with one result.
    pub(super) fn op(&mut self, text: &str, attrs: &[String], types: &str, shape: &[i64]) -> Value {
        let name = self.fresh();
        let attrs: Vec<&str> = attrs.iter().map(String::as_str).filter(|a| !a.is_empty()).collect();
        let _ = writeln!(self.body, "  {name} = {text} {{{}}} : {types}", attrs.join(", "));
        Value { name, shape: shape.to_vec(), site: None }
    }

    pub(super) fn constant(&mut self, shape: &[i64], values: &[f32]) -> Value {
        let bytes: String =
            values.iter().flat_map(|v| v.to_le_bytes()).map(|byte| format!("{byte:02X}")).collect();
        let ty = tensor(shape, "f32");
        let name = self.fresh();
        let text = format!("\"tosa.const\"() <{{values = dense<\"0x{bytes}\"> : {ty}}}> : () -> {ty}");
        let _ = writeln!(self.body, "  {name} = {text}");
        Value { name, shape: shape.to_vec(), site: None }
    }

    /// Weights of some scale, with zeros and a channel without weights at times; now and then all of one
    /// magnitude, so that every code is the largest, or of one sign as well.
    pub(super) fn random_constant(&mut self, shape: &[i64], random: &mut Random) -> Value {
        let scale = 2f32.powi(random.range(-6, 1) as i32);
        let dead = random.once_in(6);
        let extreme = random.once_in(6).then(|| random.pick(&[-1, 0, 1]));
        let run = (count(shape) / shape[0]).max(1);
        let value = |i: i64| match extreme {
            _ if random.once_in(7) || (dead && i < run) => 0.0,
            None => random.normal() * scale,
            Some(0) => random.pick(&[-scale, scale]),
            Some(sign) => sign as f32 * scale,
        };
        let values: Vec<f32> = (0..count(shape)).map(value).collect();
        self.constant(shape, &values)
    }

    /// A name for a contraction's weights.
    pub(super) fn weight_name(&mut self) -> String {
        let name = format!("w{}", self.count);
        self.weights.push(name.clone());
        format!("afp.name = \"{name}\"")
    }

    /// A site, its name as an attribute.
    pub(super) fn site(&mut self, like: Option<usize>) -> String {
        let name = format!("s{}", self.count);
        let attr = format!("afp.name = \"{name}\"");
        self.sites.push(Site { name, like });
        attr
    }

    /// Makes the result of the last site a value.
    pub(super) fn push_site(&mut self, value: Value) {
        self.values.push(Value { site: Some(self.sites.len() - 1), ..value });
    }

    pub(super) fn choose(&self, random: &mut Random) -> Value {
        // Late values are chosen more often: networks are deep rather than wide.
        let last = self.values.len() as i64 - 1;
        let index = if random.once_in(3) { random.range(0, last) } else { last };
        self.values[index as usize].clone()
    }

    /// A value of rank 4: the value itself, or the same elements reshaped.
    pub(super) fn choose_map(&mut self, random: &mut Random) -> Value {
        let value = self.choose(random);
        if value.shape.len() == 4 {
            return value;
        }
        let total = count(&value.shape);
        let (most_channels, most_columns) = if self.large { (70, 40) } else { (4, 5) };
        let channels = divisor(total, most_channels, random);
        let width = divisor(total / channels, most_columns, random);
        self.reshape(&value, &[1, total / channels / width, width, channels])
    }

    pub(super) fn reshape(&mut self, value: &Value, shape: &[i64]) -> Value {
        let types = format!("{} to {}", tensor(&value.shape, "f32"), tensor(shape, "f32"));
        self.op(&format!("afp.reshape {}", value.name), &[], &types, shape)
    }

    /// The rounding behind a group, with limits at times: one for all, or one per channel.
    pub(super) fn encode(
        &mut self,
        exact: &Value,
        element: &str,
        divisor: &str,
        random: &mut Random,
    ) -> Value {
        let channels = exact.shape.last().copied().unwrap_or(1);
        let mut limits = [String::new(), String::new()];
        for (index, name) in ["lo", "hi"].into_iter().enumerate() {
            if random.once_in(3) {
                let many = if random.once_in(3) { channels } else { 1 };
                let sign = if index == 0 { -1.0 } else { 1.0 };
                let values: Vec<String> = (0..many)
                    .map(|_| if random.once_in(2) { 0.0 } else { sign * random.normal().abs() })
                    .map(float)
                    .collect();
                limits[index] = format!("{name} = {}", array("f32", &values));
            }
        }
        let [lo, hi] = limits;
        let round = match random.range(0, 5) {
            0 => "round = \"half_even\"",
            1 => "round = \"half_away\"",
            _ => "",
        };
        // A clamp often keeps the format, and then joins the encode before it.
        let like = exact.site.filter(|_| !random.once_in(4));
        let name = self.site(like);
        let types = format!("{} to {}", tensor(&exact.shape, element), tensor(&exact.shape, "f32"));
        let attrs = [name, lo, hi, divisor.to_owned(), round.to_owned()];
        self.op(&format!("afp.encode {}", exact.name), &attrs, &types, &exact.shape)
    }

    /// Ends a group: adds a skip operand of the same shape at times, and rounds.
    pub(super) fn finish(&mut self, exact: Value, random: &mut Random) {
        let skip = self.values.iter().rev().find(|v| v.shape == exact.shape).cloned();
        let sum = match skip.filter(|_| random.once_in(2)) {
            Some(skip) => self.add((&exact, "!afp.exact"), (&skip, "f32"), random),
            None => exact,
        };
        let value = self.encode(&sum, "!afp.exact", "", random);
        self.push_site(value);
    }

    pub(super) fn add(&mut self, a: (&Value, &str), b: (&Value, &str), random: &mut Random) -> Value {
        let (a, b) = if random.once_in(2) { (a, b) } else { (b, a) };
        let shape: Vec<i64> = a.0.shape.iter().zip(&b.0.shape).map(|(&m, &n)| m.max(n)).collect();
        let types = format!(
            "({}, {}) -> {}",
            tensor(&a.0.shape, a.1),
            tensor(&b.0.shape, b.1),
            tensor(&shape, "!afp.exact")
        );
        let name = format!("afp.name = \"sum{}\"", self.count);
        self.op(&format!("afp.add {}, {}", a.0.name, b.0.name), &[name], &types, &shape)
    }
}
