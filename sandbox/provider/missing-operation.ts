/** The emulator has no such operation. Everything else that goes wrong is thrown as the SDK has it. */
export class MissingOperation extends Error {
  /** `ECR PutRegistryScanningConfiguration` */
  readonly operation: string;

  constructor(operation: string, cause: unknown) {
    super(`the emulator has no operation ${operation}`, { cause });
    this.name = "MissingOperation";
    this.operation = operation;
  }
}

const errorNames = new Set([
  "InvalidAction",
  "UnknownOperationException",
  "UnknownOperation",
  "NotImplemented",
  "NotImplementedException",
  "UnsupportedOperation",
]);

/** Whether an error of the SDK says that the service does not know the operation. */
export function saysNotImplemented(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    errorNames.has(error.name) ||
    /^unknown (action|operation)\b|\bnot (yet )?implemented\b/i.test(error.message)
  );
}

type Next = (args: unknown) => Promise<unknown>;

/** Middleware of an SDK client: turns "unknown action" into a `MissingOperation` that names it. */
export function explainMissingOperations(
  next: Next,
  context: { readonly clientName?: string; readonly commandName?: string },
): Next {
  return async (args) => {
    try {
      return await next(args);
    } catch (error) {
      if (!saysNotImplemented(error)) throw error;
      const service = (context.clientName ?? "").replace(/Client$/, "");
      const operation = (context.commandName ?? "").replace(/Command$/, "");
      throw new MissingOperation(`${service} ${operation}`, error);
    }
  };
}

/** Whether the error of the SDK has one of these names (`RepositoryNotFoundException`). */
export function isError(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}

/** The answer of a call, or undefined when it fails with one of these errors: what it's about is gone. */
export async function unlessGone<Answer>(
  call: Promise<Answer>,
  ...names: readonly string[]
): Promise<Answer | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isError(error, ...names)) return undefined;
    throw error;
  }
}
