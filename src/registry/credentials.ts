/** One way to prove who we are, decoded from a docker config entry (registry-client 3.1). */
export type Credential = Proving & {
  /** Names it without telling anything of it (R2.31). */
  readonly fingerprint: string;
  /** An administrator's: no tenant's wish for `insecure` has it shown to whoever answers (decision 7). */
  readonly guarded?: true;
};

type Proving =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | {
      readonly kind: 'identityToken';
      readonly token: string;
      /** A password that may stand in when the token flow is refused. */
      readonly basic?: { readonly username: string; readonly password: string };
    }
  | { readonly kind: 'registryToken'; readonly token: string };
