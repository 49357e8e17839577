/** What became of the certificate of the HTTP server. No event holds a key. */
export type TlsEvent =
  /** New connections show this certificate from now on. */
  | { readonly kind: "tls-shown"; readonly names: string; readonly endsMs: number }
  /** The files changed, and cannot be used: the certificate before goes on. */
  | { readonly kind: "tls-refused"; readonly why: string }
  /** The certificate ends soon, or has ended, and no other took its place; said once a day. */
  | { readonly kind: "tls-expiring"; readonly endsMs: number; readonly leftDays: number };
