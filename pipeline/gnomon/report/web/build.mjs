// Bundles the page: one script, one style sheet, the licences of what is in them, and the digest of
// the sources, by which a test without node tells whether the bundle is current.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "..", "static");

const made = await build({
  absWorkingDir: here,
  entryPoints: { page: "src/app.tsx" },
  outdir: out,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022"],
  jsx: "automatic",
  jsxImportSource: "preact",
  charset: "utf8",
  legalComments: "none",
  metafile: true,
});

const packages = new Set(
  Object.keys(made.metafile.inputs)
    .map((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1])
    .filter(Boolean),
);
const licences = [...packages].sort().map((name) => {
  const folder = join(here, "node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? readFileSync(join(folder, file), "utf8").trim() : "";
  return `${name} ${version} (${license})\n\n${text}\n`;
});
writeFileSync(
  join(out, "LICENCES.txt"),
  `What the page's script contains besides gnomon's own code.\n\n${licences.join("\n---\n\n")}`,
);

const sources = ["package.json", "package-lock.json", "tsconfig.json", "build.mjs", "../words.json"]
  .concat(readdirSync(join(here, "src")).map((name) => `src/${name}`))
  .sort();
const digest = createHash("sha256");
for (const name of sources) digest.update(`${name}\n`).update(readFileSync(join(here, name)));
writeFileSync(join(out, "sources.sha256"), `${digest.digest("hex")}\n`);
