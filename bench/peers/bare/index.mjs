// The least that a program can do for so many resources: what is left is the engine's own time.
import { ComponentResource } from "@pulumi/pulumi";

class Part extends ComponentResource {
  constructor(name) {
    super("bench:index:Part", name);
    this.registerOutputs({});
  }
}

const count = Number(process.env.BENCH_RESOURCES);
// The stack is a resource as well.
for (let part = 1; part < count; part++) new Part(`part-${part}`);
