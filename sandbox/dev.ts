import type { RunEvent } from "../runner/report/events.ts";
import { takeDown } from "./down.ts";
import { bringUp } from "./up.ts";

const hand: Record<string, string> = {};
const W = process.env.SLIPWAY_DEV_TOOLS;
if (W) {
  const g = "/tmp/gowarm/bin",
    r = "/tmp/sbx/root";
  Object.assign(hand, {
    pulumi: `${g}/pulumi`,
    "pulumi-language-nodejs": `${g}/pulumi-language-nodejs`,
    "pulumi-resource-docker-build": `${g}/pulumi-resource-docker-build`,
    buildkitd: `${g}/buildkitd`,
    buildx: `${g}/buildx`,
    dockerd: `${r}/usr/sbin/dockerd`,
    docker: "/usr/local/bin/docker",
    runc: `${r}/usr/sbin/runc`,
    "qemu-aarch64": `${r}/usr/bin/qemu-aarch64-static`,
    ministack: "/tmp/msx/v/bin/ministack",
    "busybox-amd64": "/tmp/sbx/bb/busybox",
    "busybox-arm64": "/tmp/sbx/arm/busybox",
    "lambda-rie-amd64": "/tmp/sbx/rie/x86",
    "lambda-rie-arm64": "/tmp/sbx/rie/arm",
  });
}
const start = performance.now();
const emit = (event: RunEvent) => {
  const at = ((performance.now() - start) / 1000).toFixed(2);
  if (event.kind === "step-ended")
    console.error(at, event.id, event.outcome, event.message ?? "", Math.round(event.milliseconds));
  else if (event.kind === "step-started") console.error(at, event.id, event.title);
  else console.error(at, JSON.stringify(event));
};
const c = new AbortController();
process.once("SIGINT", () => c.abort());
const [verb, root = "/work/main", nodes] = process.argv.slice(2);
const options = {
  root,
  emit,
  signal: c.signal,
  ...(nodes ? { nodes: Number(nodes) as 1 | 2 } : {}),
  ...(W
    ? {
        bringTools: async (names: readonly string[]) =>
          Object.fromEntries(
            names.map((n) => [
              n,
              { path: hand[n] as string, version: "by hand", origin: "registries" as const },
            ]),
          ),
      }
    : {}),
};
if (verb === "up") console.log(JSON.stringify(await bringUp(options), undefined, 1).length);
else if (verb === "down") console.log(await takeDown(options));
console.error(((performance.now() - start) / 1000).toFixed(2));
process.exit(0);
