// Puts the extension and the packages that it uses into one file, and their licences beside it.

import { readFile, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";

const { metafile } = await build({
  bundle: true,
  entryPoints: ["src/extension.js"],
  external: ["vscode"],
  metafile: true,
  minify: true,
  outfile: "dist/extension.js",
  platform: "node",
  target: "node18",
});

const packages = new Set();
for (const input of Object.keys(metafile.inputs)) {
  packages.add(input.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//)?.[1]);
}
packages.delete(undefined);
const notices = [...packages].sort().map(async (folder) => {
  const { name, version, license } = JSON.parse(await readFile(path.join(folder, "package.json")));
  const files = (await readdir(folder)).filter((file) => /^licen[sc]e/i.test(file));
  const texts = files.map((file) => readFile(path.join(folder, file), "utf8"));
  return `${name} ${version} (${license})\n\n${(await Promise.all(texts)).join("\n")}`;
});
await writeFile("dist/notices.txt", (await Promise.all(notices)).join("\n\n"));
