// Builds dist/ab.js, which is committed, and says in built.json from what: `make tracker`. It runs
// where the tracking script is built, with the same esbuild.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";

const { transformSync, version } = createRequire(process.cwd() + "/")("esbuild");
const SOURCES = ["ab.js", "build.mjs"];
const MAX_BYTES = 1000;
process.chdir(import.meta.dirname);

const { code } = transformSync(readFileSync("ab.js", "utf8"), { minify: true, target: "es2019" });
mkdirSync("dist", { recursive: true });
writeFileSync("dist/ab.js", code);

const sha256 = (name) => createHash("sha256").update(readFileSync(name)).digest("hex");
const packed = gzipSync(code, { level: 9 }).length;
const sources = Object.fromEntries(SOURCES.map((name) => [name, sha256(name)]));
const built = { esbuild: version, sources, "dist/ab.js": sha256("dist/ab.js") };
writeFileSync("built.json", JSON.stringify(built, null, 2) + "\n");

console.log(`dist/ab.js: ${packed} bytes gzipped of ${MAX_BYTES}`);
if (packed > MAX_BYTES) process.exit(1);
