//! afpc: the compiler driver.

fn main() -> std::process::ExitCode {
    afpc::cli::run()
}
