//! Tables for a person: 80 columns, as many as the narrowest terminals have.

/// Columns of all texts for people.
pub const COLUMNS: usize = 80;

/// Characters of a name.
pub const NAME: usize = 25;

/// A name that fits its column: its end tells more than its beginning.
pub fn shortened(name: &str) -> String {
    let count = name.chars().count();
    if count <= NAME {
        return name.to_owned();
    }
    let end: String = name.chars().skip(count - (NAME - 2)).collect();
    format!("..{end}")
}

/// A text in lines of at most `width` bytes, broken at spaces.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_at_their_beginning() {
        assert_eq!(shortened("conv1"), "conv1");
        let long = "model/block_13/expand/Conv2D_äöü";
        assert_eq!(shortened(long), "..ck_13/expand/Conv2D_äöü");
        assert_eq!(shortened(long).chars().count(), NAME);
    }
}
