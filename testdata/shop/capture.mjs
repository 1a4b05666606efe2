// Runs the built shop in Node, Chromium and Firefox and brings back what each engine says about a crash.
// No debugger or driver is attached: the page itself posts its error to the server it came from.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { file } from "./build.mjs";

export const browserOrigin = "https://shop.example/static";
export const nodeFolder = "/srv/shop/dist";

// A run is { build, scenario }; its capture { text: String(error), stack, cause?: { text, stack } }, in which the place
// the shop ran from (a temporary folder, a port) is replaced by a stable one. That is the only edit.
export function captureInNode(root, dist, runs) {
  const folder = mkdtempSync(join(tmpdir(), "shop-")); // outside any package.json: the file loads as a plain script
  const stable = (text) => text.replaceAll(folder, nodeFolder);
  try {
    cpSync(dist, folder, { recursive: true });
    return runs.map(({ build, scenario }) => {
      const run = (report) => runNode(root, join(folder, build, file), scenario, report);
      const capture = JSON.parse(stable(run(true).stdout));
      return scenario.uncaught ? { ...capture, stderr: stable(run(false).stderr) } : capture;
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function runNode(root, script, scenario, report) {
  const env = { PATH: process.env.PATH, SHOP_RUN: JSON.stringify({ ...scenario.run, report }) };
  return spawnSync(process.execPath, ["--require", join(root, "start.cjs"), script], { env, encoding: "utf8" });
}

const browsers = {
  chromium: (profile, url) => [
    "chromium",
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking".split(" "),
    ["--disable-component-update", "--disable-sync", `--user-data-dir=${profile}`, url],
  ],
  firefox: (profile, url) => {
    writeFileSync(join(profile, "user.js"), firefoxPreferences);
    return ["firefox-esr", ["--headless", "--no-remote", "--profile", profile, url]];
  },
};

// Nothing here touches the JavaScript engine: no first-run pages, no updates, no telemetry.
const firefoxPreferences = `
user_pref("app.normandy.enabled", false);
user_pref("app.update.enabled", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("toolkit.telemetry.enabled", false);
`;

export async function captureInBrowser(root, dist, engine, runs) {
  const captures = [];
  let done;
  const finished = new Promise((resolve) => (done = resolve));
  const next = () => {
    if (captures.length === runs.length) return done();
    const { build, scenario } = runs[captures.length];
    return `/static/${build}/?${encodeURIComponent(JSON.stringify(scenario.run))}`;
  };
  const server = createServer(async (request, response) => {
    const path = request.url.split("?")[0];
    if (request.method === "POST") {
      captures.push(JSON.parse((await request.toArray()).join("")));
      response.end(next());
    } else if (path.startsWith("/static/") && path.endsWith("/")) {
      response.setHeader("Content-Type", "text/html; charset=utf-8").end(readFileSync(join(root, "page.html")));
    } else if (path.startsWith("/static/") && extname(path) === ".js") {
      const source = readFileSync(join(dist, path.slice("/static/".length)));
      response.setHeader("Content-Type", "text/javascript; charset=utf-8").end(source);
    } else {
      response.writeHead(404).end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${server.address().port}`;

  const profile = mkdtempSync(join(tmpdir(), `shop-${engine}-`));
  const [command, ...args] = browsers[engine](profile, origin + next());
  const browser = spawn(command, args.flat(), { stdio: "ignore", env: { ...process.env, HOME: profile }, detached: true });
  const exited = once(browser, "exit");
  try {
    const limit = setTimeout(() => done("late"), 120_000);
    const late = await Promise.race([finished, exited.then(() => "gone")]);
    clearTimeout(limit);
    if (late) throw new Error(`${engine}: ${late} after ${captures.length} of ${runs.length} captures`);
  } finally {
    try {
      process.kill(-browser.pid, "SIGKILL"); // its own process group, started above
    } catch {}
    await exited;
    server.closeAllConnections();
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
  return JSON.parse(JSON.stringify(captures).replaceAll(`${origin}/static`, browserOrigin));
}

export function versions() {
  const of = (command) => spawnSync(command, ["--version"], { encoding: "utf8" }).stdout.match(/[\d.]+\w*/)[0];
  return { node: process.versions.node, chromium: of("chromium"), firefox: of("firefox-esr") };
}
