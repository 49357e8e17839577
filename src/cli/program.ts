import { Command, CommanderError, Option } from "commander";
import { endOnBackgroundErrors } from "./terminal/background.ts";
import { contractCommand } from "./commands/contract/contract.ts";
import { parseCount } from "./terminal/contract-arguments.ts";
import { addCapacity } from "./commands/capacity/capacity-command.ts";
import { addDiagnose } from "./commands/failures/diagnose-command.ts";
import { addFailures } from "./commands/failures/failures-command.ts";
import { addRedrive } from "./commands/failures/redrive-command.ts";
import { addIngest, addValidate } from "./commands/ingest/ingest-commands.ts";
import { addAudit } from "./commands/operate/audit-command.ts";
import { addBackup, addRestore } from "./commands/operate/backup-commands.ts";
import { addKeys } from "./commands/operate/keys-command.ts";
import { addStore } from "./commands/operate/store-command.ts";
import { addStreams } from "./commands/operate/streams-command.ts";
import { addErase } from "./commands/operate/erase-command.ts";
import { addRetention } from "./commands/retention/retention-command.ts";
import { addLanes } from "./commands/lanes/lanes-command.ts";
import { addSlo } from "./commands/observe/slo-command.ts";
import { addVolume } from "./commands/volume/volume-command.ts";
import { addOperatorLog } from "./commands/operate/operator-log-command.ts";
import { addNotify } from "./commands/operate/notify-command.ts";
import { version } from "./terminal/package.ts";
import { endWithoutOutput } from "./terminal/lost-output.ts";
import { rememberCaller } from "./terminal/printed-command.ts";
import { programName } from "./terminal/program-name.ts";
import { withSettings } from "./terminal/settings.ts";
import { withTrust } from "./terminal/trust.ts";
import { EXIT } from "../config/codes.ts";

/**
 * Runs one command line and sets the exit code. The code of a command is imported only when it runs: `sigma --help` loads no
 * server, database or contract.
 */
export async function runCli(args: readonly string[]): Promise<void> {
  endWithoutOutput();
  endOnBackgroundErrors();
  if (args.includes("--no-color")) process.env["NO_COLOR"] = "1";
  try {
    const program = await createProgram(args);
    rememberCaller(programName(startOf(process)), program, process.env);
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    // Commander has already printed the error or the help.
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    else {
      const { report } = await import("./terminal/report.ts");
      process.exitCode = report(error);
    }
  }
}

/** When bin/sigma.js restarts the program under a newer Node, SIGMA_RELAUNCHED holds the original path of the script. */
function startOf({ argv, env }: NodeJS.Process): Parameters<typeof programName>[0] {
  return { script: env["SIGMA_RELAUNCHED"] ?? argv[1] ?? "sigma", cwd: process.cwd(), env };
}

export async function createProgram(args: readonly string[]): Promise<Command> {
  const program = new Command("sigma")
    .description("A contract-first ingestion gateway: every record gets exactly one decision")
    .option("-c, --config <file>", "configuration file (sigma.yaml here, when there is one)")
    .option("--no-color", "never colour the output; NO_COLOR does the same")
    .addHelpText("after", EXAMPLES);
  // In `sigma contract new order --version 2` and `sigma failures list --version 2` the option belongs to the subcommand, but commander
  // would take it as the program's own --version.
  if (!args.some((arg, index) => arg === "failures" || (arg === "contract" && args[index + 1] === "new")))
    program.version(version(), "--version", "print the version");
  for (const add of [
    addStart,
    addInit,
    addValidate,
    addIngest,
    addStatus,
    addStreams,
    addLanes,
    addStore,
    addFailures,
    addDiagnose,
    addRedrive,
    addVolume,
    addErase,
    addRetention,
    addBackup,
    addRestore,
    addDoctor,
    addCapacity,
    addAudit,
    addKeys,
    addOperatorLog,
    addNotify,
    addSlo,
    addTop,
  ])
    program.addCommand(add());
  program.addCommand(ownContracts(contractCommand(), program)).addCommand(configCommand());
  await addCompletions(program, args);
  overrideExit(program);
  return program;
}

