// Builds dist/chat.js, which is committed, and says in built.json from what: `make tracker`. It runs
// where the tracking script is built, with the same esbuild; the styles are put in as a string.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";

const { transformSync, version } = createRequire(process.cwd() + "/")("esbuild");
const SOURCES = ["chat.js", "chat.css", "build.mjs"];
const MAX_BYTES = 12000;
process.chdir(import.meta.dirname);

const css = transformSync(readFileSync("chat.css", "utf8"), { loader: "css", minify: true });
const { code } = transformSync(readFileSync("chat.js", "utf8"), {
  minify: true,
  target: "es2019",
  define: { CSS: JSON.stringify(css.code.trim()) },
});
mkdirSync("dist", { recursive: true });
writeFileSync("dist/chat.js", code);

const sha256 = (name) => createHash("sha256").update(readFileSync(name)).digest("hex");
const packed = gzipSync(code, { level: 9 }).length;
const sources = Object.fromEntries(SOURCES.map((name) => [name, sha256(name)]));
const built = { esbuild: version, sources, "dist/chat.js": sha256("dist/chat.js") };
writeFileSync("built.json", JSON.stringify(built, null, 2) + "\n");

console.log(`dist/chat.js: ${packed} bytes gzipped of ${MAX_BYTES}`);
if (packed > MAX_BYTES) process.exit(1);
