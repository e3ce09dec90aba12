import { readFileSync } from "node:fs";
import {
  Agent,
  createServer as createHttpServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
} from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { TLSSocket } from "node:tls";
import type { Exchange } from "../aws/exchange.ts";
import type { HttpAnswer, HttpRequest } from "../aws/protocol/read.ts";
import { answerFor } from "./answer.ts";
import { type Call, callOf, isRegistry } from "./call.ts";
import { applies, type Fault, matches, type Rule } from "./rules.ts";

/** A rule that is in force. */
export interface Injected {
  /** How often it has happened. */
  readonly hits: number;
  /** Resolves when it has happened for the first time: a held request is then waiting. */
  readonly happened: Promise<void>;
  /** Resolves when whoever sent a held request has gone away without waiting for its answer. */
  readonly abandoned: Promise<void>;
  /** Lets held requests go on, and holds no further ones. */
  release(): void;
}

/**
 * Stands between the command and the emulator (and its registry), and makes go wrong what its rules
 * say. Speaks HTTP and HTTPS on one port, as the sandbox's registry does.
 */
export interface FaultProxy {
  readonly port: number;
  /** Puts a rule in force; the first one in force that fits a request is what happens to it. */
  inject(rule: Rule): Injected;
  /** Takes all rules out of force, lets held requests go on, and forgets what was counted. */
  clear(): void;
  /** How many calls were passed on and answered since the last `clear`. */
  passed(call: string, about?: string): number;
  /** Paths and bodies of those calls, in order. */
  bodies(call: string): readonly string[];
  /** Every call since the last `clear`, in order: to see what a test could be about. */
  readonly log: readonly string[];
  /** Refuses connections, and ends those there are, for so long. */
  goAway(milliseconds: number): Promise<void>;
  close(): Promise<void>;
}

interface Active {
  readonly rule: Rule;
  seen: number;
  hits: number;
  happen(): void;
  abandon(): void;
  release(): void;
  /** Resolves when held requests may go on. */
  readonly released: Promise<void>;
}

