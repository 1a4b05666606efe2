//! The engines. Each function is one timed region: `run.start()` … building … `run.serve(lookup)`, which looks up the
//! spread positions, stops the clock and then answers requests until the object is to be dropped: by returning.
//!
//! Input is a `&str` that is checked to be UTF-8 before the clock starts, as oxc, srcmap and symbolic ask for one.
//! Memory comes from the system's allocator, Rust's default.

use crate::serve::{Engine, Input, Run};

pub const ALL: &[Engine] = &[
    Engine {
        name: "oxc",
        version: "oxc_sourcemap 9.0.0",
        wants_js: false,
        run: oxc,
        open: None,
    },
    Engine {
        name: "srcmap",
        version: "srcmap-sourcemap 0.4.0",
        wants_js: false,
        run: srcmap,
        open: None,
    },
    Engine {
        name: "srcmap-full",
        version: "srcmap-sourcemap 0.4.0",
        wants_js: false,
        run: srcmap_full,
        open: None,
    },
    Engine {
        name: "sourcemap",
        version: "sourcemap 9.3.2",
        wants_js: false,
        run: sourcemap,
        open: None,
    },
    Engine {
        name: "symbolic",
        version: "symbolic-sourcemapcache 13.9.0",
        wants_js: false,
        run: symbolic,
        open: Some(symbolic_open),
    },
    Engine {
        name: "symbolic-js",
        version: "symbolic-sourcemapcache 13.9.0",
        wants_js: true,
        run: symbolic,
        open: Some(symbolic_open),
    },
];

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// oxc borrows from the input; strings with escapes (nearly every source text) are decoded into new ones. Its lookups
/// need a table of lines, which the caller makes: that belongs to getting ready.
fn oxc(input: &Input, run: &mut Run) -> Result<(), String> {
    run.start();
    let map = oxc_sourcemap::SourceMap::from_json_string(&input.map).map_err(text)?;
    let table = map.generate_lookup_table();
    run.serve(
        |line, column| {
            let token = map.lookup_token(&table, line, column)?;
            token
                .get_source_id()
                .map(|_| (token.get_src_line(), token.get_src_col()))
        },
        None,
    );
    Ok(())
}

/// srcmap without source texts, which is the fastest it offers; it refuses indexed maps this way.
fn srcmap(input: &Input, run: &mut Run) -> Result<(), String> {
    run.start();
    let map = srcmap_sourcemap::SourceMap::from_json_no_content(&input.map).map_err(text)?;
    run.serve(
        |line, column| {
            map.original_position_for(line, column)
                .map(|at| (at.line, at.column))
        },
        None,
    );
    Ok(())
}

/// srcmap with source texts, each copied and decoded.
fn srcmap_full(input: &Input, run: &mut Run) -> Result<(), String> {
    run.start();
    let map = srcmap_sourcemap::SourceMap::from_json(&input.map).map_err(text)?;
    run.serve(
        |line, column| {
            map.original_position_for(line, column)
                .map(|at| (at.line, at.column))
        },
        None,
    );
    Ok(())
}

/// Sentry's crate. Source texts are copied and decoded; indexed maps are kept as sections.
fn sourcemap(input: &Input, run: &mut Run) -> Result<(), String> {
    run.start();
    let map = sourcemap::decode_slice(input.map.as_bytes()).map_err(text)?;
    run.serve(
        |line, column| {
            let token = map.lookup_token(line, column)?;
            token.has_source().then(|| token.get_src())
        },
        None,
    );
    Ok(())
}

/// symbolic's cache: the crate above, scopes of the minified file (`symbolic-js` only: otherwise that file is given
/// empty), serialised into memory and opened. A lookup also finds the file's name and its text, which it checks to be
/// UTF-8 each time: that is part of its only lookup function.
fn symbolic(input: &Input, run: &mut Run) -> Result<(), String> {
    use symbolic_sourcemapcache::{SourceMapCache, SourceMapCacheWriter, SourcePosition};
    run.start();
    let writer = SourceMapCacheWriter::new(&input.js, &input.map).map_err(text)?;
    let mut bytes = Vec::new();
    writer.serialize(&mut bytes).map_err(text)?;
    let cache = SourceMapCache::parse(&bytes).map_err(text)?;
    let mappings = symbolic_mappings(&bytes);
    run.serve(
        |line, column| {
            cache
                .lookup(SourcePosition::new(line, column))
                .map(|at| (at.line(), at.column()))
        },
        Some((&bytes, mappings)),
    );
    Ok(())
}

/// The bytes that hold mappings: the header's third word is their number (repeats of a location are dropped), each is 8
/// bytes of generated and 20 of original position.
fn symbolic_mappings(saved: &[u8]) -> usize {
    let count = saved.get(8..12).map_or(0, |word| {
        u32::from_le_bytes([word[0], word[1], word[2], word[3]])
    });
    count as usize * 28
}

/// A saved cache, mapped into memory.
fn symbolic_open(path: &str, (line, column): (u32, u32)) -> Result<Option<(u32, u32)>, String> {
    use symbolic_sourcemapcache::{SourceMapCache, SourcePosition};
    let view = symbolic_common::ByteView::open(path).map_err(text)?;
    let cache = SourceMapCache::parse(&view).map_err(text)?;
    Ok(cache
        .lookup(SourcePosition::new(line, column))
        .map(|at| (at.line(), at.column())))
}
