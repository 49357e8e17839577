import { EXIT } from "../../config/codes.ts";
import { note } from "./output.ts";
import { isDiskFull } from "./refusal.ts";

let goesOn = false;

/**
 * Lets this process go on when nothing can be printed any more, because the reader has ended or the disk is full: a gateway takes and
 * decides records as before, and its status is asked over HTTP.
 */
export function goOnWithoutOutput(): void {
  goesOn = true;
}

/**
 * Ends a command whose output cannot be written: quietly where its reader has ended, as in `sigma validate ... | head`, else with what
 * is wrong.
 */
export function endWithoutOutput(): void {
  for (const [stream, name] of [
    [process.stdout, "standard output"],
    [process.stderr, "standard error"],
  ] as const) {
    stream.on("error", ({ code = "unknown" }: NodeJS.ErrnoException) => {
      if (goesOn) return;
      if (code === "EPIPE") process.exit(process.exitCode);
      // What is printed of an error is lost as well where standard error is what cannot be written.
      const why = isDiskFull(code) ? "the disk is full" : code;
      note(`error SIG-I-035 Cannot write to ${name}: ${why}\n  fix: make room, or send it elsewhere, and run it again`);
      process.exit(EXIT.error);
    });
  }
}
