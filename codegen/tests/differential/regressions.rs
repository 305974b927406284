//! Networks that failed once, made small, and programs written by hand: stored beside this file, and run
//! before all others.

use std::{fs, path::PathBuf};

use rayon::prelude::*;

use crate::{
    case::{Case, Form, Prepared, Unfit},
    executions::Execution,
    graph::Recipe,
    runner::{Verdict, difference},
};

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/differential").join(name)
}

const REGRESSIONS: &str = "regressions";

/// The line that says what is done with scale exponents.
const EXPONENTS: &str = "// exponents: ";

/// The line that says what the samples are drawn with.
const SEED: &str = "// samples: ";

/// Runs what is stored.
///
/// # Panics
/// If one fails.
pub fn replay(host: &[Box<dyn Execution>], simulated: &[Box<dyn Execution>]) {
    let files = |name| fs::read_dir(folder(name)).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> =
        [REGRESSIONS, "programs"].into_iter().flat_map(files).map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "mlir"));
    paths.sort();
    for path in paths {
        let name = path.display();
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let seed = text.lines().find_map(|line| line.strip_prefix(SEED)?.trim().parse().ok());
        let seed = seed.unwrap_or_else(|| panic!("{name}: expected a line '{SEED}SEED'"));
        let form = text.lines().find_map(|line| line.strip_prefix(EXPONENTS)).map(str::trim);
        let form = Form::ALL.into_iter().find(|(_, name)| Some(*name) == form);
        let form = form.map_or(Form::Real, |(form, _)| form);
        for execution in host.iter().chain(simulated) {
            if let Some(what) = fault(&Case { seed, text: text.clone(), form }, execution.as_ref()) {
                panic!("{name}: {}: {what}", execution.name());
            }
        }
    }
}

/// Runs so many programs of a sweep, on all processors.
///
/// # Panics
/// If one fails.
pub fn sweep(
    (count, case): (usize, fn(usize) -> Case),
    host: &[Box<dyn Execution>],
    simulated: &[Box<dyn Execution>],
) {
    let faults: Vec<String> = (0..count)
        .into_par_iter()
        .with_max_len(1)
        .flat_map_iter(|number| {
            let case = case(number);
            let prepared = match case.prepare(number as u64) {
                Ok(prepared) => prepared,
                Err(Unfit::Wrong(what)) => return vec![format!("program {number}: {what}\n{}", case.text)],
                Err(Unfit::Refused) => return vec![format!("program {number} is refused\n{}", case.text)],
            };
            let found = host.iter().chain(simulated).filter_map(|execution| {
                let what = fault_of(case.form, &prepared, execution.as_ref())?;
                Some(format!("program {number} of the sweep: {}: {what}\n{}", execution.name(), case.text))
            });
            found.collect()
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What is wrong with a case on an execution.
fn fault(case: &Case, execution: &dyn Execution) -> Option<String> {
    match case.prepare(0) {
        Ok(prepared) => fault_of(case.form, &prepared, execution),
        Err(Unfit::Wrong(what)) if case.form == Form::Exact => Some(what),
        Err(_) => None,
    }
}

/// The same of a case that is prepared.
fn fault_of(form: Form, prepared: &Prepared, execution: &dyn Execution) -> Option<String> {
    let found = execution.run(std::slice::from_ref(prepared)).pop()?;
    match difference(prepared, found) {
        Verdict::Differs(what) => Some(what),
        Verdict::Refused if form == Form::Exact => Some("a program has no native code".to_owned()),
        Verdict::Equal | Verdict::Refused => None,
    }
}

/// Shrinks a case that fails and stores it; a message.
pub fn store(series: u64, index: u64, execution: &dyn Execution, what: &str) -> String {
    let (recipe, case) = Case::random(series, index);
    let (case, what) = match shrink(recipe, case.form, execution) {
        Some(found) => found,
        // In company only, or for the number that chose its machine: it stays as it is.
        None => (case, what.to_owned()),
    };
    let name = format!("series-{series}-network-{index}.mlir");
    let path = folder(REGRESSIONS).join(&name);
    let comment: Vec<String> = what.lines().map(|line| format!("//   {line}\n")).collect();
    let text = format!(
        "// Network {index} of series {series}, on {}:\n{}{EXPONENTS}{}\n{SEED}{}\n{}",
        execution.name(),
        comment.concat(),
        Form::ALL.into_iter().find(|(form, _)| *form == case.form).map_or("", |(_, name)| name),
        case.seed,
        case.text
    );
    let stored = fs::create_dir_all(folder(REGRESSIONS)).and_then(|()| fs::write(&path, &text));
    let place = stored.map_or_else(|error| format!("not stored: {error}"), |()| path.display().to_string());
    format!("network {index} of series {series} on {}: {what}\nmade small: {place}\n{text}", execution.name())
}

/// Takes steps away, from the last to the first, as long as the case fails without them.
fn shrink(mut recipe: Recipe, form: Form, execution: &dyn Execution) -> Option<(Case, String)> {
    let mut smallest = None;
    let mut try_it = |recipe: &Recipe| {
        let case = Case::of(recipe, form);
        let what = fault(&case, execution)?;
        smallest = Some((case, what));
        Some(())
    };
    try_it(&recipe)?;
    loop {
        let before = recipe.steps.len();
        for step in (0..recipe.steps.len()).rev() {
            let mut smaller = recipe.clone();
            smaller.steps.remove(step);
            if try_it(&smaller).is_some() {
                recipe = smaller;
            }
        }
        if recipe.steps.len() == before {
            return smallest;
        }
    }
}
