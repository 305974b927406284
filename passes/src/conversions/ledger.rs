//! What became of every conversion.

use std::fmt;

use afp_ir::mlir::{Attr, Ctx, Loc, Op};

use super::{all, is_boundary};
use crate::graph;

const ATTRIBUTE: &str = "afp.conversions";

/// What passes have counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conversions {
    /// There were so many behind `afp-quantize`.
    pub inserted: usize,
    /// So many joined the operator before or behind them.
    pub absorbed: usize,
}

/// What became of a conversion. Each is a rule of docs/elimination.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A quantize of what was dequantized from its type: readers take the codes.
    Cancelled,
    /// Nothing reads it any more: the readers take what it was made from.
    Unread,
    /// An equal one serves its readers.
    Shared,
    /// Its limits joined the encode before it.
    Limits,
    /// It and the encode before it are one rounding.
    Composed,
    /// It kept every value: readers take the codes before it.
    Bypassed,
    /// It joined a table.
    Tabulated,
    /// Its operand is a constant, and so is its result.
    Folded,
    /// It is there.
    Left,
}

impl Fate {
    /// All fates.
    pub const ALL: [Self; 9] = [
        Self::Cancelled,
        Self::Unread,
        Self::Shared,
        Self::Limits,
        Self::Composed,
        Self::Bypassed,
        Self::Tabulated,
        Self::Folded,
        Self::Left,
    ];

    /// Whether the work is done, within another operator.
    pub fn is_absorbed(self) -> bool {
        matches!(self, Self::Limits | Self::Composed | Self::Tabulated)
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cancelled => "cancelled",
            Self::Unread => "unread",
            Self::Shared => "shared",
            Self::Limits => "limits",
            Self::Composed => "composed",
            Self::Bypassed => "bypassed",
            Self::Tabulated => "tabulated",
            Self::Folded => "folded",
            Self::Left => "left",
        })
    }
}

/// One conversion, as `afp-quantize` made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `quantize`, `dequantize` or `encode`.
    pub operator: String,
    /// The site whose values it converts, or an input.
    pub value: String,
    /// What reads the result; nothing for a dequantize, which many may read.
    pub reader: Option<String>,
    /// The type converted from or to codes.
    pub ty: String,
    /// Number of elements.
    pub elements: i64,
    /// Where in the user's file, if that is known: `file:line:column`, or a file's name.
    pub place: Option<String>,
    /// What became of it, once `afp-eliminate-requant` has run.
    pub fate: Option<Fate>,
    /// Why it is left.
    pub reason: Option<String>,
}

/// The conversions of a module, in the order in which they stood behind `afp-quantize`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// One per conversion; its index is the conversion's number.
    pub entries: Vec<Entry>,
}

/// The number of a conversion, or of what it has become.
pub fn number(op: Op) -> Option<usize> {
    usize::try_from(op.loc().tag()?.as_int()?).ok()
}

impl Ledger {
    /// Enters all conversions of a module and tags each with its number.
    pub fn open(module: Op) -> Self {
        let entries = all(module)
            .into_iter()
            .enumerate()
            .map(|(index, op)| {
                op.set_loc(op.loc().tagged(Attr::int(op.ctx(), 64, index as i64)));
                Entry::of(op)
            })
            .collect();
        Self { entries }
    }

    /// What is written on a module.
    pub fn of(module: Op) -> Option<Self> {
        let entries = module.attr(ATTRIBUTE)?.entry("each")?;
        let read = (0..).map_while(|index| entries.element(index)).map(Entry::read);
        Some(Self { entries: read.collect::<Option<_>>()? })
    }

    /// Writes it on a module.
    pub fn attach(&self, module: Op) {
        let ctx = module.ctx();
        let count = |count: usize| Attr::int(ctx, 64, i64::try_from(count).unwrap_or(i64::MAX));
        let each: Vec<Attr> = self.entries.iter().map(|entry| entry.write(ctx)).collect();
        let Conversions { inserted, absorbed } = self.counts();
        let fields =
            [("inserted", count(inserted)), ("absorbed", count(absorbed)), ("each", Attr::array(ctx, &each))];
        module.set_attr(ATTRIBUTE, Attr::dict(ctx, &fields));
    }

    /// How many there were, and how many were absorbed.
    pub fn counts(&self) -> Conversions {
        let absorbed = self.entries.iter().filter(|entry| entry.fate.is_some_and(Fate::is_absorbed));
        Conversions { inserted: self.entries.len(), absorbed: absorbed.count() }
    }

    /// Says what becomes of an operation that is a conversion.
    pub fn settle(&mut self, op: Op, fate: Fate) {
        if let Some(entry) = number(op).and_then(|index| self.entries.get_mut(index)) {
            entry.fate = Some(fate);
        }
    }
}

impl Conversions {
    /// What is written on a module.
    pub fn of(module: Op) -> Option<Self> {
        let counts = module.attr(ATTRIBUTE)?;
        let count = |name: &str| usize::try_from(counts.entry(name)?.as_int()?).ok();
        Some(Self { inserted: count("inserted")?, absorbed: count("absorbed")? })
    }
}

impl Entry {
    fn of(op: Op) -> Self {
        let coded = if op.is("afp.dequantize") { op.operand(0) } else { op.result(0) };
        let source = graph::origin(op.operand(0));
        let value = match (source.def(), source.arg_index()) {
            (Some(def), _) => graph::site_name(def),
            (None, index) => source.loc().name().unwrap_or_else(|| format!("input{}", index.unwrap_or(0))),
        };
        let reader = op.result(0).uses().first().map(|&(user, _)| match user.is("func.return") {
            true => "output".to_owned(),
            false => graph::group_name(user),
        });
        Self {
            operator: op.name().trim_start_matches("afp.").to_owned(),
            value,
            reader: reader.filter(|_| op.is("afp.quantize") || is_boundary(op)),
            ty: coded.ty().element().to_string(),
            elements: op.result(0).ty().element_count().and_then(|n| i64::try_from(n).ok()).unwrap_or(0),
            place: place(op.loc()),
            fate: None,
            reason: None,
        }
    }

    fn read(attr: Attr) -> Option<Self> {
        let text = |name: &str| attr.entry(name).and_then(Attr::as_string);
        Some(Self {
            operator: text("operator")?,
            value: text("value")?,
            reader: text("reader"),
            ty: text("type")?,
            elements: attr.entry("elements")?.as_int()?,
            place: text("place"),
            fate: text("fate").and_then(|name| Fate::ALL.into_iter().find(|fate| fate.to_string() == name)),
            reason: text("reason"),
        })
    }

    fn write(&self, ctx: Ctx) -> Attr {
        let mut fields = vec![
            ("elements", Attr::int(ctx, 64, self.elements)),
            ("operator", Attr::string(ctx, &self.operator)),
            ("type", Attr::string(ctx, &self.ty)),
            ("value", Attr::string(ctx, &self.value)),
        ];
        let fate = self.fate.map(|fate| fate.to_string());
        let optional =
            [("reader", &self.reader), ("place", &self.place), ("fate", &fate), ("reason", &self.reason)];
        for (name, text) in optional {
            fields.extend(text.as_ref().map(|text| (name, Attr::string(ctx, text))));
        }
        Attr::dict(ctx, &fields)
    }
}

/// Where in the user's file; nothing for what has no place there.
fn place(loc: Loc) -> Option<String> {
    let (file, line, column) = loc.position()?;
    // Without folders: the program is the same wherever it is compiled.
    let file = file.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    // Importers of binary formats have no lines.
    Some(if line == 0 { file } else { format!("{file}:{line}:{column}") })
}
