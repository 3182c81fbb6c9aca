// Writes assignment_vectors.json.gz: node tests/experiments/data/make_assignment_vectors.mjs
// Reckoned with big integers over Node's own UTF-8, apart from every implementation of the product.
import { writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const fnv1a32 = (text) => {
  let value = 0x811c9dc5n;
  for (const byte of Buffer.from(text, "utf8")) {
    value ^= BigInt(byte);
    value = (value * 0x01000193n) % 2n ** 32n;
  }
  return value;
};
const bucket = (seed, unit) => Number(fnv1a32(fnv1a32(`${seed}:${unit}`).toString(10)) % 10000n);

const PLANS = [
  [["control", 5000], ["b", 5000]],
  [["control", 3334], ["b", 3333], ["c", 3333]],
  [["control", 9000], ["none", 0], ["b", 999], ["c", 1]],
];
const SEEDS = ["", "a3f09c11d2e4b765", "Frühling", "seed with spaces: and colons", "🚀"];
const KINDS = [
  (n) => `019971a5-2c00-7000-8000-${n.toString(16).padStart(12, "0")}`,
  (n) => `${n}`,
  (n) => `Zoë Müller-Größe ${n}`,
  (n) => `👩‍🚀${"🎉".repeat(n % 4)}${n}`,
  (n) => `person+${n}@mail.example`,
  (n) => `日本語\t"quoted" \\ ${n}\n`,
];

const rows = [["", "", 0], ["", "x".repeat(20000), 1], ["🚀", "ü".repeat(4001), 2], [":", ":", 0]];
for (let n = 0; rows.length < 10000; n++)
  rows.push([SEEDS[n % SEEDS.length], KINDS[n % KINDS.length](n), n % PLANS.length]);

const told = rows.map(([seed, unit, plan]) => {
  const place = bucket(seed, unit);
  let edge = 0;
  const [variant] = PLANS[plan].find(([, weight]) => place < (edge += weight));
  return [seed, unit, plan, Number(fnv1a32(unit)), place, variant];
});
const columns = ["seed", "unit", "plan", "fnv1a32 of the unit", "bucket", "variant"];
const packed = gzipSync(JSON.stringify({ plans: PLANS, columns, rows: told }), { level: 9 });
writeFileSync(new URL("assignment_vectors.json.gz", import.meta.url), packed);
