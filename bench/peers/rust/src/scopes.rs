//! js-source-scopes for `make bench-scopes`: reads paths of JavaScript files, one a line, and answers each with the
//! nanoseconds of CPU time that its functions took to be found, and how many there are, or with "error" and why.

use std::io::{BufRead, Write};

use rustix::time::{ClockId, clock_gettime};

fn main() {
    let mut out = std::io::stdout();
    for path in std::io::stdin().lock().lines() {
        let path = path.expect("a line of text");
        let text = std::fs::read_to_string(&path).expect("a file of text");
        let start = clock_gettime(ClockId::ProcessCPUTime);
        let found = js_source_scopes::extract_scope_names(&text);
        let end = clock_gettime(ClockId::ProcessCPUTime);
        let took = (end.tv_sec - start.tv_sec) * 1_000_000_000 + (end.tv_nsec - start.tv_nsec);
        match found {
            Ok(scopes) => writeln!(out, "{took} {}", scopes.len()),
            Err(why) => writeln!(out, "error {why}"),
        }
        .and_then(|()| out.flush())
        .expect("a reader");
    }
}
