import type { CodeEntry, CodeTable } from "../config/problems/codes/entry.ts";

/** Codes of the sandbox and of its stand-in for Pulumi's AWS provider. */
export const sandboxCodes = {
  "account-forbidden": {
    meaning: "The provider's forbiddenAccountIds lists the emulator's account.",
    fix: "Check the stack, or choose another account with the access key.",
    exits: [1],
  },
  "account-not-allowed": {
    meaning: "The endpoints answer for an account that aws:allowedAccountIds does not list.",
    fix: "Check the stack, or choose the emulator's account with an access key of 12 digits.",
    exits: [1],
  },
  "base-image-failed": {
    meaning: "A base image for the sandbox could not be built.",
    fix: "Read the last lines that the message shows, and run the command again.",
    exits: [1],
  },
  "emulator-unreachable": {
    meaning: "The emulator does not answer.",
    fix: "Start it with `slipway sandbox up`.",
    exits: [1, 2],
  },
  "endpoint-not-local": {
    meaning: "The sandbox's AWS provider calls only endpoints on this machine, and an endpoint is elsewhere.",
    fix: "Use `http://127.0.0.1:<port>`, or run the stack with the real provider.",
    exits: [1],
  },
  "endpoints-missing": {
    meaning: "The stack runs with the sandbox's AWS provider and has no aws:endpoints.",
    fix: "Set aws:endpoints to the emulator's address, or run the stack with the real provider.",
    exits: [1],
  },
  "no-buildkit": {
    meaning: "The sandbox cannot start BuildKit: that needs Linux and root.",
    fix: "Run the command as root on Linux, or in a privileged container.",
    exits: [2],
  },
  "no-docker": {
    meaning: "No Docker daemon answers, and only root can start one.",
    fix: "Start Docker, or run the command as root.",
    exits: [2],
  },
  "no-emulation": {
    meaning: "The machine cannot run programs of another architecture.",
    fix: "Install qemu-user-static and binfmt-support.",
    exits: [1, 2],
  },
  "no-free-subnet": {
    meaning: "Every network that the sandbox could use is taken.",
    fix: "Free one of them, or start your own Docker daemon: the sandbox then uses it.",
    exits: [1, 2],
  },
  "port-taken": {
    meaning: "Another process took a port that a part of the sandbox had. The part has a new one.",
    fix: "Deploy again: deployed resources refer to the old address.",
    exits: [],
  },
  "pulumi-failed": {
    meaning: "`pulumi up` failed in the demo.",
    fix: "Read Pulumi's output, and check the parts with `slipway sandbox status`.",
    exits: [1],
  },
  "refused-key": {
    meaning: "The sandbox's AWS provider does not accept a provider setting.",
    fix: "Remove it from the sandbox's stack.",
    exits: [1],
  },
  "reset-refused": {
    meaning: "The emulator did not reset.",
    fix: "Run `slipway sandbox down`, then `slipway sandbox up`.",
    exits: [1],
  },
  "sandbox-down": {
    meaning: "The sandbox is not up.",
    fix: "Run `slipway sandbox up`.",
    exits: [2],
  },
  "sandbox-part-died": {
    meaning: "A part of the sandbox ended unexpectedly.",
    fix: "Read its log, and run the command again.",
    exits: [1],
  },
  "sandbox-part-silent": {
    meaning: "A part of the sandbox did not answer in time.",
    fix: "Read its log, and run the command again.",
    exits: [1],
  },
  "system-packages-missing": {
    meaning: "A tool must be installed as a system package, and Slipway does not do that here.",
    fix: "Run the commands that the message names.",
    exits: [1, 2],
  },
  "tool-missing": {
    meaning: "A tool is not installed and could not be fetched or built.",
    fix: "Install it, or let the machine reach the addresses that the message names.",
    exits: [1, 2],
  },
} as const satisfies CodeTable;

declare module "../config/problems/codes.ts" {
  interface FurtherCodes extends Readonly<Record<keyof typeof sandboxCodes, CodeEntry>> {}
}
