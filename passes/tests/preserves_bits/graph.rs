//! Random small networks in the real form, as text.
//!
//! A network is a list of steps. Each step picks its operands among the values so far and all its
//! parameters from a number of its own, so that any list of steps is a network: one that fails stays
//! one when steps are taken away.

use std::fmt::Write;

use afp_ir::interp::Tensor;

/// What a network is made from.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// Shape of the input, and the formats.
    pub seed: u64,
    /// Kind and parameters of each operator.
    pub steps: Vec<(u8, u64)>,
}

/// Inputs of a shape: normal numbers of several scales, and the extremes.
pub fn samples(shape: &[usize], seed: u64) -> Vec<Tensor> {
    let mut random = Random(seed ^ 0x5eed);
    let count: usize = shape.iter().product();
    let constants = [0.0, -0.0, f32::MAX, f32::MIN, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1e-45, 0.5];
    let mut samples: Vec<Vec<f32>> = constants.iter().map(|&value| vec![value; count]).collect();
    for scale in [0.01, 1.0, 4.0, 1e6] {
        samples.push((0..count).map(|_| random.normal() * scale).collect());
    }
    samples.push((0..count).map(|_| random.pick(&constants)).collect());
    samples.into_iter().map(|values| Tensor::real(shape, values)).collect()
}

/// Number of kinds of steps.
pub const KINDS: u8 = 15;

/// Most elements of a value: larger ones are not made.
const MAX_ELEMENTS: i64 = 400;

/// The same in a large network, and most products of one operator there.
const MAX_ELEMENTS_LARGE: i64 = 5000;
const MAX_PRODUCTS: i64 = 150_000;

/// A small generator of numbers (splitmix64).
pub struct Random(pub u64);

impl Random {
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From `lo` to `hi`, both included.
    pub fn range(&mut self, lo: i64, hi: i64) -> i64 {
        lo + (self.bits() % (hi - lo + 1) as u64) as i64
    }

    /// True once in `n` times.
    pub fn once_in(&mut self, n: i64) -> bool {
        self.range(1, n) == 1
    }

    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.range(0, choices.len() as i64 - 1) as usize]
    }

    /// About normal, with mean 0 and deviation 1.
    pub fn normal(&mut self) -> f32 {
        let sum: i64 = (0..12).map(|_| self.range(0, 65535)).sum();
        (sum as f32 / 65536.0) - 6.0
    }
}

/// A value of the network.
#[derive(Clone)]
struct Value {
    name: String,
    shape: Vec<i64>,
    /// The site that yields it, if one does.
    site: Option<usize>,
}

/// A site: its name, and one before it that it shares its format with.
struct Site {
    name: String,
    like: Option<usize>,
}

struct Writer {
    /// Whether it is a large network: of as many channels and columns as no tile divides.
    large: bool,
    body: String,
    values: Vec<Value>,
    count: usize,
    weights: Vec<String>,
    sites: Vec<Site>,
}

impl Recipe {
    /// The network, ready for `afp-range-analysis`: a function of one input.
    pub fn network(&self) -> String {
        let mut random = Random(self.seed);
        let large = random.once_in(5);
        let shape = if large {
            let channels = if random.once_in(2) { random.range(1, 70) } else { random.range(1, 4) };
            let width = random.range(1, 40);
            let height = random.range(1, (MAX_ELEMENTS_LARGE / (2 * channels * width)).clamp(1, 9));
            vec![1, height, width, channels]
        } else {
            vec![random.range(1, 2), random.range(1, 6), random.range(1, 6), random.range(1, 4)]
        };
        let mut writer = Writer {
            large,
            body: String::new(),
            values: Vec::new(),
            count: 0,
            weights: Vec::new(),
            sites: Vec::new(),
        };
        let input = Value { name: "%x".to_owned(), shape: shape.clone(), site: None };
        let entered = writer.encode(&input, "f32", "", &mut random);
        writer.push_site(entered);
        for &(kind, seed) in &self.steps {
            writer.step(kind % KINDS, &mut Random(seed));
        }
        let outputs: Vec<&Value> = writer.values.iter().rev().take(3).collect();
        let names: Vec<&str> = outputs.iter().map(|v| v.name.as_str()).collect();
        let types: Vec<String> = outputs.iter().map(|v| tensor(&v.shape, "f32")).collect();
        let formats = formats(&writer, &mut random);
        format!(
            "module attributes {{afp.formats = {formats}}} {{\nfunc.func @f(%x: {}) -> ({}) {{\n{}return {} : {}\n}}\n}}\n",
            tensor(&shape, "f32"),
            types.join(", "),
            writer.body,
            names.join(", "),
            types.join(", "),
        )
    }
}

