// Prints the JavaScript that the first screen (the board, signed in) loads, gzipped, and fails above the limit. Run after `vite build`.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const limitBytes = 250_000;
const firstScreen = ["index.html", "src/features/board/BoardPage.tsx"];
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));

const files = new Set();
const take = (key) => {
  const chunk = manifest[key];
  if (chunk === undefined)
    throw new Error(`${key} is not in dist/.vite/manifest.json; was the build made by this vite.config.ts?`);
  if (files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const next of chunk.imports ?? []) take(next);
};
for (const key of firstScreen) take(key);

let total = 0;
for (const file of files) {
  const bytes = gzipSync(readFileSync(new URL(file, dist))).length;
  total += bytes;
  console.log(`${String(bytes).padStart(8)}  ${file}`);
}
console.log(`${String(total).padStart(8)}  bytes of JavaScript for the first screen, gzipped (limit ${limitBytes})`);
if (total > limitBytes) process.exit(1);
