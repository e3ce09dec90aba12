import { bringUp } from "../../sandbox/up.ts";

/** Brings a sandbox up, and says so once some of it has started: whoever runs this kills it then. */
const [root] = process.argv.slice(2);
if (root === undefined) throw new Error("usage: up-until-killed.ts ROOT");
await bringUp({
  root,
  signal: new AbortController().signal,
  emit: (event) => {
    if (event.kind === "step-started" && event.id === "sandbox registry") console.log("reached");
  },
});