const EXAMPLES = `
Examples:
  sigma start                                         the gateway on http://127.0.0.1:8000
  sigma validate order.json --contract shipment       judge one payload, store nothing
  sigma ingest records.ndjson                         judge and store a file of records
  sigma failures groups --since 1h                    what failed in the last hour, and why
  sigma audit                                         prove that everything stored is what was decided

Exit codes: 0 done, 1 error, 2 usage or configuration, 10 findings, 20 an objective missed, 30 the audit found something, 40 not reachable, 41 not allowed`;

function addStart(): Command {
  const command = new Command("start").description("Run the gateway");
  withSettings(command, [
    "role",
    "workers",
    "http.host",
    "http.port",
    "data.dir",
    "contracts.dir",
    "log.level",
    "log.format",
  ]);
  return command
    .option("--no-demo", "do not feed the example records to an empty store")
    .option("--json", "print JSON", false)
    .action(async (options: { demo: boolean; json: boolean }) =>
      (await import("./commands/run/start.ts")).start(command, options),
    );
}

function addInit(): Command {
  const command = new Command("init").description("Write a configuration, a contract with fixtures, and its lock");
  return command
    .argument("[dir]", "where to write", ".")
    .option("-y, --yes", "for scripts; nothing is asked, and nothing is ever overwritten", false)
    .option("--json", "print JSON", false)
    .action(async (dir: string, options: { yes: boolean; json: boolean }) =>
      (await import("./commands/run/init.ts")).init(dir, options),
    );
}

function addStatus(): Command {
  const command = new Command("status").description("Show what is stored and how far every stream is settled");
  withSettings(withTrust(command), ["data.dir"]);
  return command
    .option("--url <url>", "ask a running gateway instead of reading the data directory")
    .option("--json", "print JSON", false)
    .action(async (options: { url?: string; json: boolean }) =>
      (await import("./commands/run/status.ts")).status(command, options),
    );
}

function addTop(): Command {
  const command = new Command("top").description(
    "Watch a running gateway: rates, lag, what fails, streams, objectives; q ends",
  );
  withSettings(withTrust(command), ["http.host", "http.port"]);
  return command
    .option("--url <url>", "which gateway (the one on this machine)")
    .addOption(new Option("--every <seconds>", "seconds between two looks").argParser(parseCount).default(2))
    .action(async (options: { url?: string; every: number }) =>
      (await import("./commands/observe/top.ts")).top(command, options),
    );
}

function addDoctor(): Command {
  const command = new Command("doctor").description(
    "Check this machine, the configuration, the contracts and the data",
  );
  withSettings(command, ["http.host", "http.port", "data.dir", "contracts.dir"]);
  return command
    .option(
      "--resize <topic=number>",
      "say what more partitions would do to a topic now, as orders=12; nothing is changed",
    )
    .option("--json", "print JSON: one object a check", false)
    .action(async (options: { resize?: string; json: boolean }) =>
      (await import("./commands/run/doctor.ts")).doctor(command, options),
    );
}

function configCommand(): Command {
  const command = new Command("config").description("The configuration that takes effect");
  const show = command.command("show").description("Print every setting with its value");
  withSettings(show, ["http.host", "http.port", "data.dir", "contracts.dir", "log.level", "log.format"]);
  show
    .option("--origin", "also print where each value comes from", false)
    .option("--json", "print JSON: one object a setting", false)
    .action(async (options: { origin: boolean; json: boolean }) =>
      (await import("./commands/run/config-show.ts")).showConfig(show, options),
    );
  return command;
}

/** Sets the contracts directory of contract commands from the configuration, unless `--contracts` names one. */
function ownContracts(command: Command, program: Command): Command {
  return command.hook("preAction", async (_, action) => {
    if (action.getOptionValueSource("contracts") !== "default") return;
    const { configFor } = await import("./terminal/settings.ts");
    action.setOptionValueWithSource("contracts", (await configFor(program)).contractsDir, "config");
  });
}

/** The library for completions is imported only when it is needed. */
async function addCompletions(program: Command, args: readonly string[]): Promise<void> {
  if (args[0] !== "completions" && args[0] !== "complete") {
    program
      .command("completions")
      .description("Print the completion script of a shell")
      .argument("<shell>", "bash, zsh, fish or powershell");
    return;
  }
  const { addShellCompletions } = await import("./terminal/completions.ts");
  addShellCompletions(program);
}

/** Makes commander throw on a wrong command line instead of ending the process, in subcommands too. */
function overrideExit(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) overrideExit(child);
}
