/** One way to prove who we are, decoded from a docker config entry (registry-client 3.1). */
export type Credential =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string; readonly fingerprint: string }
  | {
      readonly kind: 'identityToken';
      readonly token: string;
      /** A password that may stand in when the token flow is refused. */
      readonly basic?: { readonly username: string; readonly password: string };
      readonly fingerprint: string;
    }
  | { readonly kind: 'registryToken'; readonly token: string; readonly fingerprint: string };
