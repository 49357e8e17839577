// Where an action came from stands at the end of its actor, so that it is part of what the chain of the operator log vouches for.

/** `cli`: the command line, on a machine that has the store. `api`: over HTTP, from an address. */
export type Origin = { readonly via: "cli" } | { readonly via: "api"; readonly address: string };

/** The actor of an action, as the operator log keeps it. */
export function actorFrom(who: string, origin: Origin): string {
  return origin.via === "cli" ? `${who} via cli` : `${who} via api from ${origin.address}`;
}

const ORIGIN = /^(.*) via (?:(cli)|(api) from (\S+))$/su;

/** The parts of an actor. `via` is null for actions of earlier builds, which do not say it. */
export function readActor(actor: string): {
  readonly who: string;
  readonly via: Origin["via"] | null;
  readonly address: string | null;
} {
  const [, who, cli, api, address = null] = ORIGIN.exec(actor) ?? [];
  if (who === undefined) return { who: actor, via: null, address: null };
  return { who, via: cli === undefined && api !== undefined ? "api" : "cli", address };
}
