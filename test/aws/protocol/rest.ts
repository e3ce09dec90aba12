import { type Model, type Operation, type ShapeReference, shapeOf } from "../model.ts";
import { operationByPath } from "./operation.ts";
import type { HttpAnswer, HttpRequest } from "./read.ts";

/** Members of a request that are spread over path, query, headers and body, by their names on the wire. */
export function restRequest(model: Model, { input }: Operation, request: HttpRequest): unknown {
  if (input === undefined) return {};
  const shape = shapeOf(model, input.shape);
  const labels = operationByPath(model, request)?.labels ?? {};
  const query = new URLSearchParams(request.url.split("?")[1] ?? "");
  const elsewhere = Object.entries(shape.members ?? {}).flatMap(([name, reference]) => {
    const written = reference.locationName ?? name;
    const text = {
      uri: labels[written],
      querystring: query.get(written) ?? undefined,
      header: headerOf(request, written),
    }[reference.location ?? ""];
    return text === undefined ? [] : [[written, typed(model, reference, text)]];
  });
  return { ...Object.fromEntries(elsewhere), ...bodyOf(model, shape.payload, shape.members, request.body) };
}

/** The same for an answer. */
export function restAnswer(model: Model, { output }: Operation, answer: HttpAnswer): unknown {
  if (output === undefined) return {};
  const shape = shapeOf(model, output.shape);
  const elsewhere = Object.entries(shape.members ?? {}).flatMap(([name, reference]) => {
    const written = reference.locationName ?? name;
    if (reference.location === "statusCode") return [[written, answer.status]];
    const text = reference.location === "header" ? headerOf(answer, written) : undefined;
    return text === undefined ? [] : [[written, typed(model, reference, text)]];
  });
  return { ...Object.fromEntries(elsewhere), ...bodyOf(model, shape.payload, shape.members, answer.body) };
}

function bodyOf(
  model: Model,
  payload: string | undefined,
  members: Readonly<Record<string, ShapeReference>> | undefined,
  body: Buffer,
): Record<string, unknown> {
  const text = body.toString("utf8");
  const reference = payload === undefined ? undefined : members?.[payload];
  if (payload === undefined || reference === undefined)
    return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  const { type } = shapeOf(model, reference.shape);
  if (type === "blob" || type === "string") return { [payload]: text };
  return text === "" ? {} : { [payload]: JSON.parse(text) };
}

function headerOf({ headers }: Pick<HttpRequest, "headers">, name: string): string | undefined {
  return headers[name.toLowerCase()];
}

/** Text out of a path, query or header as what it stands for. */
function typed(model: Model, reference: ShapeReference, text: string): unknown {
  const { type } = shapeOf(model, reference.shape);
  if (["integer", "long", "float", "double"].includes(type)) return Number(text);
  if (type === "boolean") return text === "true" ? true : text === "false" ? false : text;
  if (type === "list") return [text];
  return text;
}
