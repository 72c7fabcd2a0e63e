import { Buffer } from 'node:buffer';
import { InvalidContent } from './content.ts';
import { Fields } from './fields.ts';
import { decodeText, isArray, type Json, JsonObject, plain, readJson } from './json.ts';

/** A document that carries its own signatures, as schema 1 manifests do. */
export interface SignedDocument {
  /** The bytes that were signed, and that the content digest is of: the document without its `signatures`. */
  readonly payload: Uint8Array;
  /** Each signature as JSON, in base64. */
  readonly signatures: readonly string[];
}

const BASE64URL = /^[A-Za-z0-9_-]*=*$/;

/**
 * Takes payload and signatures out of a signed document. The payload is what the signatures' protected header says: the
 * first `formatLength` bytes and then `formatTail`. The signatures are not verified; the digest is what is trusted.
 * @throws {InvalidContent} `missing signature key` when it is not signed
 */
export function readJws(bytes: Uint8Array): SignedDocument {
  const document = readJson(decodeText(bytes, 'manifest'), 'manifest');
  const signatures = signaturesOf(document);
  const [header, ...others] = signatures.map(readHeader);
  // Signatures of different payloads would leave the document without one digest.
  const agrees = others.every(other => other.length === header?.length && other.tail.equals(header.tail));
  if (header === undefined || !agrees) throw fault('signatures: expected one and the same payload');
  if (header.length > bytes.length) throw fault('signatures: expected a payload within the manifest');

  return {
    payload: Buffer.concat([bytes.subarray(0, header.length), header.tail]),
    signatures: signatures.map(signature => Buffer.from(JSON.stringify(plain(signature))).toString('base64')),
  };
}

function signaturesOf(document: Json): readonly Json[] {
  const members = document instanceof JsonObject ? document.members : [];
  const value = members.findLast(([name]) => name === 'signatures')?.[1];
  if (value === undefined || value === null) {
    throw new InvalidContent({
      what: 'manifest',
      detail: 'manifest: expected an image manifest, an index or a signed schema 1 manifest',
      openshift: 'missing signature key',
    });
  }
  if (!isArray(value) || value.length === 0) throw fault('signatures: expected an array of signatures');
  return value;
}

function readHeader(signature: Json, at: number): { readonly length: number; readonly tail: Buffer } {
  const path = `signatures[${at}]`;
  const text = fromBase64Url(new Fields('manifest', signature, path).text('protected'));
  const header = new Fields('manifest', readJson(decodeText(text, 'manifest'), 'manifest'), `${path}.protected`);
  return { length: header.size('formatLength'), tail: fromBase64Url(header.text('formatTail')) };
}

function fromBase64Url(text: string): Buffer {
  if (!BASE64URL.test(text)) throw fault('signatures: expected base64');
  return Buffer.from(text, 'base64url');
}

function fault(detail: string): InvalidContent {
  return new InvalidContent({ what: 'manifest', detail });
}
