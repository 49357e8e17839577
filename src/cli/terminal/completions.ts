import tab from "@bomb.sh/tab/commander";
import type { Command } from "commander";

/** Adds `completions <shell>`, which prints a script, and the hidden command `complete`, which that script calls. */
export function addShellCompletions(program: Command): void {
  tab(program, { completionCommandName: "completions" });
}
