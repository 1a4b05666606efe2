//! The driver's side of the protocol.

use std::fs;
use std::io::{BufRead, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use rustix::time::{ClockId, clock_gettime};

pub struct Engine {
    pub name: &'static str,
    pub version: &'static str,
    /// Whether `load` reads the minified file; `Input::js` is empty otherwise.
    pub wants_js: bool,
    pub run: fn(&Input, &mut Run) -> Result<(), String>,
    /// Opens a saved form and looks up one position.
    pub open: Option<Open>,
}

pub type Open = fn(&str, Position) -> Result<Answer, String>;
pub type Position = (u32, u32); // line and column, 0-based
pub type Answer = Option<(u32, u32)>; // original line and column, 0-based

pub struct Input {
    pub map: String,
    pub js: String,
    spread: Vec<Position>,
    random: Vec<Position>,
    sorted: Vec<Position>,
    base: u64, // VmRSS before the map was read, bytes
}

/// One object's life, from `start` to the request that ends it.
pub struct Run<'a> {
    input: &'a Input,
    started: Option<(u64, u64)>,
    /// The request that `serve` could not answer: it ended the object's life.
    pending: Option<Vec<String>>,
    /// stdin ended while the object lived.
    ended: bool,
}

pub fn serve(engine: &Engine) {
    let mut input: Option<Input> = None;
    let mut pending = None;
    loop {
        let request = match pending.take() {
            Some(request) => request,
            None => match read_request() {
                Some(request) => request,
                None => return,
            },
        };
        let words: Vec<&str> = request.iter().map(String::as_str).collect();
        match (words.as_slice(), &input) {
            (["hello"], _) => reply(&format!("ok\tversion={}", engine.version)),
            (["quit"], _) => return,
            (["load", map, js, dir], _) => {
                drop(input.take());
                match load(map, if engine.wants_js { js } else { "-" }, dir) {
                    Ok(loaded) => {
                        input = Some(loaded);
                        reply("ok");
                    }
                    Err(error) => refuse(&error),
                }
            }
            (["ready"], Some(input)) => {
                let mut run = Run {
                    input,
                    started: None,
                    pending: None,
                    ended: false,
                };
                let result = catch_unwind(AssertUnwindSafe(|| (engine.run)(input, &mut run)));
                match result {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => refuse(&error),
                    Err(_) => refuse("the engine panicked"),
                }
                if run.ended {
                    return;
                }
                pending = run.pending;
            }
            (["peak"], Some(input)) => reply_peak(input),
            (["open", path, times], Some(input)) => match open(engine, input, path, times) {
                Ok(text) => reply(&text),
                Err(error) => refuse(&error),
            },
            _ => refuse("not now, or not a request"),
        }
    }
}

impl Run<'_> {
    pub fn start(&mut self) {
        self.started = Some((cpu_ns(), wall_ns()));
    }

    /// Ends the timed region with the spread lookups, then answers requests about this object; `saved` is its saved
    /// form, where it has one, and how many bytes of that hold mappings.
    pub fn serve(&mut self, lookup: impl Fn(u32, u32) -> Answer, saved: Option<(&[u8], usize)>) {
        let input = self.input;
        let sum = checksum(&input.spread, &lookup);
        let (cpu, wall) = self.started.take().expect("start comes first");
        reply(&format!(
            "ok\tcpu={}\twall={}\tsum={sum:08x}",
            cpu_ns() - cpu,
            wall_ns() - wall
        ));

        loop {
            let Some(request) = read_request() else {
                self.ended = true;
                return;
            };
            let words: Vec<&str> = request.iter().map(String::as_str).collect();
            match words.as_slice() {
                ["lookup", order, n] => match input.positions(order, n) {
                    Ok(positions) => {
                        let (cpu, wall) = (cpu_ns(), wall_ns());
                        let sum = checksum(positions, &lookup);
                        reply(&format!(
                            "ok\tcpu={}\twall={}\tsum={sum:08x}",
                            cpu_ns() - cpu,
                            wall_ns() - wall
                        ));
                    }
                    Err(error) => refuse(&error),
                },
                ["answers", order, n, path] => {
                    let written = input.positions(order, n).and_then(|positions| {
                        let mut bytes = Vec::with_capacity(positions.len() * 8);
                        for &(line, column) in positions {
                            let (line, column) =
                                lookup(line, column).unwrap_or((u32::MAX, u32::MAX));
                            bytes.extend_from_slice(&line.to_le_bytes());
                            bytes.extend_from_slice(&column.to_le_bytes());
                        }
                        fs::write(path, bytes).map_err(|error| format!("{path}: {error}"))
                    });
                    match written {
                        Ok(()) => reply("ok"),
                        Err(error) => refuse(&error),
                    }
                }
                ["peak"] => reply_peak(input),
                ["save", path] => match saved {
                    // The object is its own saved form, so making it takes no time.
                    Some((bytes, mappings)) => match fs::write(path, bytes) {
                        Ok(()) => reply(&format!(
                            "ok\tcpu=0\twall=0\tbytes={}\tmappings={mappings}",
                            bytes.len()
                        )),
                        Err(error) => refuse(&format!("{path}: {error}")),
                    },
                    None => refuse("has no saved form"),
                },
                _ => {
                    self.pending = Some(request);
                    return;
                }
            }
        }
    }
}

