//! A step is an operator on values that there are.

use std::fmt::Write;

use super::{
    MAX_PRODUCTS, Random, Value, Writer,
    geometry::Geometry,
    writer::{array, count, divisor, float, tensor},
};

impl Writer {
    pub(super) fn step(&mut self, kind: u8, random: &mut Random) {
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
        // At times the shape of its operand, which can then be added.
        let same = random.once_in(3);
        let outputs = if same { channels } else { outputs };
        let geometry = if same { Geometry::same(&x.shape, random) } else { Geometry::new(&x.shape, random) };
        let Some(geometry) = geometry else { return };
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
