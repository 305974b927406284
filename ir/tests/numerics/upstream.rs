//! Codes of small IEEE-like floats decode to what the OCP formats and MLIR say they are worth.

use std::process::Command;

use afp_ir::numerics::{Code, Format, dyadic_to_f64};

/// A float of another definition whose finite codes are codes of a format here.
struct Small {
    /// Its name in MLIR.
    name: &'static str,
    format: &'static str,
    bias: i32,
    /// Whether codes with this magnitude are finite.
    finite: fn(Code) -> bool,
}

const SMALL: [Small; 9] = [
    Small { name: "f8E4M3FN", format: "e4m3", bias: 7, finite: |c| c != 0x7f },
    Small { name: "f8E4M3", format: "e4m3", bias: 7, finite: |c| c < 0x78 },
    Small { name: "f8E4M3FNUZ", format: "e4m3", bias: 8, finite: |_| true },
    Small { name: "f8E4M3B11FNUZ", format: "e4m3", bias: 11, finite: |_| true },
    Small { name: "f8E5M2", format: "e5m2", bias: 15, finite: |c| c < 0x7c },
    Small { name: "f8E3M4", format: "e3m4", bias: 3, finite: |c| c < 0x70 },
    Small { name: "f6E2M3FN", format: "e2m3", bias: 1, finite: |_| true },
    Small { name: "f6E3M2FN", format: "e3m2", bias: 3, finite: |_| true },
    Small { name: "f4E2M1FN", format: "e2m1", bias: 1, finite: |_| true },
];

/// Canonical codes with a finite value, and what `I * 2^exp` makes of each.
fn ours(small: &Small) -> (Format, Vec<(Code, f64)>) {
    let format: Format = small.format.parse().unwrap();
    // The least subnormal is 2^(1 - bias) / 2^m.
    let exp = 1 - small.bias - format.man_bits() as i32;
    let codes = format.canonical_codes().filter(|&code| (small.finite)(code & format.max_magnitude()));
    (format, codes.map(|code| (code, dyadic_to_f64(format.decode(code), exp))).collect())
}

#[test]
fn values_follow_the_definition_of_the_floats() {
    for small in &SMALL {
        let (format, values) = ours(small);
        let (e, m) = (format.exp_bits(), format.man_bits());
        for (code, found) in values {
            let (fraction, field) = (code & ((1 << m) - 1), (code >> m) & ((1 << e) - 1));
            let fraction = f64::from(fraction) / 2f64.powi(m as i32);
            let magnitude = match field {
                0 => 2f64.powi(1 - small.bias) * fraction,
                _ => 2f64.powi(i32::from(field) - small.bias) * (1.0 + fraction),
            };
            let expected = if code >> (e + m) == 1 { -magnitude } else { magnitude };
            assert_eq!(found, expected, "{} {code:#x}", small.name);
        }
    }
}

#[test]
fn half_precision_is_e5m10() {
    let format: Format = "e5m10".parse().unwrap();
    for code in format.canonical_codes().filter(|code| code & 0x7fff < 0x7c00) {
        let (fraction, field) = (f64::from(code & 0x3ff) / 1024.0, i32::from(code >> 10 & 31));
        let magnitude =
            if field == 0 { 2f64.powi(-14) * fraction } else { 2f64.powi(field - 15) * (1.0 + fraction) };
        let expected = if code >> 15 == 1 { -magnitude } else { magnitude };
        assert_eq!(dyadic_to_f64(format.decode(code), -24), expected, "{code:#x}");
    }
}

/// What mlir-opt makes of every code of every float type when it extends them to f32.
fn extended_by_mlir() -> String {
    let mut module = String::from("module {\n");
    for small in &SMALL {
        let (format, values) = ours(small);
        let count = format.code_count();
        // A payload holds one byte per element, also of types of 4 and 6 bits; NaNs would stop the folding.
        let bytes: String = (0..count as Code)
            .map(|code| if values.iter().any(|value| value.0 == code) { code } else { 0 })
            .map(|code| format!("{code:02X}"))
            .collect();
        let (name, from) = (small.name, format!("tensor<{count}x{}>", small.name));
        module += &format!(
            "func.func @{name}() -> tensor<{count}xf32> {{\n  %c = arith.constant dense<\"0x{bytes}\"> : {from}\n  \
             %x = arith.extf %c : {from} to tensor<{count}xf32>\n  return %x : tensor<{count}xf32>\n}}\n"
        );
    }
    module += "}\n";
    let path = std::env::temp_dir().join(format!("afp-upstream-floats-{}.mlir", std::process::id()));
    std::fs::write(&path, module).unwrap();
    let prefix = std::env::var("MLIR_SYS_220_PREFIX").unwrap_or_else(|_| "/usr/lib/llvm-22".into());
    let output = Command::new(format!("{prefix}/bin/mlir-opt"))
        .args(["--canonicalize", "--mlir-print-elementsattrs-with-hex-if-larger=1"])
        .arg(&path)
        .output()
        .unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn values_are_those_of_mlir() {
    let text = extended_by_mlir();
    for small in &SMALL {
        let function = text.split_once(&format!("@{}()", small.name)).unwrap().1;
        let hex = function.split_once("dense<\"0x").unwrap().1.split_once('"').unwrap().0;
        let floats: Vec<f32> = (0..hex.len() / 8)
            .map(|i| u32::from_str_radix(&hex[8 * i..8 * i + 8], 16).unwrap())
            .map(|bits| f32::from_bits(bits.swap_bytes()))
            .collect();
        let (format, values) = ours(small);
        assert_eq!(floats.len(), format.code_count() as usize);
        for (code, found) in values {
            assert_eq!(found, f64::from(floats[usize::from(code)]), "{} {code:#x}", small.name);
        }
    }
}