impl Input {
    fn positions(&self, order: &str, n: &str) -> Result<&[Position], String> {
        let all = match order {
            "spread" => &self.spread,
            "random" => &self.random,
            "sorted" => &self.sorted,
            "many-random" | "many-sorted" => return Err("has no batch function".into()),
            _ => return Err(format!("no such order: {order}")),
        };
        n.parse()
            .ok()
            .and_then(|n: usize| all.get(..n))
            .ok_or(format!("not that many positions: {n}"))
    }
}

fn load(map: &str, js: &str, dir: &str) -> Result<Input, String> {
    let spread = read_positions(&format!("{dir}/spread.i32"))?;
    let random = read_positions(&format!("{dir}/random.i32"))?;
    let sorted = read_positions(&format!("{dir}/sorted.i32"))?;
    trim();
    let base = status_bytes("VmRSS:");
    let read = |path: &str| fs::read_to_string(path).map_err(|error| format!("{path}: {error}"));
    let map = read(map)?;
    let js = if js == "-" { String::new() } else { read(js)? };
    trim();
    let _ = fs::write("/proc/self/clear_refs", "5"); // VmHWM from here on
    Ok(Input {
        map,
        js,
        spread,
        random,
        sorted,
        base,
    })
}

/// Gives free pages of the heap back, so that VmRSS is what is in use.
fn trim() {
    // SAFETY: malloc_trim takes any padding, and touches free memory only.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0);
    }
}

fn read_positions(path: &str) -> Result<Vec<Position>, String> {
    let bytes = fs::read(path).map_err(|error| format!("{path}: {error}"))?;
    let word = |b: &[u8]| u32::from_le_bytes([b[0], b[1], b[2], b[3]]);
    Ok(bytes
        .chunks_exact(8)
        .map(|pair| (word(&pair[..4]), word(&pair[4..])))
        .collect())
}

fn checksum(positions: &[Position], lookup: &impl Fn(u32, u32) -> Answer) -> u32 {
    let mut sum = 0x811c_9dc5;
    for &(line, column) in positions {
        sum = mix(sum, lookup(line, column));
    }
    sum
}

fn mix(sum: u32, answer: Answer) -> u32 {
    let (line, column) = answer.unwrap_or((u32::MAX, u32::MAX));
    ((sum ^ line).wrapping_mul(0x0100_0193) ^ column).wrapping_mul(0x0100_0193)
}

fn open(engine: &Engine, input: &Input, path: &str, times: &str) -> Result<String, String> {
    let open = engine.open.ok_or("has no saved form")?;
    let times: usize = times.parse().map_err(|_| "not a number")?;
    let first = *input.spread.first().ok_or("no positions")?;
    let mut walls = Vec::with_capacity(times);
    let mut answer = None;
    for _ in 0..times {
        let started = wall_ns();
        answer = open(path, first)?;
        walls.push(wall_ns() - started);
    }
    walls.sort_unstable();
    let median = walls.get(times / 2).ok_or("not a number")?;
    Ok(format!(
        "ok\twall={median}\tleast={}\tsum={:08x}",
        walls[0],
        mix(0x811c_9dc5, answer)
    ))
}

fn reply_peak(input: &Input) {
    reply(&format!(
        "ok\tbase={}\tpeak={}",
        input.base,
        status_bytes("VmHWM:")
    ));
}

/// A line of /proc/self/status, in bytes; 0 where there is none.
fn status_bytes(key: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with(key))
        .unwrap_or_default();
    line.split_whitespace()
        .nth(1)
        .and_then(|kib| kib.parse::<u64>().ok())
        .unwrap_or(0)
        * 1024
}

fn cpu_ns() -> u64 {
    ns(clock_gettime(ClockId::ProcessCPUTime))
}

fn wall_ns() -> u64 {
    ns(clock_gettime(ClockId::Monotonic))
}

fn ns(time: rustix::time::Timespec) -> u64 {
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

fn read_request() -> Option<Vec<String>> {
    let mut line = String::new();
    match std::io::stdin().lock().read_line(&mut line) {
        Ok(n) if n > 0 => Some(
            line.trim_end_matches('\n')
                .split('\t')
                .map(str::to_owned)
                .collect(),
        ),
        _ => None,
    }
}

fn refuse(error: &str) {
    reply(&format!("no\t{}", error.replace(['\n', '\t'], " ")));
}

fn reply(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}
