//! What calibration does, where several may say so: the user, the formats file that a search wrote, or nobody.
//!
//! A search chose its formats for weights that were rounded in one way, by some of the samples in one order.
//! Whoever compiles its formats gets the same, unless an option says otherwise: then a warning does too.

use afp_ir::{diag::Diagnostic, interp::Tensor};
use afp_passes::formats::Quantization;
use afp_ptq::digest::digest;
use clap::ValueEnum;
use rayon::prelude::*;

use crate::{
    calibration::SAMPLES,
    quantization::{Equalization, Moments, Rounding},
    recipe::Recipe,
};

/// What calibration does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decisions {
    /// How weights are rounded.
    pub rounding: Rounding,
    /// What is done about channels of different magnitude.
    pub equalization: Equalization,
    /// What layers are rounded for.
    pub moments: Moments,
    /// Seed of the samples' order.
    pub seed: u64,
    /// The most samples that are used.
    pub samples: u32,
}

impl Recipe {
    /// What the user says, else what was `decided` when the formats were found, else what suits most.
    pub fn decisions(&self, decided: Option<&Quantization>) -> Decisions {
        let none = Quantization::default();
        let decided = decided.unwrap_or(&none);
        let rounding = named(decided.rounding.as_deref());
        let equalization = named(decided.equalization.as_deref());
        let rounding = self.rounding.or(rounding).unwrap_or(Rounding::Gptq);
        let moments = self.said_of_moments().or(named(decided.moments.as_deref()));
        Decisions {
            rounding,
            moments: match rounding {
                Rounding::Gptq => moments.unwrap_or(Moments::Auto),
                Rounding::Nearest | Rounding::Published => Moments::Float,
            },
            equalization: self.equalize.or(equalization).unwrap_or(if self.calibration.calib.is_some() {
                Equalization::Full
            } else {
                // Inputs that were made up do not tell which channels are large.
                Equalization::Off
            }),
            seed: self.seed.or(decided.seed).unwrap_or(0),
            samples: self.calibration.calib_samples.or(decided.samples).unwrap_or(SAMPLES),
        }
    }

    fn said_of_moments(&self) -> Option<Moments> {
        self.moments.filter(|&moments| moments != Moments::Auto)
    }

    /// AFP0555 if layers are to make up for losses without what that takes.
    ///
    /// # Errors
    /// The diagnostic.
    pub fn check_moments(&self, decisions: &Decisions) -> Result<(), Diagnostic> {
        let Some(moments) = self.moments.filter(|moments| moments.method().is_some()) else { return Ok(()) };
        let found = if self.calibration.calib.is_none() {
            "no calibration data".to_owned()
        } else if decisions.rounding != Rounding::Gptq {
            format!("--rounding {}", decisions.rounding.name())
        } else {
            return Ok(());
        };
        let what = format!("--moments {} cannot be done", moments.name());
        Err(Diagnostic::error("AFP0555", what)
            .expected("--calib with some hundred typical samples, and --rounding gptq")
            .found(found)
            .help("layers make up for losses on samples, by how they are rounded"))
    }

    /// AFP0551 for each option that says something else than what was decided.
    pub fn contradictions(&self, decided: &Quantization) -> Vec<Diagnostic> {
        let number = |number: Option<u64>| number.map(|number| number.to_string());
        let samples = self.calibration.calib_samples;
        let both = [
            ("--calib-samples", number(samples.map(u64::from)), number(decided.samples.map(u64::from))),
            ("--seed", number(self.seed), number(decided.seed)),
            ("--rounding", self.rounding.map(|r| r.name().into()), decided.rounding.clone()),
            ("--equalize", self.equalize.map(|e| e.name().into()), decided.equalization.clone()),
            ("--moments", self.said_of_moments().map(|m| m.name().into()), decided.moments.clone()),
        ];
        let warning = |(option, given, found): (&str, Option<String>, Option<String>)| {
            let (given, found) = given.zip(found).filter(|(given, found)| given != found)?;
            Some(
                self.of_formats(Diagnostic::warning(
                    "AFP0551",
                    format!("the formats were found with another {option}"),
                ))
                .expected(format!("{option} {found}, as the formats file says"))
                .found(format!("{option} {given}"))
                .help("leave the option out to round weights as the search did, or search with it"),
            )
        };
        both.into_iter().filter_map(warning).collect()
    }

    /// AFP0550 if the samples are others than those that the formats were found with.
    pub fn other_data(&self, decided: &Quantization, samples: &[Vec<Tensor>]) -> Option<Diagnostic> {
        let expected = decided.data.as_deref()?;
        let found = fingerprint(samples);
        let path = self.calibration.calib.as_ref()?.display();
        (expected != found).then(|| {
            self.of_formats(Diagnostic::warning(
                "AFP0550",
                "the calibration data are not those that the formats were found with",
            ))
            .expected(format!("samples with the hash {expected}"))
            .found(format!("{} in {path}, with the hash {found}", samples.len()))
            .help("scale exponents and weights follow these samples now: give those of the search, or search again")
        })
    }

    fn of_formats(&self, diagnostic: Diagnostic) -> Diagnostic {
        match &self.formats {
            Some(file) => diagnostic.in_file(file.clone()),
            None => diagnostic,
        }
    }
}

