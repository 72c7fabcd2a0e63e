import { readFileSync } from 'node:fs';

export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

const read = (name: string): string => readFileSync(new URL(`./certificates/${name}`, import.meta.url), 'utf8');

/** PEM of the authority that signed all pairs. */
export const testCa: string = read('ca.crt');

/** A key pair of `certificates/`; its README says what each stands for. */
export function keyPair(name: 'server' | 'wrong-name' | 'expired' | 'client'): KeyPair {
  return { key: read(`${name}.key`), cert: read(`${name}.crt`) };
}
