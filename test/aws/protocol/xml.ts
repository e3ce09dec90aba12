import { parseXML } from "@aws-sdk/xml-builder";
import type { Tree } from "./form.ts";

/** A document as a tree of its tags. @throws Error when it is no XML */
export function parseXml(text: string): Tree {
  return parseXML(text) as Tree;
}
