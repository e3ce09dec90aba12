import { type Problem, UserError } from "../../config/problems/errors.ts";
import { fixHere } from "../../config/problems/fix-here.ts";

/** The call that failed, in the words of IAM: `ecs`, `UpdateService`. */
export interface FailedCall {
  readonly service: string;
  readonly operation: string;
  readonly region: string;
  readonly endpoint?: string | undefined;
  readonly profile?: string | undefined;
}

const accessDenied = ["AccessDeniedException", "AccessDenied", "UnauthorizedOperation", "NotAuthorized"];
const expired = ["ExpiredTokenException", "ExpiredToken", "TokenRefreshRequired", "RequestExpired"];
const refusedCredentials = [
  "UnrecognizedClientException",
  "InvalidClientTokenId",
  "InvalidSignatureException",
  "SignatureDoesNotMatch",
  "IncompleteSignature",
  "MissingAuthenticationTokenException",
  "AuthFailure",
];
const throttled = [
  "ThrottlingException",
  "Throttling",
  "ThrottledException",
  "TooManyRequestsException",
  "RequestLimitExceeded",
  "RequestThrottledException",
];
const networkCodes = [
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EPIPE",
  "CERT_HAS_EXPIRED",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
];

/** Whether AWS refused a call because there were too many. */
export function isThrottled(error: unknown): boolean {
  return isAwsError(error, ...throttled);
}

/** Whether an error is one of these errors of AWS (`RepositoryNotFoundException`, …). */
export function isAwsError(error: unknown, ...names: readonly string[]): error is Error {
  return error instanceof Error && names.includes(error.name);
}

/**
 * Turns a call that AWS rejected (an invalid role, an image that it can't read) into a problem that names the
 * resource; returns any other error unchanged.
 *
 * @param where what was being changed: `ecs shop-dev/ui`
 */
export function explainRefusal(error: unknown, where: string): unknown {
  if (!(error instanceof Error) || (error as { $fault?: string }).$fault !== "client") return error;
  const message = `AWS refused the call: ${error.message === "" ? error.name : error.message} (${error.name})`;
  return new UserError({ code: "aws-refused", where, message }, { exitCode: 1, cause: error });
}

/** A call that AWS denied, and the action that the caller may not perform: `iam:GetRole`. */
export class AccessDenied extends UserError {
  readonly action: string;

  constructor(action: string, problem: Omit<Problem, "code">, cause: unknown) {
    super({ ...problem, code: "access-denied" }, { exitCode: 1, cause });
    this.action = action;
  }
}

/** Whether it is a UserError with a problem of this code. */
export function hasCode(error: unknown, ...codes: readonly string[]): error is UserError {
  return error instanceof UserError && error.problems.some((problem) => codes.includes(problem.code));
}

/**
 * The answer of a call, or undefined if the credentials do not allow it. For calls that only improve a
 * message, whose failure must not replace it.
 */
export function ifAllowed<T>(call: Promise<T>): Promise<T | undefined> {
  return call.catch((error: unknown) => {
    if (hasCode(error, "access-denied")) return undefined;
    throw error;
  });
}

/**
 * Every failed call passes through this once, after the SDK's retries. Errors that a user can fix
 * (permissions, credentials, limits, network) become UserErrors; all others are returned unchanged for the
 * caller.
 */
export function toUserError(error: unknown, call: FailedCall): unknown {
  if (!(error instanceof Error) || error instanceof UserError) return error;
  const action = `${call.service}:${call.operation}`;
  if (accessDenied.includes(error.name)) return denied(error, action);
  if (expired.includes(error.name) || /token.*expired|expired.*token/i.test(error.message)) {
    return noCredentials(error, call, "the credentials have expired");
  }
  if (refusedCredentials.includes(error.name)) {
    return noCredentials(error, call, "AWS does not accept the credentials");
  }
  if (error.name === "CredentialsProviderError" || error.name === "TokenProviderError") {
    return noCredentials(error, call, "no usable AWS credentials found");
  }
  if (throttled.includes(error.name)) {
    return new UserError(
      {
        code: "throttled",
        where: action,
        message: `AWS kept throttling requests, even after retries: ${error.message}`,
        fix: "run the command again later, or update fewer targets at once (slipway:deploy.parallelTargets)",
      },
      { exitCode: 1, cause: error },
    );
  }
  const network = networkProblem(error);
  if (network === undefined) return error;
  return new UserError(
    {
      code: "unreachable",
      where: action,
      message: `${call.endpoint ?? `AWS ${call.service} in ${call.region}`} does not respond: ${network}`,
      fix:
        call.endpoint === undefined
          ? "check the network, the proxy and aws:region"
          : "check that the endpoint runs, and the stack's aws:endpoints",
    },
    { exitCode: 1, cause: error },
  );
}

function denied(error: Error, action: string): UserError {
  // "User: arn:… is not authorized to perform: ecs:UpdateService on resource: arn:… because …"
  const match =
    /User: (\S+) is not authorized to perform: (\S+)(?: on resource: (\S+))?(?: because (.+))?/.exec(
      error.message,
    );
  const [, principal, performed = action, resource, because] = match ?? [];
  return new AccessDenied(
    performed,
    {
      where: resource ?? action,
      message:
        principal === undefined
          ? `AWS does not allow ${performed}: ${error.message}`
          : `${principal} may not call ${performed}${because === undefined ? "" : ` (${because})`}`,
      fix: `allow ${performed}${resource === undefined ? "" : ` on ${resource}`} in the role's policy`,
    },
    error,
  );
}

function noCredentials(error: Error, call: FailedCall, message: string): UserError {
  const inJob = `configure profile ${call.profile} in the job, or correct the stack's aws:profile`;
  const fix =
    call.profile === undefined
      ? fixHere({
          github: "let the job take a role with aws-actions/configure-aws-credentials (docs/how-to/ci.md)",
          gitlab: "let the job take a role with an ID token: id_tokens, and AWS_ROLE_ARN (docs/how-to/ci.md)",
          elsewhere:
            "sign in (aws sso login), set AWS_PROFILE or AWS_ACCESS_KEY_ID, or set the stack's aws:profile",
        })
      : fixHere({
          github: inJob,
          gitlab: inJob,
          elsewhere: `sign in with: aws sso login --profile ${call.profile}; or correct the stack's aws:profile`,
        });
  return new UserError(
    {
      code: "no-credentials",
      where: call.profile === undefined ? "AWS credentials" : `AWS profile ${call.profile}`,
      message: `${message}: ${error.message}`,
      fix,
    },
    { cause: error },
  );
}

/**
 * The network's message, found in wrapped and aggregated errors; undefined if the network was not the cause.
 */
function networkProblem(error: Error): string | undefined {
  const code = (error as NodeJS.ErrnoException).code;
  if (code !== undefined && networkCodes.includes(code)) return error.message || code;
  if (error.name === "TimeoutError") return error.message;
  const inner = [error.cause, ...(error instanceof AggregateError ? error.errors : [])];
  for (const one of inner) {
    const found = one instanceof Error ? networkProblem(one) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
