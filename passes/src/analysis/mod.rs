//! Analyses: what passes ask about a program, apart from how they rewrite it.

pub mod width;
