import { answerQuestions } from "../isolate/answering.ts";
import { readContractSet } from "./load-contracts.ts";

// This thread reads a contract set: parsing and checking thousands of files in the main thread would delay decisions.
answerQuestions(readContractSet);
