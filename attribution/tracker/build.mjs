// Builds dist/t.js, which is committed, and says in built.json from what: `make tracker`.
import { build, version } from "esbuild";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const SOURCES = ["tracker.js", "build.mjs", "package-lock.json"];
const MAX_BYTES = 1500;
process.chdir(import.meta.dirname);

await build({
  entryPoints: ["tracker.js"],
  outfile: "dist/t.js",
  bundle: true, // lets top-level names be shortened
  minify: true,
  format: "iife",
  target: "es2019",
  logLevel: "warning",
});

const sha256 = (name) => createHash("sha256").update(readFileSync(name)).digest("hex");
const packed = gzipSync(readFileSync("dist/t.js"), { level: 9 });
writeFileSync("dist/t.js.gz", packed); // served as it is to whoever accepts gzip
const sources = Object.fromEntries(SOURCES.map((name) => [name, sha256(name)]));
const built = { esbuild: version, sources, "dist/t.js": sha256("dist/t.js") };
writeFileSync("built.json", JSON.stringify(built, null, 2) + "\n");

console.log(`dist/t.js: ${packed.length} bytes gzipped of ${MAX_BYTES}`);
if (packed.length > MAX_BYTES) process.exit(1);
