// SPDX-License-Identifier: MIT
// Host, path and query of each address on stdin, a line each, as Dintero's sample takes them from JavaScript's
// URL; "null" for what is no address. Parted by tabs.
const lines = require("fs").readFileSync(0, "utf8").split("\n");
lines.pop();
const out = lines.map((line) => {
  try {
    const url = new URL(line);
    url.searchParams.sort();
    return [url.hostname, url.pathname, url.searchParams.toString()].join("\t");
  } catch {
    return "null";
  }
});
process.stdout.write(out.map((line) => line + "\n").join(""));