/// A dictionary of formats: for some names any format of at most 8 bits, with an exponent for some.
fn formats(writer: &Writer, random: &mut Random) -> String {
    let weights: Vec<String> =
        writer.weights.iter().map(|name| format!("{name} = \"{}\"", format(random))).collect();
    // All exponents of a network lie about one number: else only zeros and saturated values meet. Now and
    // then it is one where f32 ends.
    let about =
        if random.once_in(5) { random.pick(&[-4090, -200, -152, -146, 118, 124, 200, 4090]) } else { -4 };
    let mut choices: Vec<Option<String>> = Vec::new();
    for site in &writer.sites {
        let choice = match site.like {
            Some(other) => choices[other].clone(),
            None if random.once_in(4) && about == -4 => None,
            None => {
                let spread = if random.once_in(12) { 40 } else { 5 };
                let exp = (about + random.range(-spread, spread)).clamp(-4096, 4096);
                let format = format(random);
                let fixed = format!("{{format = \"{format}\", exp = {exp} : i32}}");
                Some(if random.once_in(4) && about == -4 { format!("\"{format}\"") } else { fixed })
            }
        };
        choices.push(choice);
    }
    let named =
        |(site, choice): (&Site, &Option<String>)| Some(format!("{} = {}", site.name, choice.as_ref()?));
    let sites: Vec<String> = writer.sites.iter().zip(&choices).filter_map(named).collect();
    format!("{{weights = {{{}}}, activations = {{{}}}}}", weights.join(", "), sites.join(", "))
}

/// A format of at most 8 bits. Wide exponents are rare, since few programs with them can be proven.
fn format(random: &mut Random) -> String {
    loop {
        let signed = random.once_in(2);
        let exp = if random.once_in(8) { random.range(4, 5) } else { random.range(0, 3) };
        let man = random.range(0, 8);
        if (1..=8).contains(&(i64::from(signed) + exp + man)) && exp + man > 0 {
            return format!("{}e{exp}m{man}", if signed { "" } else { "u" });
        }
    }
}

fn tensor(shape: &[i64], element: &str) -> String {
    let sizes: String = shape.iter().map(|size| format!("{size}x")).collect();
    format!("tensor<{sizes}{element}>")
}

fn array(ty: &str, values: &[impl ToString]) -> String {
    let list: Vec<String> = values.iter().map(ToString::to_string).collect();
    format!("array<{ty}: {}>", list.join(", "))
}

/// A float as MLIR reads it, bit by bit.
fn float(value: f32) -> String {
    format!("0x{:08X}", value.to_bits())
}

fn count(shape: &[i64]) -> i64 {
    shape.iter().product()
}

impl Writer {
    fn most_elements(&self) -> i64 {
        if self.large { MAX_ELEMENTS_LARGE } else { MAX_ELEMENTS }
    }

    /// A number of output channels: up to a small one, or many in a large network.
    fn outputs(&self, small: i64, random: &mut Random) -> i64 {
        random.range(1, if self.large { 70 } else { small })
    }

    fn fresh(&mut self) -> String {
        self.count += 1;
        format!("%{}", self.count)
    }

    /// An operation with one result.
    fn op(&mut self, text: &str, attrs: &[String], types: &str, shape: &[i64]) -> Value {
        let name = self.fresh();
        let attrs: Vec<&str> = attrs.iter().map(String::as_str).filter(|a| !a.is_empty()).collect();
        let _ = writeln!(self.body, "  {name} = {text} {{{}}} : {types}", attrs.join(", "));
        Value { name, shape: shape.to_vec(), site: None }
    }

