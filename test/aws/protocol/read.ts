import { cbor } from "@smithy/core/cbor";
import type { Model, Operation } from "../model.ts";
import type { Form } from "../shape.ts";
import { type Tree, treeOf } from "./form.ts";
import { restAnswer, restRequest } from "./rest.ts";
import { fromTree } from "./text.ts";
import { parseXml } from "./xml.ts";

export interface HttpRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** Members of an input or output, as they were written. */
export interface Decoded {
  readonly value: unknown;
  readonly form: Form;
}

/**
 * The input that a request carries.
 *
 * @throws Error when the body is not what its protocol says
 */
export function requestOf(model: Model, operation: Operation, request: HttpRequest): Decoded {
  const { headers, body } = request;
  if (isCbor(headers)) return { value: body.length === 0 ? {} : cbor.deserialize(body), form: "sdk" };
  if (headers["x-amz-target"] !== undefined) return { value: json(body), form: "json" };
  if (model.metadata.protocol === "rest-json")
    return { value: restRequest(model, operation, request), form: "rest" };
  const tree = treeOf(new URLSearchParams(body.toString("utf8")));
  const { Action: _, Version: __, ...members } = tree;
  const style = model.metadata.protocol === "ec2" ? "ec2-request" : "query-request";
  return { value: fromTree(model, operation.input?.shape, members as Tree, style), form: "text" };
}

/**
 * The output that an answer carries.
 *
 * @throws Error when the body is not what its protocol says
 */
export function answerOf(model: Model, operation: Operation, name: string, answer: HttpAnswer): Decoded {
  const { headers, body } = answer;
  if (isCbor(headers)) return { value: body.length === 0 ? {} : cbor.deserialize(body), form: "sdk" };
  if (model.metadata.protocol === "rest-json")
    return { value: restAnswer(model, operation, answer), form: "rest" };
  const isXml = body.subarray(0, 1).toString() === "<";
  if (!isXml) return { value: json(body), form: "json" };
  const document = parseXml(body.toString("utf8"));
  const whole = document[`${name}Response`];
  if (whole === undefined) throw new Error(`${Object.keys(document)[0]} is not ${name}Response`);
  const { ResponseMetadata: _, requestId: __, xmlns: ___, ...rest } = isTree(whole) ? whole : {};
  if (model.metadata.protocol === "ec2")
    return { value: fromTree(model, operation.output?.shape, rest, "ec2-answer"), form: "text" };
  const wrapper = operation.output?.resultWrapper;
  const inner = wrapper === undefined ? rest : rest[wrapper];
  if (wrapper !== undefined && inner === undefined && Object.keys(rest).length > 0)
    throw new Error(`${name}Response has no ${wrapper}`);
  return {
    value: fromTree(model, operation.output?.shape, isTree(inner) ? inner : {}, "query-answer"),
    form: "text",
  };
}

/** The code of an error that was answered, without its namespace. */
export function errorCodeOf({ headers, body }: HttpAnswer): string | undefined {
  const fromHeader = headers["x-amzn-errortype"] ?? headers["x-amzn-query-error"]?.split(";", 1)[0];
  const code = fromHeader ?? (isCbor(headers) ? typeIn(cbor.deserialize(body)) : codeIn(body));
  return code?.split(":", 1)[0]?.split("#").at(-1);
}

function codeIn(body: Buffer): string | undefined {
  const text = body.toString("utf8");
  if (text.startsWith("<")) return /<Code>([^<]+)<\/Code>/.exec(text)?.[1];
  try {
    return typeIn(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function typeIn(document: unknown): string | undefined {
  if (typeof document !== "object" || document === null) return undefined;
  const { __type, code } = document as { __type?: unknown; code?: unknown };
  const named = __type ?? code;
  return typeof named === "string" ? named : undefined;
}

function isCbor(headers: HttpRequest["headers"]): boolean {
  return (
    headers["content-type"]?.startsWith("application/cbor") === true ||
    headers["smithy-protocol"] !== undefined
  );
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function json(body: Buffer): unknown {
  return body.length === 0 ? {} : JSON.parse(body.toString("utf8"));
}
