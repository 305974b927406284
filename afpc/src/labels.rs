//! The classes that samples belong to.

use std::path::Path;

use afp_ir::diag::Diagnostic;

use crate::io::npy;

/// Labels of samples, one for each of a sample's rows.
#[derive(Clone, Debug)]
pub struct Labels {
    file: String,
    classes: Vec<i64>,
}

impl Labels {
    /// Reads integers, of a `.npz` archive those of key `y`. `offset` is added to each: networks with a
    /// class for the background before the others count from 1.
    ///
    /// # Errors
    /// What the file is refused for.
    pub fn read(path: &Path, offset: i64) -> Result<Self, Diagnostic> {
        let classes: Vec<i64> = npy::with_array(path, "y", |mut array| array.read_integers())?;
        let classes = classes.into_iter().map(|class| class.saturating_add(offset)).collect();
        Ok(Self { file: path.display().to_string(), classes })
    }

    /// The labels of images: each folder of them is a class.
    pub fn of_folders(classes: &[i64]) -> Self {
        Self { file: "the folders of the images".into(), classes: classes.to_vec() }
    }

    /// Checks that there is a label below `classes` for each of `rows` rows of `samples` samples. More are
    /// refused too, unless only the first samples are read.
    ///
    /// # Errors
    /// AFP0455 if one is missing, too many or no class.
    pub fn check(
        &self,
        (samples, rows, classes): (usize, usize, usize),
        is_part: bool,
    ) -> Result<(), Diagnostic> {
        let expected = rows.saturating_mul(samples);
        let found = self.classes.len();
        if found < expected || (found > expected && !is_part) {
            return Err(Diagnostic::error("AFP0455", "the labels do not fit the samples")
                .in_file(&self.file)
                .expected(format!("{expected} labels, {rows} for each of {samples} samples"))
                .found(format!("{found} labels")));
        }
        let valid = |label: &i64| usize::try_from(*label).is_ok_and(|label| label < classes);
        match self.classes[..expected].iter().position(|label| !valid(label)) {
            None => Ok(()),
            Some(index) => Err(Diagnostic::error("AFP0455", "a label is no class of the network")
                .in_file(&self.file)
                .expected(format!("0 to {}", classes - 1))
                .found(format!("{} at index {index}", self.classes[index]))),
        }
    }

    /// The label of a row, counted over all samples.
    pub fn get(&self, row: usize) -> Option<usize> {
        self.classes.get(row).and_then(|&class| usize::try_from(class).ok())
    }
}