export async function openFaultProxy(options: {
  readonly backendPort: number;
  /** Files; without them only HTTP is spoken. */
  readonly tls?: { readonly key: string; readonly certificate: string };
  /** Told every request that is no registry's, with what whoever sent it was answered. */
  readonly watch?: (exchange: Exchange) => void;
  /** Asked about every request first; what it answers is the answer, and the request is not passed on. */
  readonly guard?: (request: HttpRequest) => Promise<HttpAnswer | undefined>;
}): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true });
  const sockets = new Set<Socket>();
  let rules: Active[] = [];
  let passed: Call[] = [];
  let log: string[] = [];

  const requestOf = (incoming: IncomingMessage, body: Buffer): HttpRequest => {
    const { method = "GET", url = "/", headers } = incoming;
    return { method, url, headers: plainHeaders(headers), body };
  };
  const watch = (incoming: IncomingMessage, body: Buffer | undefined, answer: Answered) => {
    if (options.watch === undefined || body === undefined) return;
    const request = requestOf(incoming, body);
    options.watch({ request, answer: { ...answer, headers: plainHeaders(answer.headers) } });
  };

  const http = createHttpServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
    const path = incoming.url ?? "/";
    const drop = () => incoming.socket.destroy();
    incoming.on("error", drop);
    outgoing.on("error", drop);

    const serve = async () => {
      // Calls to AWS are small, and what they are is in their bodies; layers are passed on as they come.
      const body = isRegistry(path) ? undefined : await readAll(incoming);
      const call = callOf(incoming.method ?? "GET", path, incoming.headers, body?.toString("utf8") ?? "");
      log.push(call.name);
      const denied = await options.guard?.(requestOf(incoming, body ?? Buffer.alloc(0)));
      if (denied !== undefined) {
        incoming.resume();
        watch(incoming, body, denied);
        outgoing.writeHead(denied.status, denied.headers as OutgoingHttpHeaders).end(denied.body);
        return;
      }
      const active = take(rules, call);
      const fault = active?.rule.fault;
      active?.happen();
      if (fault?.kind === "delay") await sleep(fault.milliseconds);
      if (fault?.kind === "hold") outgoing.once("close", () => active?.abandon());
      if (fault?.kind === "hold" && fault.when === "before") await active?.released;
      if (fault?.kind === "drop" && fault.when === "before") return drop();
      if (fault?.kind === "answer") {
        incoming.resume();
        const { status, headers, text } = answerFor(call, fault);
        watch(incoming, body, { status, headers, body: Buffer.from(text) });
        outgoing.writeHead(status, headers).end(text);
        return;
      }
      if (fault?.kind === "say") {
        incoming.resume();
        const headers = { "content-type": "application/x-amz-json-1.1" };
        const text = JSON.stringify(fault.answer);
        watch(incoming, body, { status: 200, headers, body: Buffer.from(text) });
        outgoing.writeHead(200, headers).end(text);
        return;
      }
      // Nobody waits for the answer any more: whoever asked was killed while the request was held.
      if (outgoing.destroyed || incoming.socket.destroyed) return;
      const answer = await forward(incoming, body, fault, { port: options.backendPort, agent });
      passed.push(call);
      if (fault?.kind === "hold" && fault.when === "after") await active?.released;
      if (fault?.kind === "drop" && fault.when === "after") {
        answer.resume();
        return drop();
      }
      if (fault?.kind === "rewrite" && (answer.statusCode ?? 502) < 300) {
        const text = fault.answer((await readAll(answer)).toString("utf8"));
        const { "transfer-encoding": _, ...headers } = answer.headers;
        outgoing.writeHead(answer.statusCode ?? 502, {
          ...headers,
          "content-length": Buffer.byteLength(text),
        });
        watch(incoming, body, { status: answer.statusCode ?? 502, headers, body: Buffer.from(text) });
        outgoing.end(text);
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on("error", drop);
      answer.pipe(outgoing);
      if (options.watch === undefined || body === undefined) return;
      const { statusCode: status = 502, headers } = answer;
      watch(incoming, body, { status, headers, body: await readAll(answer) });
    };
    serve().catch(drop);
  });

  const doors: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => socket.destroy());
    socket.once("data", (first: Buffer) => {
      socket.pause();
      socket.unshift(first);
      const isTls = first[0] === tlsHandshake && options.tls !== undefined;
      const plain = isTls
        ? new TLSSocket(socket, {
            isServer: true,
            key: readFileSync(options.tls.key),
            cert: readFileSync(options.tls.certificate),
          })
        : socket;
      plain.on("error", () => socket.destroy());
      http.emit("connection", plain);
      if (!isTls) socket.resume();
    });
  });
  const port = await listen(doors, 0);

  return {
    port,
    inject: (rule) => {
      const happened = Promise.withResolvers<void>();
      const abandoned = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      const active: Active = {
        rule,
        seen: 0,
        hits: 0,
        happen: () => {
          active.hits++;
          happened.resolve();
        },
        abandon: abandoned.resolve,
        release: released.resolve,
        released: released.promise,
      };
      rules.push(active);
      return {
        get hits() {
          return active.hits;
        },
        happened: happened.promise,
        abandoned: abandoned.promise,
        release: () => {
          rules = rules.filter((one) => one !== active);
          active.release();
        },
      };
    },
    clear: () => {
      for (const active of rules) active.release();
      rules = [];
      passed = [];
      log = [];
    },
    passed: (call, about) =>
      passed.filter((one) => matches({ call, ...(about === undefined ? {} : { about }) }, one)).length,
    bodies: (call) => passed.filter((one) => matches({ call }, one)).map(({ about }) => about),
    get log() {
      return log;
    },
    goAway: async (milliseconds) => {
      const closed = close(doors);
      for (const socket of sockets) socket.destroy();
      await closed;
      await sleep(milliseconds);
      await listen(doors, port);
    },
    close: async () => {
      const closed = doors.listening ? close(doors) : undefined;
      for (const socket of sockets) socket.destroy();
      agent.destroy();
      await closed;
    },
  };
}

interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders | OutgoingHttpHeaders;
  readonly body: Buffer;
}

function plainHeaders(
  headers: IncomingHttpHeaders | OutgoingHttpHeaders,
): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value?.toString()]),
  );
}

/** First byte of a TLS record that opens a handshake. */
const tlsHandshake = 0x16;

/** The rule that happens to this call; all that are about it count it. */
function take(rules: readonly Active[], call: Call): Active | undefined {
  const about = rules.filter(({ rule }) => matches(rule, call));
  for (const one of about) one.seen++;
  return about.find(({ rule, seen }) => applies(rule, seen));
}

function forward(
  incoming: IncomingMessage,
  body: Buffer | undefined,
  fault: Fault | undefined,
  { port, agent }: { readonly port: number; readonly agent: Agent },
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { method, url, headers } = incoming;
    const onwards = request({ host: "127.0.0.1", port, method, path: url, headers, agent }, resolve);
    onwards.on("error", reject);
    incoming.on("aborted", () => onwards.destroy());
    if (fault?.kind === "truncate") {
      let left = fault.bytes;
      incoming.on("data", (chunk: Buffer) => {
        onwards.write(chunk.subarray(0, left));
        left -= chunk.length;
        if (left > 0) return;
        onwards.destroy();
        reject(new Error("truncated"));
      });
      // A body that is shorter than that is cut off at its end.
      incoming.on("end", () => onwards.destroy());
      return;
    }
    if (body === undefined) incoming.pipe(onwards);
    else onwards.end(body);
  });
}

async function readAll(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