/// AFP0552 if a formats file says of calibration what this compiler does not know.
///
/// # Errors
/// The diagnostic, at the entry.
pub fn check(file: &str, decided: &Quantization) -> Result<(), Diagnostic> {
    let wrong = |key: &str, expected: String, found: String| {
        Diagnostic::error("AFP0552", "the formats file was not found by a search of this compiler")
            .at_item(file, format!("quantization.{key}"))
            .expected(expected)
            .found(found)
            .help("search again, or take the entry out: then the option's default holds")
    };
    let one_of = |names: Vec<&str>| format!("one of {}", names.join(", "));
    if let Some(text) = &decided.rounding
        && named::<Rounding>(Some(text)).is_none()
    {
        let names = Rounding::value_variants().iter().map(|choice| choice.name()).collect();
        return Err(wrong("rounding", one_of(names), format!("'{text}'")));
    }
    if let Some(text) = &decided.equalization
        && named::<Equalization>(Some(text)).is_none()
    {
        let names = Equalization::value_variants().iter().map(|choice| choice.name()).collect();
        return Err(wrong("equalization", one_of(names), format!("'{text}'")));
    }
    if let Some(text) = &decided.moments
        && named::<Moments>(Some(text)).is_none_or(|moments| moments == Moments::Auto)
    {
        let known = Moments::value_variants().iter().filter(|&&choice| choice != Moments::Auto);
        return Err(wrong(
            "moments",
            one_of(known.map(|choice| choice.name()).collect()),
            format!("'{text}'"),
        ));
    }
    match decided.samples {
        Some(0) => Err(wrong("samples", "a number of samples above 0".into(), "0".into())),
        _ => Ok(()),
    }
}

/// A name for samples: others have another one.
pub fn fingerprint(samples: &[Vec<Tensor>]) -> String {
    let bytes = |tensor: &Tensor| -> Vec<u8> {
        tensor.as_real().unwrap_or_default().iter().flat_map(|value| value.to_le_bytes()).collect()
    };
    let of_sample = |inputs: &Vec<Tensor>| {
        let parts: Vec<Vec<u8>> = inputs.iter().map(bytes).collect();
        digest(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
    };
    let names: Vec<String> = samples.par_iter().map(of_sample).collect();
    digest(&names.iter().map(String::as_bytes).collect::<Vec<_>>())
}

fn named<T: ValueEnum>(name: Option<&str>) -> Option<T> {
    T::from_str(name?, false).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided() -> Quantization {
        Quantization {
            rounding: Some("nearest".into()),
            equalization: Some("exact".into()),
            moments: Some("biases".into()),
            seed: Some(3),
            samples: Some(64),
            data: None,
        }
    }

    #[test]
    fn options_come_before_the_file_and_the_file_before_defaults() {
        let recipe = Recipe::default();
        let of_file = recipe.decisions(Some(&decided()));
        assert_eq!(
            of_file,
            Decisions {
                rounding: Rounding::Nearest,
                equalization: Equalization::Exact,
                moments: Moments::Float,
                seed: 3,
                samples: 64
            }
        );
        // Nothing makes up for losses but GPTQ.
        let gptq = Quantization { rounding: Some("gptq".into()), ..decided() };
        assert_eq!(recipe.decisions(Some(&gptq)).moments, Moments::Biases);
        let forced = Recipe { moments: Some(Moments::Prefix), ..Recipe::default() };
        assert_eq!(forced.decisions(Some(&gptq)).moments, Moments::Prefix);
        assert_eq!(forced.contradictions(&gptq).len(), 1);
        let free = Recipe { moments: Some(Moments::Auto), ..Recipe::default() };
        assert!(free.contradictions(&gptq).is_empty());
        let by_default = recipe.decisions(None);
        assert_eq!((by_default.rounding, by_default.samples), (Rounding::Gptq, SAMPLES));
        assert!(recipe.contradictions(&decided()).is_empty());
        let given = Recipe { seed: Some(4), rounding: Some(Rounding::Nearest), ..recipe };
        assert_eq!(given.decisions(Some(&decided())).seed, 4);
        let codes: Vec<_> = given.contradictions(&decided()).into_iter().map(|d| d.found).collect();
        assert_eq!(codes, [Some("--seed 4".to_owned())]);
    }

    #[test]
    fn names_that_nobody_knows_are_refused() {
        assert!(check("f.json", &decided()).is_ok());
        for wrong in [
            Quantization { rounding: Some("Nearest".into()), ..decided() },
            Quantization { equalization: Some("all".into()), ..decided() },
            Quantization { moments: Some("auto".into()), ..decided() },
            Quantization { samples: Some(0), ..decided() },
        ] {
            assert_eq!(check("f.json", &wrong).map_err(|d| d.code), Err("AFP0552".into()));
        }
    }

    #[test]
    fn samples_have_a_name_by_their_bits_and_order() {
        let sample = |value: f32| vec![Tensor::real(&[2], vec![value, 1.0])];
        let name = fingerprint(&[sample(0.0), sample(2.0)]);
        assert_eq!(name, fingerprint(&[sample(0.0), sample(2.0)]));
        assert_ne!(name, fingerprint(&[sample(2.0), sample(0.0)]));
        assert_ne!(name, fingerprint(&[sample(0.0)]));
    }
}
