//! What small models become, and what is said about those that cannot be imported.

mod arithmetic;
mod constants;
mod hostile;
mod layout;
mod linear;
mod naming;
mod refusals;
mod shape;
mod values;
mod window;
