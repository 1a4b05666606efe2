//! Other source map engines in Rust, as a driver for the runner: `peers ENGINE`. ../../PROTOCOL.md says what is spoken.

mod engines;
mod serve;

fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    match engines::ALL.iter().find(|engine| engine.name == name) {
        Some(engine) => serve::serve(engine),
        None => {
            let names: Vec<_> = engines::ALL.iter().map(|engine| engine.name).collect();
            eprintln!("usage: peers {}", names.join(" | "));
            std::process::exit(2);
        }
    }
}
