import { describeCombinations } from "./combinations.ts";
import type { Deviation } from "./deviation.ts";
import { type Model, modelOf, type Operation } from "./model.ts";
import { operationOf } from "./protocol/operation.ts";
import {
  answerOf,
  type Decoded,
  errorCodeOf,
  type HttpAnswer,
  type HttpRequest,
  requestOf,
} from "./protocol/read.ts";
import { findingsOf } from "./shape.ts";

/** A request to AWS, and what was answered. */
export interface Exchange {
  readonly request: HttpRequest;
  readonly answer: HttpAnswer;
}

/**
 * What in a request and its answer is not as AWS's model has it. Nothing for what is no call to AWS, as
 * a health check of the emulator.
 */
export function deviationsOf({ request, answer }: Exchange): Deviation[] {
  const called = operationOf(request);
  if (called === undefined) return [];
  const { service, name } = called;
  const model = modelOf(service);
  const operation = model?.operations[name];
  const here = (deviation: Omit<Deviation, "service" | "operation">): Deviation => ({
    service,
    operation: name,
    ...deviation,
  });
  if (model === undefined || operation === undefined)
    return [
      here({
        side: "request",
        path: "",
        kind: "unknown-operation",
        detail: `${request.method} ${request.url}`,
      }),
    ];
  const input = read(() => requestOf(model, operation, request));
  const requestFindings = held(model, operation.input?.shape, input, true).map((finding) =>
    here({ side: "request", ...finding }),
  );
  if (answer.status >= 300) return [...requestFindings, ...errorDeviations(model, answer).map(here)];
  const output = read(() => answerOf(model, operation, name, answer));
  return [
    ...requestFindings,
    ...held(model, operation.output?.shape, output, false).map((finding) =>
      here({ side: "answer", ...finding }),
    ),
    ...(input.kind === "read" && output.kind === "read"
      ? describeCombinations(service, name, input.decoded.value, output.decoded.value).map(here)
      : []),
  ];
}

/** What in objects of the SDK is not as AWS's model has it. */
export function deviationsOfCall(
  service: string,
  name: string,
  { input, output, error }: { readonly input: unknown; readonly output?: unknown; readonly error?: unknown },
): Deviation[] {
  const model = modelOf(service);
  const operation: Operation | undefined = model?.operations[name];
  if (model === undefined || operation === undefined)
    return [{ service, operation: name, side: "request", path: "", kind: "unknown-operation", detail: "" }];
  const sides = [
    ["request", operation.input?.shape, input],
    ["answer", operation.output?.shape, output],
  ] as const;
  const found = sides.flatMap(([side, shape, value]) =>
    shape === undefined || value === undefined
      ? []
      : findingsOf(value, shape, { model, form: "sdk", limits: side === "request" }).map((finding) => ({
          side,
          ...finding,
        })),
  );
  // Errors of AWS's have this; others are the network's, or Slipway's own.
  const failed = error instanceof Error && "$fault" in error ? unknownError(model, error.name) : [];
  return [...found, ...failed, ...describeCombinations(service, name, input, output)].map((one) => ({
    service,
    operation: name,
    ...one,
  }));
}

type Read =
  | { readonly kind: "read"; readonly decoded: Decoded }
  | { readonly kind: "unreadable"; readonly why: string };

function read(reading: () => Decoded): Read {
  try {
    return { kind: "read", decoded: reading() };
  } catch (error) {
    return { kind: "unreadable", why: String(error) };
  }
}

function held(model: Model, shape: string | undefined, read: Read, limits: boolean) {
  if (read.kind === "unreadable") return [{ path: "", kind: "unreadable" as const, detail: read.why }];
  if (shape === undefined) return [];
  return findingsOf(read.decoded.value, shape, { model, form: read.decoded.form, limits });
}

function errorDeviations(model: Model, answer: HttpAnswer): Omit<Deviation, "service" | "operation">[] {
  const code = errorCodeOf(answer);
  const detail = `status ${answer.status} names no error`;
  return code === undefined
    ? [{ side: "answer", path: "", kind: "unknown-error", detail }]
    : unknownError(model, code);
}

function unknownError(model: Model, code: string): Omit<Deviation, "service" | "operation">[] {
  const known = Object.entries(model.shapes)
    .filter(([, { exception }]) => exception === true)
    .flatMap(([name, { error }]) => [name, error?.code]);
  // EC2's model names none of its errors.
  if (known.length === 0 || known.includes(code) || commonErrors.includes(code)) return [];
  return [
    { side: "answer", path: "", kind: "unknown-error", detail: `${code} is no error of ${model.service}` },
  ];
}

/**
 * What every service may answer.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html
 */
const commonErrors = [
  "AccessDenied",
  "AccessDeniedException",
  "ExpiredToken",
  "ExpiredTokenException",
  "IncompleteSignature",
  "InternalFailure",
  "InternalServerError",
  "InvalidAction",
  "InvalidClientTokenId",
  "MalformedQueryString",
  "MissingAuthenticationToken",
  "NotAuthorized",
  "OptInRequired",
  "RequestAbortedException",
  "RequestExpired",
  "RequestTimeoutException",
  "ServiceUnavailable",
  "Throttling",
  "ThrottlingException",
  "UnknownOperationException",
  "UnrecognizedClientException",
  "ValidationError",
  "ValidationException",
];
