/** How the HTTP server speaks TLS, and which certificates of clients it believes. */
export const HTTP_TLS_SETTINGS = {
  "http.tls_cert_file": {
    value: { kind: "path" },
    byDefault: "",
    description:
      "Certificate of the HTTP server in PEM, then those that lead to its authority; with it the server speaks HTTPS alone. It is read again when the file changes",
  },
  "http.tls_key_file": {
    value: { kind: "path" },
    byDefault: "",
    description: "Key of that certificate, in PEM",
  },
  "http.tls_key_passphrase": {
    value: { kind: "text" },
    byDefault: "",
    description: "Passphrase of that key, where it is encrypted",
    secret: true,
  },
  "http.tls_client_ca_file": {
    value: { kind: "path" },
    byDefault: "",
    description:
      "Authorities in PEM that vouch for clients (mTLS); with them every request needs a certificate, a key, a token or a session",
  },
  "http.tls_client_auth": {
    value: { kind: "choice", values: ["optional", "required"] },
    byDefault: "optional",
    description:
      "Whether a client without a certificate may connect and give a key instead; required ends its handshake, that of a probe too",
  },
  "http.tls_client_roles": {
    value: { kind: "texts" },
    byDefault: "",
    description:
      "What holders of certificates may do: name=role+role/topic+topic, separated by commas, as in till-7=producer/orders, uri:spiffe://example.com/ops=operator; a name is the common name, or dns:, uri: or email: and a name of subjectAltName. A certificate that is not named may do nothing",
  },
  "http.tls_reload_seconds": {
    value: { kind: "integer", min: 0, max: 3_600 },
    byDefault: 5,
    description: "How often the files of TLS are looked at for changes; 0 never does, and SIGHUP always",
  },
  "http.tls_hsts_days": {
    value: { kind: "integer", min: 0, max: 730 },
    byDefault: 365,
    description:
      "How long browsers ask a name of this gateway by HTTPS alone (HSTS), on every port of that name; 0 does not tell them, and localhost and addresses never do",
  },
} as const;
