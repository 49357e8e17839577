/** Media type of the Confluent schema registry's REST interface. */
export const REGISTRY_TYPE = "application/vnd.schemaregistry.v1+json";

/** An error that is answered, with a code of the Confluent schema registry. */
export class RegistryError extends Error {
  readonly status: number;
  readonly errorCode: number;

  constructor(errorCode: number, message: string) {
    super(message);
    this.name = "RegistryError";
    this.errorCode = errorCode;
    // The first three digits are the HTTP status.
    this.status = Number(String(errorCode).slice(0, 3));
  }
}

export function noSubject(name: string): RegistryError {
  return new RegistryError(40401, `Subject '${name.slice(0, 249)}' not found.`);
}

export function noVersion(version: string): RegistryError {
  return new RegistryError(40402, `Version ${version.slice(0, 20)} not found.`);
}

export function invalidVersion(): RegistryError {
  return new RegistryError(42202, "The version is not a valid version id: a positive number, -1 or latest");
}

export function noSchema(): RegistryError {
  return new RegistryError(40403, "Schema not found");
}

export function invalidSchema(why: string): RegistryError {
  return new RegistryError(42201, `Invalid schema: ${why}`);
}

/** Nothing is written over this interface: contracts come from files that people review. */
export function notPermitted(what: string): RegistryError {
  return new RegistryError(
    42205,
    `${what} is not permitted: this registry serves the contracts of the gateway. Add a version to the contract's files and activate it`,
  );
}

/** The registry is busy. `Retry-After` goes with it. */
export function busy(): RegistryError {
  return new RegistryError(50303, "Too many schemas are being looked at: ask again");
}