    fn constant(&mut self, shape: &[i64], values: &[f32]) -> Value {
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
    fn random_constant(&mut self, shape: &[i64], random: &mut Random) -> Value {
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
    fn weight_name(&mut self) -> String {
        let name = format!("w{}", self.count);
        self.weights.push(name.clone());
        format!("afp.name = \"{name}\"")
    }

    /// A site, its name as an attribute.
    fn site(&mut self, like: Option<usize>) -> String {
        let name = format!("s{}", self.count);
        let attr = format!("afp.name = \"{name}\"");
        self.sites.push(Site { name, like });
        attr
    }

    /// Makes the result of the last site a value.
    fn push_site(&mut self, value: Value) {
        self.values.push(Value { site: Some(self.sites.len() - 1), ..value });
    }

    fn choose(&self, random: &mut Random) -> Value {
        // Late values are chosen more often: networks are deep rather than wide.
        let last = self.values.len() as i64 - 1;
        let index = if random.once_in(3) { random.range(0, last) } else { last };
        self.values[index as usize].clone()
    }

    /// A value of rank 4: the value itself, or the same elements reshaped.
    fn choose_map(&mut self, random: &mut Random) -> Value {
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

    fn reshape(&mut self, value: &Value, shape: &[i64]) -> Value {
        let types = format!("{} to {}", tensor(&value.shape, "f32"), tensor(shape, "f32"));
        self.op(&format!("afp.reshape {}", value.name), &[], &types, shape)
    }

    /// The rounding behind a group, with limits at times: one for all, or one per channel.
    fn encode(&mut self, exact: &Value, element: &str, divisor: &str, random: &mut Random) -> Value {
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
    fn finish(&mut self, exact: Value, random: &mut Random) {
        let skip = self.values.iter().rev().find(|v| v.shape == exact.shape).cloned();
        let sum = match skip.filter(|_| random.once_in(2)) {
            Some(skip) => self.add((&exact, "!afp.exact"), (&skip, "f32"), random),
            None => exact,
        };
        let value = self.encode(&sum, "!afp.exact", "", random);
        self.push_site(value);
    }

    fn add(&mut self, a: (&Value, &str), b: (&Value, &str), random: &mut Random) -> Value {
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

    fn step(&mut self, kind: u8, random: &mut Random) {
        match kind {
            0 => self.convolution(random),
            1 => self.depthwise(random),
            2 => self.fully_connected(random),
            3 => self.matmul(random),
            4 => self.addition(random),
            5 => self.concat(random),
            6 => self.pool(random, true),
            7 => self.pool(random, false),
            8 => self.slice(random),
            9 => self.pad(random),
            10 => self.any_reshape(random),
            11 => self.transpose(random),
            12 => self.clamp(random),
            13 => self.table(random),
            _ => self.softmax(random),
        }
    }

    fn convolution(&mut self, random: &mut Random) {
        let x = self.choose_map(random);
        let channels = x.shape[3];
        let groups = if random.once_in(2) { 1 } else { divisor(channels, 4, random) };
        let outputs = groups * if groups == 1 { self.outputs(3, random) } else { random.range(1, 3) };
        let Some(geometry) = Geometry::new(&x.shape, random) else { return };
        let [kh, kw] = geometry.kernel;
        if count(&x.shape) * outputs * kh * kw / groups > 4 * MAX_PRODUCTS {
            return;
        }
        let weight = self.random_constant(&[outputs, kh, kw, channels / groups], random);
        let mut attrs = geometry.attrs(true);
        attrs.push(format!("groups = {groups} : i64"));
        let shape = [x.shape[0], geometry.size[0], geometry.size[1], outputs];
        self.contraction("afp.conv2d", &x, &weight, attrs, &shape, random);
    }

    fn depthwise(&mut self, random: &mut Random) {
        let x = self.choose_map(random);
        let multiplier = random.pick(&[1, 1, 2, 3]);
        let Some(geometry) = Geometry::new(&x.shape, random) else { return };
        let [kh, kw] = geometry.kernel;
        let weight = self.random_constant(&[kh, kw, x.shape[3], multiplier], random);
        let shape = [x.shape[0], geometry.size[0], geometry.size[1], x.shape[3] * multiplier];
        self.contraction("afp.depthwise_conv2d", &x, &weight, geometry.attrs(true), &shape, random);
    }

    fn fully_connected(&mut self, random: &mut Random) {
        let x = self.choose(random);
        let inputs = divisor(count(&x.shape), if self.large { 600 } else { 32 }, random);
        let rows = count(&x.shape) / inputs;
        let x = self.reshape(&x, &[rows, inputs]);
        let outputs = self.outputs(4, random);
        let weight = self.random_constant(&[outputs, inputs], random);
        self.contraction("afp.fully_connected", &x, &weight, Vec::new(), &[rows, outputs], random);
    }

    fn contraction(
        &mut self,
        name: &str,
        x: &Value,
        weight: &Value,
        mut attrs: Vec<String>,
        shape: &[i64],
        random: &mut Random,
    ) {
        if count(shape) > self.most_elements() {
            return;
        }
        let channels = shape[shape.len() - 1];
        let depth =
            count(&weight.shape) / if name == "afp.depthwise_conv2d" { channels } else { weight.shape[0] };
        if count(shape) * depth > MAX_PRODUCTS {
            return;
        }
        let bias = random.once_in(2).then(|| self.random_constant(&[channels], random));
        attrs.push(self.weight_name());
        let (mut text, mut types) = (
            format!("{name} {}, {}", x.name, weight.name),
            format!("({}, {}", tensor(&x.shape, "f32"), tensor(&weight.shape, "f32")),
        );
        if let Some(bias) = bias {
            let _ = write!(text, " bias {}", bias.name);
            let _ = write!(types, ", {}", tensor(&bias.shape, "f32"));
        }
        let _ = write!(types, ") -> {}", tensor(shape, "!afp.exact"));
        let exact = self.op(&text, &attrs, &types, shape);
        self.finish(exact, random);
    }

    /// A matrix times its transpose, or times a constant.
    fn matmul(&mut self, random: &mut Random) {
        let x = self.choose(random);
        let depth = divisor(count(&x.shape), if self.large { 100 } else { 16 }, random);
        let rows = count(&x.shape) / depth;
        if rows * rows * depth > MAX_PRODUCTS {
            return;
        }
        let lhs = self.reshape(&x, &[1, rows, depth]);
        let rhs = if random.once_in(3) {
            let columns = random.range(1, 4);
            self.random_constant(&[1, depth, columns], random)
        } else {
            let types = format!("{} to {}", tensor(&lhs.shape, "f32"), tensor(&[1, depth, rows], "f32"));
            let perm = "perm = array<i64: 0, 2, 1>".to_owned();
            self.op(&format!("afp.transpose {}", lhs.name), &[perm], &types, &[1, depth, rows])
        };
        let shape = [1, rows, rhs.shape[2]];
        if count(&shape) > self.most_elements() {
            return;
        }
        let types = format!(
            "({}, {}) -> {}",
            tensor(&lhs.shape, "f32"),
            tensor(&rhs.shape, "f32"),
            tensor(&shape, "!afp.exact")
        );
        let name = format!("afp.name = \"product{}\"", self.count);
        let exact = self.op(&format!("afp.matmul {}, {}", lhs.name, rhs.name), &[name], &types, &shape);
        self.finish(exact, random);
    }

    /// Two values of one shape, a value and itself, or a value and a constant that is repeated.
    fn addition(&mut self, random: &mut Random) {
        let a = self.choose(random);
        let others: Vec<Value> = self.values.iter().filter(|v| v.shape == a.shape).cloned().collect();
        let b = if random.once_in(3) {
            let mut shape = vec![1; a.shape.len()];
            let last = shape.len() - 1;
            shape[last] = if random.once_in(3) { 1 } else { a.shape[last] };
            self.random_constant(&shape, random)
        } else {
            others[random.range(0, others.len() as i64 - 1) as usize].clone()
        };
        let sum = self.add((&a, "f32"), (&b, "f32"), random);
        let value = self.encode(&sum, "!afp.exact", "", random);
        self.push_site(value);
    }

    fn concat(&mut self, random: &mut Random) {
        let a = self.choose(random);
        let axis = random.range(0, a.shape.len() as i64 - 1) as usize;
        let fits = |v: &&Value| {
            v.shape.len() == a.shape.len()
                && (0..a.shape.len()).all(|d| d == axis || v.shape[d] == a.shape[d])
        };
        let others: Vec<Value> = self.values.iter().filter(fits).cloned().collect();
        let parts: Vec<Value> = (0..random.range(1, 3))
            .map(|_| others[random.range(0, others.len() as i64 - 1) as usize].clone())
            .chain([a.clone()])
            .collect();
        let mut shape = a.shape.clone();
        shape[axis] = parts.iter().map(|v| v.shape[axis]).sum();
        if count(&shape) > self.most_elements() {
            return;
        }
        let names: Vec<&str> = parts.iter().map(|v| v.name.as_str()).collect();
        let types: Vec<String> = parts.iter().map(|v| tensor(&v.shape, "f32")).collect();
        let types = format!("({}) -> {}", types.join(", "), tensor(&shape, "f32"));
        let attrs = [self.site(None), format!("axis = {axis} : i64")];
        let value = self.op(&format!("afp.concat {}", names.join(", ")), &attrs, &types, &shape);
        self.push_site(value);
    }

    fn pool(&mut self, random: &mut Random, max: bool) {
        let x = self.choose_map(random);
        let Some(geometry) = Geometry::pool(&x.shape, random) else { return };
        let shape = [x.shape[0], geometry.size[0], geometry.size[1], x.shape[3]];
        if count(&shape) > self.most_elements() {
            return;
        }
        let [kh, kw] = geometry.kernel;
        let mut attrs = geometry.attrs(false);
        attrs.push(format!("kernel = {}", array("i64", &[kh, kw])));
        let (name, element) = if max { ("afp.max_pool2d", "f32") } else { ("afp.sum_pool2d", "!afp.exact") };
        let types = format!("({}) -> {}", tensor(&x.shape, "f32"), tensor(&shape, element));
        if max {
            let value = self.op(&format!("{name} {}", x.name), &attrs, &types, &shape);
            self.values.push(value);
            return;
        }
        attrs.push(format!("afp.name = \"pool{}\"", self.count));
        let exact = self.op(&format!("{name} {}", x.name), &attrs, &types, &shape);
        let divisors: Vec<i64> = match random.range(0, 2) {
            0 => vec![kh * kw],
            1 => (0..shape[1] * shape[2]).map(|_| random.range(1, kh * kw)).collect(),
            _ => Vec::new(),
        };
        let divisor = if divisors.is_empty() {
            String::new()
        } else {
            format!("divisor = {}", array("i64", &divisors))
        };
        let value = self.encode(&exact, "!afp.exact", &divisor, random);
        self.push_site(value);
    }

    fn slice(&mut self, random: &mut Random) {
        let x = self.choose(random);
        let (mut start, mut stride, mut shape) = (Vec::new(), Vec::new(), Vec::new());
        for &size in &x.shape {
            let (first, step) = (random.range(0, size - 1), random.range(1, 2));
            start.push(first);
            stride.push(step);
            shape.push(random.range(1, (size - first - 1) / step + 1));
        }
        let attrs =
            [format!("start = {}", array("i64", &start)), format!("stride = {}", array("i64", &stride))];
        let types = format!("{} to {}", tensor(&x.shape, "f32"), tensor(&shape, "f32"));
        let value = self.op(&format!("afp.slice {}", x.name), &attrs, &types, &shape);
        self.values.push(value);
    }

    fn pad(&mut self, random: &mut Random) {
        let x = self.choose(random);
        let low: Vec<i64> = x.shape.iter().map(|_| random.range(0, 3) / 2).collect();
        let high: Vec<i64> = x.shape.iter().map(|_| random.range(0, 3) / 2).collect();
        let shape: Vec<i64> = (0..low.len()).map(|d| x.shape[d] + low[d] + high[d]).collect();
        if count(&shape) > self.most_elements() {
            return;
        }
        // Values that some formats hold, and values that few do.
        let value = match random.range(0, 11) {
            0..=8 => String::new(),
            9 => format!("value = {} : f32", float(random.range(-8, 8) as f32 * 0.25)),
            10 => format!("value = {} : f32", float(random.normal())),
            _ => format!("value = {} : f32", float(random.pick(&[f32::MAX, f32::MIN, -0.0, 1e-45]))),
        };
        let attrs =
            [format!("low = {}", array("i64", &low)), format!("high = {}", array("i64", &high)), value];
        let types = format!("{} to {}", tensor(&x.shape, "f32"), tensor(&shape, "f32"));
        let value = self.op(&format!("afp.pad {}", x.name), &attrs, &types, &shape);
        self.values.push(value);
    }

    fn any_reshape(&mut self, random: &mut Random) {
        let x = self.choose(random);
        let mut rest = count(&x.shape);
        let mut shape = Vec::new();
        for _ in 0..random.range(1, 4) {
            let size = divisor(rest, 12, random);
            shape.push(size);
            rest /= size;
        }
        shape.push(rest);
        let value = self.reshape(&x, &shape);
        self.values.push(value);
    }

    fn transpose(&mut self, random: &mut Random) {
        let x = self.choose(random);
        let mut perm: Vec<i64> = (0..x.shape.len() as i64).collect();
        for i in (1..perm.len()).rev() {
            perm.swap(i, random.range(0, i as i64) as usize);
        }
        let shape: Vec<i64> = perm.iter().map(|&d| x.shape[d as usize]).collect();
        let types = format!("{} to {}", tensor(&x.shape, "f32"), tensor(&shape, "f32"));
        let attrs = [format!("perm = {}", array("i64", &perm))];
        let value = self.op(&format!("afp.transpose {}", x.name), &attrs, &types, &shape);
        self.values.push(value);
    }

    fn clamp(&mut self, random: &mut Random) {
        let x = self.choose(random);
        // Codes too are divided at times.
        let divisor = if random.once_in(6) { "divisor = array<i64: 3>" } else { "" };
        let value = self.encode(&x, "f32", divisor, random);
        self.push_site(value);
    }

    fn table(&mut self, random: &mut Random) {
        let x = self.choose(random);
        let function = random.pick(&["sigmoid", "tanh", "abs", "hard_swish", "reciprocal", "log", "rsqrt"]);
        let attrs = [self.site(None), format!("function = \"{function}\"")];
        let types = format!("{0} to {0}", tensor(&x.shape, "f32"));
        let value = self.op(&format!("afp.table {}", x.name), &attrs, &types, &x.shape);
        self.push_site(value);
    }

    fn softmax(&mut self, random: &mut Random) {
        let x = self.choose(random);
        let axis = random.range(0, x.shape.len() as i64 - 1);
        let attrs = [self.site(None), format!("axis = {axis} : i64")];
        let types = format!("{0} to {0}", tensor(&x.shape, "f32"));
        let value = self.op(&format!("afp.softmax {}", x.name), &attrs, &types, &x.shape);
        self.push_site(value);
    }
}

/// A divisor of `n`, at most `limit`.
fn divisor(n: i64, limit: i64, random: &mut Random) -> i64 {
    let all: Vec<i64> = (1..=limit.min(n)).filter(|d| n % d == 0).collect();
    random.pick(&all)
}

/// Windows over a feature map.
struct Geometry {
    kernel: [i64; 2],
    stride: [i64; 2],
    dilation: [i64; 2],
    pad: [i64; 4],
    size: [i64; 2],
}

impl Geometry {
    /// A convolution's; none if no window fits.
    fn new(shape: &[i64], random: &mut Random) -> Option<Self> {
        let mut pair = |hi: i64| [random.range(1, hi), random.range(1, hi)];
        let (kernel, stride, dilation) = (pair(3), pair(3), pair(2));
        let kernel = if random.once_in(6) { [random.range(1, 7), random.range(1, 7)] } else { kernel };
        let padded = random.once_in(2);
        let pad = [0; 4].map(|_| if padded { random.range(0, 2) } else { 0 });
        Self { kernel, stride, dilation, pad, size: [0; 2] }.sized(shape)
    }

    /// A pool's: padding is less than the kernel.
    fn pool(shape: &[i64], random: &mut Random) -> Option<Self> {
        let mut pair = |hi: i64| [random.range(1, hi), random.range(1, hi)];
        let (kernel, stride) = (pair(3), pair(3));
        let [h, w] = kernel.map(|k| k - 1);
        let pad = [h, h, w, w].map(|most| random.range(0, most));
        Self { kernel, stride, dilation: [1, 1], pad, size: [0; 2] }.sized(shape)
    }

    fn sized(mut self, shape: &[i64]) -> Option<Self> {
        for d in 0..2 {
            let reach = self.dilation[d] * (self.kernel[d] - 1) + 1;
            let room = shape[d + 1] + self.pad[2 * d] + self.pad[2 * d + 1] - reach;
            if room < 0 {
                return None;
            }
            self.size[d] = room / self.stride[d] + 1;
        }
        Some(self)
    }

    fn attrs(&self, dilated: bool) -> Vec<String> {
        let mut attrs = vec![
            format!("stride = {}", array("i64", &self.stride)),
            format!("pad = {}", array("i64", &self.pad)),
        ];
        if dilated {
            attrs.push(format!("dilation = {}", array("i64", &self.dilation)));
        }
        attrs
    }
}
