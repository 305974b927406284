//! afpc: the driver.

fn main() {}
