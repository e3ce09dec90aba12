// The Pulumi program for projects that install Slipway: compiled in the package, its sources in a clone.
import { existsSync } from "node:fs";

const source = new URL("./infra/index.ts", import.meta.url);
const compiled = new URL("./dist/infra/index.js", import.meta.url);

export const { services, topicArn, keyArn, alarmArns, dashboard, roleArns } = await import(
  existsSync(source) ? source.href : compiled.href
);
