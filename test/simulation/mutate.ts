import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import { MUTANTS } from "./mutants.ts";

// node --import ./test/simulation/mutate.ts test/simulation/run.ts    with MUTANT=<name>: runs the simulation on mutated source.
const name = process.env["MUTANT"];
const mutant = MUTANTS.find((one) => one.name === name);
if (mutant === undefined) throw new Error(`Cannot mutate: there is no mutant "${name}"`);
const { file, find, replace } = mutant;
const target = new URL(file, pathToFileURL(`${process.cwd()}/`)).href;

registerHooks({
  load: (url, context, next) => {
    const loaded = next(url, context);
    if (url !== target) return loaded;
    const text = String(loaded.source);
    if (text.split(find).length !== 2)
      throw new Error(`Cannot mutate "${name}": its text is not exactly once in ${file}`);
    return { ...loaded, source: text.replace(find, () => replace) };
  },
});
