//! Formats for a network's names.

use super::{Random, Site, Writer};

/// A dictionary of formats: for some names any format of at most 8 bits, with an exponent for some.
pub(super) fn formats(writer: &Writer, random: &mut Random) -> String {
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
