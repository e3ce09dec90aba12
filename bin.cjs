#!/usr/bin/env node
// Starts `slipway` where npm has installed it: from the package, or from a clone that it links to. The syntax is old
// on purpose: a Node.js that is too old must be able to read it and say so.
"use strict";
var fs = require("node:fs");
var path = require("node:path");

var needed = require("./package.json").engines.node.replace(/[^\d.]/g, "");
var launcher = path.join(__dirname, "slipway");

if (fs.existsSync(path.join(__dirname, "runner/cli.ts"))) runClone();
else if (isOlder(process.versions.node, needed)) refuse();
else {
  import("./dist/runner/cli.js").then((cli) => cli.start(process.argv.slice(2)));
}

// A clone brings the Node.js that it runs on, and its launcher installs what is missing.
function runClone() {
  var child = require("node:child_process").spawn(launcher, process.argv.slice(2), { stdio: "inherit" });
  // A terminal sends Ctrl-C to both; what a supervisor sends is passed on.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => {
    child.kill("SIGTERM");
  });
  child.on("error", (error) => {
    process.stderr.write(`slipway: cannot start ${launcher}: ${error.message}\n`);
    process.exitCode = 2;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = code === null ? (signal === "SIGTERM" ? 143 : 1) : code;
  });
}

function refuse() {
  process.stderr.write(
    "slipway: Node.js " +
      process.versions.node +
      " is too old; install Node.js " +
      needed +
      " or newer, or use a clone, which brings its own\n",
  );
  process.exitCode = 2;
}

function isOlder(have, want) {
  var a = have.split(".").map(Number);
  var b = want.split(".").map(Number);
  return a[0] !== b[0] ? a[0] < b[0] : (a[1] || 0) < (b[1] || 0);
}
